package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation's operations on single values must do. */
interface ElementwiseContract {
  int CHANNELS = 3;

  Kernels kernels();

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 100, 1023})
  default void normalizeSubtractsBeforeItScales(int pixels) {
    Random random = new Random(pixels);
    float[] x = RandomData.gaussian(random, CHANNELS * pixels, 151, 0.1);
    float[] pivot = {151, 150.9f, 151.1f};
    float[] scale = {10, -9, 0};
    float[] shift = {0.5f, -2, 3};
    float[] y = new float[x.length];
    kernels().normalize(x, CHANNELS, pixels, pivot, scale, shift, y);
    for (int i = 0; i < x.length; i++) {
      int c = i / pixels;
      double product = ((double) x[i] - pivot[c]) * scale[c];
      // One rounding of the difference, one each of product and sum where they are not fused.
      double tolerance = 2 * Within.U * Math.abs(product) + Within.U * Math.abs(product + shift[c]);
      Within.value("y[" + i + "]", y[i], product + shift[c], tolerance * (1 + Within.U));
    }
    kernels().normalize(x, CHANNELS, pixels, pivot, scale, shift, x);
    assertThat(x).as("in place").isEqualTo(y);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 100, 1023})
  default void batchNormInputGradientIsItsFormula(int pixels) {
    Random random = new Random(pixels);
    float[] x = RandomData.gaussian(random, CHANNELS * pixels, 20, 1);
    float[] dy = RandomData.gaussian(random, x.length);
    float[] pivot = {20, 19, 21};
    float[] dyScale = {1.5f, -0.3f, 2};
    float[] xScale = {0.1f, 0.7f, -3};
    float[] shift = {-0.2f, 4, 0};
    float[] dx = new float[x.length];
    kernels().batchNormInputGradient(x, dy, CHANNELS, pixels, pivot, dyScale, xScale, shift, dx);
    for (int i = 0; i < x.length; i++) {
      int c = i / pixels;
      double first = (double) dyScale[c] * dy[i];
      double second = xScale[c] * ((double) x[i] - pivot[c]);
      double magnitude = Math.abs(first) + Math.abs(second) + Math.abs(shift[c]);
      // At most four roundings on the way of a term, fused or not.
      Within.value("dx", dx[i], first + second + shift[c], 4 * Within.U * magnitude);
    }
    kernels().batchNormInputGradient(x, dy, CHANNELS, pixels, pivot, dyScale, xScale, shift, dy);
    assertThat(dy).as("in place").isEqualTo(dx);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 16, 17, 100, 1023})
  default void addIsOneRoundingOfEachSum(int size) {
    Random random = new Random(size);
    float[] a = RandomData.gaussian(random, size + 2);
    float[] b = RandomData.gaussian(random, size + 2);
    float[] expected = new float[size + 2];
    for (int i = 0; i < size; i++) {
      expected[i] = a[i] + b[i];
    }
    float[] sum = new float[size + 2];
    kernels().add(a, b, size, sum);
    assertThat(sum).isEqualTo(expected);
    expected[size] = a[size];
    expected[size + 1] = a[size + 1];
    kernels().add(a, b, size, a);
    assertThat(a).as("in place").isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 16, 17, 100, 1023})
  default void squaredErrorGradientScalesTheDifference(int size) {
    Random random = new Random(size);
    float[] y = RandomData.gaussian(random, size + 2);
    float[] target = RandomData.gaussian(random, size + 2);
    float[] dy = new float[size + 2];
    kernels().squaredErrorGradient(y, target, size, 0.37f, dy);
    for (int i = 0; i < size; i++) {
      double expected = 0.37f * ((double) y[i] - target[i]);
      Within.value("dy", dy[i], expected, 2.01 * Within.U * Math.abs(expected));
    }
    assertThat(new float[] {dy[size], dy[size + 1]}).containsOnly(0);
  }
}
