package dev.syncnorm.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.image.ChannelOrder;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.PixelSums;
import dev.syncnorm.statistics.StatisticsFile;
import dev.syncnorm.statistics.StatisticsFileException;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.tensor.Digests;
import java.io.IOException;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The mean and the population standard deviation of each channel in a stats.json.
 *
 * @param file as the configuration has it
 * @param sha256 of its content
 * @param mean in the order asked for
 * @param std in the order asked for
 * @param pixels which pixels were looked at
 */
record PixelStatistics(
    String file, String sha256, List<Double> mean, List<Double> std, PixelSettings pixels) {

  private static final List<String> COLOURS = List.of("red", "green", "blue");

  /** The file gives no mean and std for a training; the message is a whole line. */
  static final class MistakeException extends Exception {
    private MistakeException(String message) {
      super(message);
    }
  }

  /** Reads a stats.json; {@code order} is that of the channels in the lists. */
  static PixelStatistics read(TrainConfiguration.Paths paths, String file, ChannelOrder order)
      throws MistakeException {
    StoredFile stored = locate(paths, file);
    DataSetStatistics statistics;
    String sha256;
    try (DigestInputStream in = new DigestInputStream(stored.open(), Digests.sha256())) {
      statistics = StatisticsFile.read(in, stored.path()); // to the end
      sha256 = Digests.hex(in.getMessageDigest().digest());
    } catch (StatisticsFileException e) {
      throw new MistakeException(Pixels.STATISTICS + ": " + e.getMessage());
    } catch (IOException e) {
      throw unreadable(stored.path(), e);
    }
    PixelSums sums = sums(statistics, file);
    List<Double> mean = new ArrayList<>();
    List<Double> std = new ArrayList<>();
    for (String colour : order == ChannelOrder.RGB ? COLOURS : List.of("blue", "green", "red")) {
      ChannelStatistics channel = sums.channel(sums.kind().channelNames().indexOf(colour));
      mean.add(channel.mean());
      std.add(channel.populationStandardDeviation());
      if (channel.populationVariance() == 0) {
        throw new MistakeException(
            "%s is \"%s\", whose channel %s is constant: its standard deviation is 0, by which nothing can be divided; give data.pixels.mean and data.pixels.std instead"
                .formatted(Pixels.STATISTICS, file, colour));
      }
    }
    return new PixelStatistics(
        file, sha256, List.copyOf(mean), List.copyOf(std), statistics.pixels());
  }

  private static StoredFile locate(TrainConfiguration.Paths paths, String file)
      throws MistakeException {
    String located = paths.locate(file);
    try {
      StoredFile stored = paths.file(Pixels.STATISTICS, located);
      if (!file.isEmpty() && stored.kind() == Kind.FILE) {
        return stored;
      }
    } catch (ConfigurationException e) {
      throw new MistakeException(e.getMessage());
    } catch (IOException e) {
      throw unreadable(located, e);
    }
    throw new MistakeException(
        "%s is \"%s\", expected a stats.json, but there is no file %s"
            .formatted(Pixels.STATISTICS, file, located));
  }

  private static MistakeException unreadable(String file, IOException e) {
    return new MistakeException(
        "%s is %s, which can't be read: %s; expected a stats.json"
            .formatted(Pixels.STATISTICS, file, e.getMessage()));
  }

  private static PixelSums sums(DataSetStatistics statistics, String file) throws MistakeException {
    Set<PixelKind> kinds = statistics.sums().keySet();
    if (kinds.size() == 1) {
      PixelKind kind = kinds.iterator().next();
      if (kind.depth() == 8 && kind.channelNames().containsAll(COLOURS)) {
        return statistics.sums().get(kind);
      }
    }
    throw new MistakeException(
        "%s is \"%s\", which has statistics of %s, expected those of images as training reads them: red, green, blue of 8 bits; %s"
            .formatted(
                Pixels.STATISTICS,
                file,
                kinds.isEmpty() ? "no image" : text(kinds),
                kinds.stream().allMatch(kind -> kind.depth() == 8)
                    ? "make them with bin/syncnorm stats --channels rgb"
                    : "training reads 16 bits as 8, so measure the images of 8 bits alone, or give data.pixels.mean and data.pixels.std instead"));
  }

  private static String text(Set<PixelKind> kinds) {
    return kinds.stream()
        .map(k -> "%s of %d bits".formatted(String.join(", ", k.channelNames()), k.depth()))
        .collect(Collectors.joining(" and "));
  }

  /** What is told if these are not the pixels of images that are resized to a size. */
  Optional<String> warning(Extent size) {
    boolean same =
        pixels.resize().equals(Optional.of(size))
            && pixels.crop().filter(crop -> !crop.equals(size)).isEmpty();
    String were =
        pixels.resize().map(r -> "resized to " + r).orElse("in their own sizes")
            + pixels.crop().map(c -> " and cropped to " + c).orElse("");
    return same
        ? Optional.empty()
        : Optional.of(
            "%s is %s, statistics of images %s, but training resizes images to %s; bin/syncnorm stats --resize %s makes those of what training sees"
                .formatted(Pixels.STATISTICS, file, were, size, size));
  }
}
