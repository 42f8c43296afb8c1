package dev.syncnorm.statistics;

import java.util.Arrays;

/** Exact sums over the samples of an image's pixels, by their place in the pixel. Reused. */
final class SampleSums {
  /** The most samples of a pixel. */
  static final int MAX = 4;

  final long[] sums = new long[MAX];

  /** Sums of the products of the samples a and b at [a * MAX + b], a at most b. */
  final long[] products = new long[MAX * MAX];

  final int[] min = new int[MAX];
  final int[] max = new int[MAX];

  /** Makes them those of no pixel. */
  void clear() {
    Arrays.fill(sums, 0);
    Arrays.fill(products, 0);
    Arrays.fill(min, Integer.MAX_VALUE);
    Arrays.fill(max, 0);
  }

  long product(int a, int b) {
    return products[Math.min(a, b) * MAX + Math.max(a, b)];
  }
}
