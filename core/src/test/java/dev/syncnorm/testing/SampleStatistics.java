package dev.syncnorm.testing;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.ImageSums;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.statistics.StatisticsFile;
import dev.syncnorm.statistics.StatisticsPart;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A stats.json of a few pixels that a test names. */
public final class SampleStatistics {

  /** Red has the mean 0.5 and the std 0.5, green 0.4 and 0.2, blue 0.9 and 0.1. */
  public static final int[][] RED_GREEN_BLUE = {{0, 255}, {51, 153}, {204, 255}};

  private SampleStatistics() {}

  /** The file of one image with 8 bits in red, green and blue, [channels][pixels]. */
  public static byte[] json(PixelSettings settings, int[][] pixels) {
    return json(settings, Map.of(new PixelKind(3, 8), pixels));
  }

  /** The file of one image of each kind. */
  public static byte[] json(PixelSettings settings, Map<PixelKind, int[][]> pixels) {
    StatisticsAccumulator accumulator = new StatisticsAccumulator();
    pixels.forEach((kind, values) -> accumulator.accept(10, sums(kind, values), Optional.empty()));
    StatisticsPart part = accumulator.part();
    return StatisticsFile.toJson(
        new DataSetStatistics(
            List.of("images"),
            settings,
            part.accepted(),
            part.bytes(),
            Optional.empty(),
            part.sums(),
            part.groups(),
            List.of(),
            0.5));
  }

  private static ImageSums sums(PixelKind kind, int[][] values) {
    int channels = kind.channels();
    long[] products = new long[channels * (channels - 1) / 2];
    int at = 0;
    for (int a = 0; a < channels; a++) {
      for (int b = a + 1; b < channels; b++) {
        for (int i = 0; i < values[0].length; i++) {
          products[at] += (long) values[a][i] * values[b][i];
        }
        at++;
      }
    }
    return new ImageSums(
        kind,
        values[0].length,
        1,
        Arrays.stream(values).mapToLong(v -> Arrays.stream(v).asLongStream().sum()).toArray(),
        Arrays.stream(values)
            .mapToLong(v -> Arrays.stream(v).mapToLong(x -> (long) x * x).sum())
            .toArray(),
        products,
        Arrays.stream(values).mapToInt(v -> Arrays.stream(v).min().orElseThrow()).toArray(),
        Arrays.stream(values).mapToInt(v -> Arrays.stream(v).max().orElseThrow()).toArray(),
        Optional.empty());
  }
}
