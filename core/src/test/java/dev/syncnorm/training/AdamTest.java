package dev.syncnorm.training;

import static dev.syncnorm.testing.Deviations.assertWithin;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.syncnorm.testing.Golden;
import dev.syncnorm.training.Adam.BiasCorrection;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AdamTest {

  private static final double UNIT = Math.scalb(1.0, -24);

  /** PyTorch's six steps; see {@link #tolerance}. */
  @Test
  void torchsStepsAgree() {
    Golden golden = Golden.read("optimizer_adam");
    Adam adam = new Adam(1e-2, 0.9, 0.999, 1e-8, BiasCorrection.TORCH);
    float[] value = golden.floats("initial");
    float[][] slots = new float[2][value.length];
    for (int step = 0; step < 6; step++) {
      adam.update(step + 1, golden.doubles("grad_" + step), 0, value, slots);
      double[] expected = golden.doubles("value_" + step);
      assertWithin("step " + step, value, expected, tolerance(expected, step + 1, 1e-2, 1));
    }
  }

  /** A large epsilon, so that it matters where it stands. */
  @ParameterizedTest
  @EnumSource(BiasCorrection.class)
  void eitherBiasCorrectionAgreesWithItsFormula(BiasCorrection correction) {
    long seed = 7;
    Random random = new Random(seed);
    int size = 40;
    int offset = 3;
    double learningRate = 0.05;
    double epsilon = 0.1;
    Adam adam = new Adam(learningRate, 0.9, 0.99, epsilon, correction);
    float[] value = new float[size];
    double[] expected = new double[size];
    for (int i = 0; i < size; i++) {
      value[i] = (float) random.nextGaussian();
      expected[i] = value[i];
    }
    float[][] slots = new float[2][size];
    double[] m = new double[size];
    double[] v = new double[size];
    for (int t = 1; t <= 30; t++) {
      double[] gradient = random.doubles(size + offset, -1, 1).toArray();
      adam.update(t, gradient, offset, value, slots);
      double one = 1 - Math.pow(0.9, t);
      double two = 1 - Math.pow(0.99, t);
      for (int i = 0; i < size; i++) {
        double g = gradient[offset + i];
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.99 * v[i] + 0.01 * g * g;
        expected[i] -=
            correction == BiasCorrection.TORCH
                ? learningRate * (m[i] / one) / (Math.sqrt(v[i] / two) + epsilon)
                : learningRate * Math.sqrt(two) / one * m[i] / (Math.sqrt(v[i]) + epsilon);
      }
      assertWithin(
          "seed %d, step %d".formatted(seed, t),
          value,
          expected,
          tolerance(expected, t, learningRate, 1 / epsilon));
    }
  }

  @Test
  void theTwoBiasCorrectionsDifferByWhereEpsilonStands() {
    float[] torch = {1};
    float[] tensorflow = {1};
    double[] gradient = {1e-8};
    new Adam(1e-3, 0.9, 0.999, 1e-8, BiasCorrection.TORCH)
        .update(1, gradient, 0, torch, new float[2][1]);
    new Adam(1e-3, 0.9, 0.999, 1e-8, BiasCorrection.TENSORFLOW)
        .update(1, gradient, 0, tensorflow, new float[2][1]);
    // sqrt(v hat) = 1e-8 = epsilon halves torch's step; TensorFlow's sqrt(v) is 31.6 times smaller.
    assertThat(1 - torch[0]).isCloseTo(5e-4f, within(1e-7f));
    assertThat(1 - tensorflow[0])
        .isCloseTo((float) (1e-3 * Math.sqrt(1e-3) / (Math.sqrt(1e-3) + 1)), within(1e-7f));
  }

  /**
   * m and v carry a rounding of each of the t updates, so the change of update t is off by at most
   * 2 t roundings of the learning rate times the largest m / sqrt(v) there can be; the changes add
   * up to t (t + 1). The value itself is rounded t times.
   */
  private static double[] tolerance(double[] values, int t, double learningRate, double largest) {
    double[] tolerance = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      tolerance[i] =
          UNIT
              * ((double) t * (t + 1) * learningRate * largest
                  + 2.0 * t * Math.abs(values[i])
                  + t * learningRate);
    }
    return tolerance;
  }
}
