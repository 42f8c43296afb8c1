package dev.syncnorm.statistics;

import java.math.BigInteger;

/** The standard deviation of an image, rounded once. */
final class StandardDeviations {

  private StandardDeviations() {}

  /**
   * The population standard deviation sqrt(n squares - sum^2) / n in units of 2^-{@value
   * ChannelSums#DEVIATION_BITS}, rounded to the nearest whole number, halves up.
   *
   * <p>With d = n squares - sum^2 and x = sqrt(d) 2^40 / n that is the greatest integer r with r -
   * 1/2 at most x, or (2 r - 1) n at most sqrt(d) 2^41. A double gives an r that is off by a few
   * thousand at most, and Newton's step from it one that is off by one at most.
   */
  static long population(long n, long sum, long squares) {
    BigInteger d =
        product(n, squares).subtract(product(sum, sum)); // up to 31 + 63 bits; never below 0
    if (d.signum() == 0) {
      return 0;
    }
    double start = Math.sqrt(d.doubleValue()) / n * (1L << ChannelSums.DEVIATION_BITS);
    // x^2 in units of n^2, from here on exact.
    BigInteger scaled = d.shiftLeft(2 * ChannelSums.DEVIATION_BITS);
    BigInteger square = scaled.divide(product(n, n)); // floor(x^2)
    long root = (long) start;
    long remainder = square.subtract(product(root, root)).longValueExact();
    root += Math.round(remainder / (2.0 * Math.max(1, root)));
    while (isAbove(root, n, scaled)) {
      root--;
    }
    while (!isAbove(root + 1, n, scaled)) {
      root++;
    }
    return root;
  }

  /** Whether r - 1/2 is above x: ((2 r - 1) n)^2 above 4 n^2 x^2. */
  private static boolean isAbove(long r, long n, BigInteger scaled) {
    BigInteger left = product(2 * r - 1, n);
    return r > 0 && left.multiply(left).compareTo(scaled.shiftLeft(2)) > 0;
  }

  private static BigInteger product(long a, long b) {
    return BigInteger.valueOf(a).multiply(BigInteger.valueOf(b));
  }
}
