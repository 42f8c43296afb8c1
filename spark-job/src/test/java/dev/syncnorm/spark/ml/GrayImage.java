package dev.syncnorm.spark.ml;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.statistics.ImageSums;
import java.util.Arrays;
import java.util.Optional;

/** What a meter gives for an image, from its values. */
final class GrayImage {

  private GrayImage() {}

  /** A grey image of one row, with a histogram. */
  static ImageSums of(int depth, int... values) {
    PixelKind kind = new PixelKind(1, depth);
    int[] histogram = new int[kind.greatest() + 1];
    Arrays.stream(values).forEach(value -> histogram[value]++);
    return new ImageSums(
        kind,
        values.length,
        1,
        new long[] {Arrays.stream(values).asLongStream().sum()},
        new long[] {Arrays.stream(values).asLongStream().map(value -> value * value).sum()},
        new long[0],
        new int[] {Arrays.stream(values).min().orElseThrow()},
        new int[] {Arrays.stream(values).max().orElseThrow()},
        Optional.of(new int[][] {histogram}));
  }

  /** A black pixel without histograms. */
  static ImageSums withChannels(PixelKind kind) {
    int channels = kind.channels();
    return new ImageSums(
        kind,
        1,
        1,
        new long[channels],
        new long[channels],
        new long[channels * (channels - 1) / 2],
        new int[channels],
        new int[channels],
        Optional.empty());
  }
}
