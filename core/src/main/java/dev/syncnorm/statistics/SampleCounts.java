package dev.syncnorm.statistics;

import dev.syncnorm.image.Pixels;

/** How often each value occurs. */
final class SampleCounts {
  private SampleCounts() {}

  /** For each of a pixel's samples its histogram, [samples][greatest + 1]. */
  static int[][] of(Pixels pixels) {
    int[][] counts = new int[pixels.samplesPerPixel()][pixels.kind().greatest() + 1];
    int depth = pixels.kind().depth();
    for (int i = 0, at = 0; i < pixels.count(); i++) {
      for (int[] histogram : counts) {
        histogram[PlainSums.sample(pixels.samples(), depth, at++)]++;
      }
    }
    return counts;
  }
}
