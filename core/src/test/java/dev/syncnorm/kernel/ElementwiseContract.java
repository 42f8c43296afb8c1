package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.tensor.Shape;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation's operations on single values must do. */
interface ElementwiseContract extends KernelsContract {
  int CHANNELS = 3;

  private static Shape shape(int width) {
    return Shape.of(CHANNELS, 4, width);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 100, 257})
  default void normalizeSubtractsBeforeItScales(int width) {
    Shape shape = shape(width);
    Random random = new Random(width);
    float[] x = RandomData.gaussian(random, shape.size(), 151, 0.1);
    float[] pivot = {151, 150.9f, 151.1f};
    float[] scale = {10, -9, 0};
    float[] shift = {0.5f, -2, 3};
    Kernels kernels = kernels();
    Runs.OfOne normalize =
        (in, out, from, to) -> kernels.normalize(in, pivot, scale, shift, out, from, to);
    Runs runs = new Runs(random);
    float[] y = runs.map(shape, x, normalize);
    for (int i = 0; i < x.length; i++) {
      int c = i / shape.pixels();
      double product = ((double) x[i] - pivot[c]) * scale[c];
      // One rounding of the difference, one each of product and sum where they are not fused.
      double tolerance = 2 * Within.U * Math.abs(product) + Within.U * Math.abs(product + shift[c]);
      Within.value("y[" + i + "]", y[i], product + shift[c], tolerance * (1 + Within.U));
    }
    assertThat(runs.mapInPlace(shape, x, normalize)).as("in place").isEqualTo(y);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 100, 257})
  default void batchNormInputGradientIsItsFormula(int width) {
    Shape shape = shape(width);
    Random random = new Random(width);
    float[] x = RandomData.gaussian(random, shape.size(), 20, 1);
    float[] dy = RandomData.gaussian(random, x.length);
    float[] pivot = {20, 19, 21};
    float[] dyScale = {1.5f, -0.3f, 2};
    float[] xScale = {0.1f, 0.7f, -3};
    float[] shift = {-0.2f, 4, 0};
    Kernels kernels = kernels();
    Runs.OfTwo gradient =
        (in, dyIn, out, from, to) ->
            kernels.batchNormInputGradient(in, dyIn, pivot, dyScale, xScale, shift, out, from, to);
    Runs runs = new Runs(random);
    float[] dx = runs.map(shape, x, dy, gradient);
    for (int i = 0; i < x.length; i++) {
      int c = i / shape.pixels();
      double first = (double) dyScale[c] * dy[i];
      double second = xScale[c] * ((double) x[i] - pivot[c]);
      double magnitude = Math.abs(first) + Math.abs(second) + Math.abs(shift[c]);
      // At most four roundings on the way of a term, fused or not.
      Within.value("dx", dx[i], first + second + shift[c], 4 * Within.U * magnitude);
    }
    assertThat(runs.mapInPlaceOfSecond(shape, x, dy, gradient)).as("in place").isEqualTo(dx);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 100, 257})
  default void addIsOneRoundingOfEachSum(int width) {
    Shape shape = shape(width);
    Random random = new Random(width);
    float[] a = RandomData.gaussian(random, shape.size());
    float[] b = RandomData.gaussian(random, shape.size());
    float[] expected = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      expected[i] = a[i] + b[i];
    }
    Kernels kernels = kernels();
    Runs runs = new Runs(random);
    assertThat(runs.map(shape, a, b, kernels::add)).isEqualTo(expected);
    assertThat(runs.mapInPlace(shape, a, (in, out, from, to) -> kernels.add(in, in, out, from, to)))
        .as("in place, of one with itself")
        .isEqualTo(runs.map(shape, a, a, kernels::add));
    assertThat(runs.mapInPlaceOfSecond(shape, a, b, kernels::add))
        .as("in place")
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 100, 257})
  default void reluKeepsWhatIsAboveZeroAndItsGradientThere(int width) {
    Shape shape = shape(width);
    Random random = new Random(width);
    float[] x = RandomData.gaussian(random, shape.size());
    float[] dy = RandomData.gaussian(random, shape.size());
    x[shape.size() - 1] = 0;
    x[0] = -0f;
    float[] expected = new float[x.length];
    float[] expectedGradient = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      expected[i] = x[i] > 0 ? x[i] : 0;
      expectedGradient[i] = x[i] > 0 ? dy[i] : 0;
    }
    Kernels kernels = kernels();
    Runs runs = new Runs(random);
    float[] y = runs.map(shape, x, kernels::relu);
    assertThat(y).isEqualTo(expected);
    assertThat(runs.mapInPlace(shape, x, kernels::relu)).as("in place").isEqualTo(expected);
    assertThat(runs.map(shape, y, dy, kernels::reluGradient)).isEqualTo(expectedGradient);
    assertThat(runs.mapInPlaceOfSecond(shape, y, dy, kernels::reluGradient))
        .as("in place")
        .isEqualTo(expectedGradient);
  }

  @Test
  default void reluHidesNoNaN() {
    Shape shape = shape(35);
    float[] x = new float[shape.size()];
    float[] dy = RandomData.gaussian(new Random(3), shape.size());
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 3 == 0 ? Float.NaN : i % 3 == 1 ? Float.NEGATIVE_INFINITY : 0;
    }
    dy[0] = Float.NaN;
    dy[1] = Float.NaN;
    Kernels kernels = kernels();
    Runs runs = new Runs(new Random(4));
    float[] y = runs.map(shape, x, kernels::relu);
    float[] dx = runs.map(shape, y, dy, kernels::reluGradient);
    for (int i = 0; i < x.length; i++) {
      Float expected = i % 3 == 0 ? Float.NaN : 0f;
      Float expectedGradient = i % 3 == 0 ? dy[i] : 0f;
      assertThat(y[i]).isEqualTo(expected);
      assertThat(dx[i]).isEqualTo(expectedGradient);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 100, 257})
  default void squaredErrorGradientScalesTheDifference(int width) {
    Shape shape = shape(width);
    Random random = new Random(width);
    float[] y = RandomData.gaussian(random, shape.size());
    float[] target = RandomData.gaussian(random, shape.size());
    Kernels kernels = kernels();
    Runs.OfTwo gradient =
        (a, b, out, from, to) -> kernels.squaredErrorGradient(a, b, 0.37f, out, from, to);
    Runs runs = new Runs(random);
    float[] dy = runs.map(shape, y, target, gradient);
    for (int i = 0; i < dy.length; i++) {
      double expected = 0.37f * ((double) y[i] - target[i]);
      Within.value("dy", dy[i], expected, 2.01 * Within.U * Math.abs(expected));
    }
    float[] inPlace =
        runs.mapInPlaceOfSecond(
            shape,
            target,
            y,
            (b, a, out, from, to) -> kernels.squaredErrorGradient(a, b, 0.37f, out, from, to));
    assertThat(inPlace).as("in place").isEqualTo(dy);
  }
}
