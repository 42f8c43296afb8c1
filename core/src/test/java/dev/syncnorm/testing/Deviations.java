package dev.syncnorm.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/** Assertions on arrays of float32 against an oracle in float64. */
public final class Deviations {

  private Deviations() {}

  /** Every value is within a tolerance of its own. */
  public static void assertWithin(
      String what, float[] actual, double[] expected, double[] tolerance) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance[i])) {
        throw new AssertionError(
            "%s[%d] is %s, expected %s within %s; it is off by %s"
                .formatted(what, i, actual[i], expected[i], tolerance[i], actual[i] - expected[i]));
      }
    }
  }

  /** Every value is within the same tolerance. */
  public static void assertWithin(
      String what, float[] actual, double[] expected, double tolerance) {
    assertWithin(what, actual, expected, constant(tolerance, expected.length));
  }

  /** Every value is within a part of the expected value. */
  public static void assertRelative(
      String what, float[] actual, double[] expected, double tolerance) {
    double[] tolerances = new double[expected.length];
    for (int i = 0; i < expected.length; i++) {
      tolerances[i] = tolerance * Math.abs(expected[i]);
    }
    assertWithin(what, actual, expected, tolerances);
  }

  /** The largest magnitude. */
  public static double largest(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** The largest difference. */
  public static double worst(float[] actual, double[] expected) {
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
    }
    return worst;
  }

  private static double[] constant(double value, int length) {
    double[] values = new double[length];
    Arrays.fill(values, value);
    return values;
  }
}
