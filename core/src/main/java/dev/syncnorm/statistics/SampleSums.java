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

  /**
   * Adds what follows from histograms: all but the products of two samples.
   *
   * @param counts how often a pixel's samples have each value, [samples][values]
   */
  void addMoments(int[][] counts) {
    for (int sample = 0; sample < counts.length; sample++) {
      int[] histogram = counts[sample];
      long sum = 0;
      long squares = 0;
      for (int value = 0; value < histogram.length; value++) {
        long total = (long) histogram[value] * value;
        sum += total;
        squares += total * value; // 2^31 squares of 16 bits would just fit into 63
      }
      sums[sample] += sum;
      products[sample * MAX + sample] += squares;
      int least = 0;
      while (least < histogram.length && histogram[least] == 0) {
        least++;
      }
      int greatest = histogram.length - 1;
      while (greatest >= 0 && histogram[greatest] == 0) {
        greatest--;
      }
      if (greatest >= 0) {
        min[sample] = Math.min(min[sample], least);
        max[sample] = Math.max(max[sample], greatest);
      }
    }
  }

  long product(int a, int b) {
    return products[Math.min(a, b) * MAX + Math.max(a, b)];
  }
}
