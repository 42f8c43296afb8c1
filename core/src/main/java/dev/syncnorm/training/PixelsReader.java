package dev.syncnorm.training;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.image.ChannelOrder;
import dev.syncnorm.image.PixelConversion;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.training.Pixels.Origin;
import dev.syncnorm.training.TrainConfiguration.Paths;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads {@code data.pixels}. Mean and std stand there as numbers or are taken from a stats.json; in
 * the configuration of a run they are numbers, and {@code statistics} only tells which file they
 * are from.
 */
final class PixelsReader {

  private static final int CHANNELS = 3;
  private static final String STATISTICS = "statistics";

  private final Settings settings;
  private final Paths paths;
  private final Consumer<String> warnings;

  /**
   * A reader.
   *
   * @param warnings is told what is no mistake but should be known
   */
  PixelsReader(Settings settings, Paths paths, Consumer<String> warnings) {
    this.settings = settings;
    this.paths = paths;
    this.warnings = warnings;
  }

  /**
   * Reads everything but the size.
   *
   * @param size that images are resized to
   */
  Pixels read(Extent size) {
    float scale =
        (float)
            settings.number(
                "scale", 255, v -> v > 1e-30 && v < 1e30, "a number above 1e-30 and below 1e30");
    ChannelOrder order = settings.choice("order", ChannelOrder.BGR);
    float greatest = 255 / scale;
    Optional<List<Double>> mean =
        settings.optionalNumbers(
            "mean",
            CHANNELS,
            v -> PixelConversion.isMean(v, scale),
            "from 0 to %s, which is 255 / data.pixels.scale".formatted(text(greatest)));
    Optional<List<Double>> std =
        settings.optionalNumbers(
            "std",
            CHANNELS,
            v -> PixelConversion.isStd(v, scale),
            "above 0 and up to %s, where 255 / data.pixels.scale is %s"
                .formatted(text(Math.max(1, greatest)), text(greatest)));
    if (settings.isObject(STATISTICS)) {
      return new Pixels(
          order,
          scale,
          mean.orElse(Pixels.NO_MEAN),
          std.orElse(Pixels.NO_STD),
          Optional.of(origin()));
    }
    return settings
        .optionalText(STATISTICS)
        .flatMap(file -> ofStatistics(file, order, scale, size))
        .orElseGet(
            () ->
                new Pixels(
                    order,
                    scale,
                    mean.orElse(Pixels.NO_MEAN),
                    std.orElse(Pixels.NO_STD),
                    Optional.empty()));
  }

  /** Of a configuration that was resolved before. */
  private Origin origin() {
    for (String key : List.of("mean", "std")) {
      if (!settings.has(key)) {
        settings.wrong(key, "the numbers that were taken from data.pixels.statistics.file");
      }
    }
    Settings origin = settings.object(STATISTICS);
    Origin read = new Origin(origin.text("file"), origin.text("sha256"));
    origin.finish();
    return read;
  }

  private Optional<Pixels> ofStatistics(String file, ChannelOrder order, float scale, Extent size) {
    for (String key : List.of("mean", "std")) {
      if (settings.has(key)) {
        settings.mistake(
            key,
            "%s is given, and data.pixels.statistics gives it too; leave one of them out"
                .formatted(settings.path(key)));
      }
    }
    if (scale != 255) {
      settings.wrong("scale", "255, as the numbers of data.pixels.statistics are of [0, 1]");
    }
    try {
      PixelStatistics statistics = PixelStatistics.read(paths, file, order);
      statistics.warning(size).ifPresent(warnings);
      return Optional.of(
          new Pixels(
              order,
              scale,
              statistics.mean(),
              statistics.std(),
              Optional.of(new Origin(file, statistics.sha256()))));
    } catch (PixelStatistics.MistakeException e) {
      settings.mistake(STATISTICS, e.getMessage());
      return Optional.empty();
    }
  }

  private static String text(float number) {
    return number == Math.rint(number) && number < 1e6
        ? Integer.toString((int) number)
        : Float.toString(number);
  }
}
