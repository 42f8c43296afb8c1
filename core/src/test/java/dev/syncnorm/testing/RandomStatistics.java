package dev.syncnorm.testing;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.ImageSums;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.statistics.StatisticsPart;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Statistics of images that are made up pixel by pixel. */
public final class RandomStatistics {

  private static final List<String> CAUSES = List.of("empty", "truncated", "corrupt", "timed-out");

  private RandomStatistics() {}

  /**
   * An image.
   *
   * @param group of it, if there are groups
   */
  public record Image(ImageSums sums, long bytes, Optional<String> group) {}

  /** Images of each of these kinds, at least one if any are wanted. */
  public static List<Image> images(
      Random random, int count, boolean histograms, List<String> groups, PixelKind... kinds) {
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      PixelKind kind = kinds[i % kinds.length];
      images.add(
          new Image(
              image(random, kind, histograms),
              1 + random.nextInt(100_000),
              groups.isEmpty()
                  ? Optional.empty()
                  : Optional.of(groups.get(random.nextInt(groups.size())))));
    }
    return images;
  }

  /** The statistics of images, with as many rejections. */
  public static DataSetStatistics of(
      String input, Channels channels, List<Image> images, int rejected, String digest) {
    StatisticsAccumulator sums = new StatisticsAccumulator();
    images.forEach(image -> sums.accept(image.bytes(), image.sums(), image.group()));
    for (int i = 0; i < rejected; i++) {
      sums.reject(
          new Rejection(
              input + "/<b>" + i + "\"&\n.jpg",
              CAUSES.get(i % CAUSES.size()),
              "\u202e\u00e9 " + i));
    }
    StatisticsPart part = sums.part();
    return new DataSetStatistics(
        List.of(input),
        new PixelSettings(channels, Optional.of(new Extent(12, 34)), Optional.empty()),
        part.accepted(),
        part.bytes(),
        Optional.of(digest),
        part.sums(),
        part.groups(),
        part.rejections().stream().sorted(Comparator.comparing(Rejection::path)).toList(),
        1.25);
  }

  private static ImageSums image(Random random, PixelKind kind, boolean histograms) {
    int channels = kind.channels();
    int width = 1 + random.nextInt(9);
    int height = 1 + random.nextInt(9);
    int base = random.nextInt(kind.greatest() + 1);
    int spread = 1 + random.nextInt(kind.greatest());
    long[] sums = new long[channels];
    long[] squares = new long[channels];
    long[] products = new long[channels * (channels - 1) / 2];
    int[] min = new int[channels];
    int[] max = new int[channels];
    java.util.Arrays.fill(min, kind.greatest());
    int[][] counts = new int[channels][kind.greatest() + 1];
    for (int i = 0; i < width * height; i++) {
      int[] pixel = new int[channels];
      for (int c = 0; c < channels; c++) {
        pixel[c] = (base + random.nextInt(spread)) % (kind.greatest() + 1);
        sums[c] += pixel[c];
        squares[c] += (long) pixel[c] * pixel[c];
        min[c] = Math.min(min[c], pixel[c]);
        max[c] = Math.max(max[c], pixel[c]);
        counts[c][pixel[c]]++;
      }
      int at = 0;
      for (int a = 0; a < channels; a++) {
        for (int b = a + 1; b < channels; b++) {
          products[at++] += (long) pixel[a] * pixel[b];
        }
      }
    }
    return new ImageSums(
        kind,
        width,
        height,
        sums,
        squares,
        products,
        min,
        max,
        histograms ? Optional.of(counts) : Optional.empty());
  }
}
