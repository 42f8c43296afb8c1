package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

/** Comparisons with a tolerance of their own for every value. */
final class Within {
  /** Half an ulp of 1 in float32: the largest relative error of one rounding. */
  static final double U = 0x1p-24;

  private Within() {}

  /**
   * That |actual - expected| is at most roundings times 2^-24 times the sum of the magnitudes of
   * the value's terms, which bounds a float32 sum of so many terms in any order (Higham, Accuracy
   * and Stability of Numerical Algorithms, section 4.2), plus the smallest float for underflow.
   */
  static void roundings(
      String what, double[] actual, double[] expected, double[] magnitude, int roundings) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      double tolerance = roundings * U * magnitude[i] + Float.MIN_VALUE;
      value(what + "[" + i + "]", actual[i], expected[i], tolerance);
    }
  }

  static void roundings(
      String what, float[] actual, double[] expected, double[] magnitude, int roundings) {
    roundings(what, doubles(actual), expected, magnitude, roundings);
  }

  static void value(String what, double actual, double expected, double tolerance) {
    if (!(Math.abs(actual - expected) <= tolerance)) {
      throw new AssertionError(
          "%s is %s, expected %s within %s".formatted(what, actual, expected, tolerance));
    }
  }

  static double[] doubles(float[] floats) {
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }
}
