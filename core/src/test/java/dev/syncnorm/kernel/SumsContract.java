package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.tensor.Shape;
import dev.syncnorm.testing.Golden;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation's sums over pixels and batch normalisation must do. */
interface SumsContract extends KernelsContract {
  @ParameterizedTest
  @CsvSource({"0, 1", "151, 0.1", "-30000, 50", "0, 1e-6", "1e6, 3", "0.5, 0.25", "-1e-3, 1"})
  default void momentsAreWithinAMillionthOfTheExactOnes(double mean, double deviation) {
    for (int width : new int[] {1, 7, 16, 100, 512, 1300, 20_000}) {
      Shape shape = Shape.of(2, 20_000 / width, width);
      float[] x = RandomData.gaussian(new Random(11), shape.size(), mean, deviation);
      double[] moments = new Runs(new Random(width)).sum(kernels().moments(shape), shape, x, 4);
      isWithinAMillionth(x, 0, 2, shape.pixels(), moments);
      isWithinAMillionth(x, 1, 2, shape.pixels(), moments);
    }
  }

  @Test
  default void momentsOfAStepAndOfARampAreWithinAMillionth() {
    int pixels = 20_000;
    float[] x = new float[2 * pixels];
    for (int i = 0; i < pixels; i++) {
      x[i] = i < pixels / 3 ? 0.125f : 200.7f;
      x[pixels + i] = 1000 + 0.01f * i;
    }
    for (int width : new int[] {10, 100, 500, 2000}) {
      Shape shape = Shape.of(2, pixels / width, width);
      double[] moments = new Runs(new Random(width)).sum(kernels().moments(shape), shape, x, 4);
      isWithinAMillionth(x, 0, 2, pixels, moments);
      isWithinAMillionth(x, 1, 2, pixels, moments);
    }
  }

  /** The promise of the package: 1e-6 of the squares, 1e-6 standard deviations for the mean. */
  private static void isWithinAMillionth(
      float[] x, int channel, int channels, int pixels, double[] moments) {
    ExactMoments exact = ExactMoments.of(x, channel * pixels, pixels);
    double deviation = Math.sqrt(exact.squares() / pixels);
    double mean = moments[channel];
    double tolerance = 1e-6 * deviation + Math.ulp(exact.mean());
    Within.value("mean", mean, exact.mean(), tolerance);
    Within.value("squares", moments[channels + channel], exact.squares(), 1e-6 * exact.squares());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 17, 511, 512, 513, 1500})
  default void aConstantChannelHasExactlyNoVariance(int pixels) {
    float[] x = new float[3 * pixels];
    Arrays.fill(x, 0, pixels, 0.1f);
    Arrays.fill(x, pixels, 2 * pixels, -16777213f);
    Arrays.fill(x, 2 * pixels, 3 * pixels, 0);
    for (Shape shape : new Shape[] {Shape.of(3, pixels, 1), Shape.of(3, 1, pixels)}) {
      constantChannelsHaveNoVariance(shape, x);
    }
    Shape large = Shape.of(3, 37, pixels);
    float[] values = new float[large.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = x[i / large.pixels() * pixels];
    }
    constantChannelsHaveNoVariance(large, values);
  }

  private void constantChannelsHaveNoVariance(Shape shape, float[] x) {
    double[] moments = new double[8];
    Arrays.fill(moments, 7);
    new Runs(new Random(1)).sum(kernels().moments(shape), shape, x, moments, 1);
    assertThat(moments).containsExactly(7, 0.1f, -16777213f, 0, 0, 0, 0, 7);
  }

  @Test
  default void aNonFiniteValueIsNeverHidden() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int at : new int[] {0, 17, 700, 1300}) {
        Shape shape = Shape.of(2, 13, 101);
        float[] good = RandomData.gaussian(new Random(12), shape.size());
        float[] x = good.clone();
        x[shape.pixels() + at] = bad;
        Runs runs = new Runs(new Random(at));
        Kernels kernels = kernels();
        double[] moments = runs.sum(kernels.moments(shape), shape, x, 4);
        double[] sums = runs.sum(kernels.channelSums(shape), shape, x, 2);
        RowSums.OfTwoAboutPivot gradientSums = kernels.batchNormGradientSums(shape);
        double[] gradient = runs.sum(gradientSums, shape, good, new float[2], x, 4);
        double[] error = runs.sum(kernels.squaredError(shape), shape, x, good, 1);
        assertThat(Double.isFinite(moments[1]) && Double.isFinite(moments[3])).isFalse();
        assertThat(sums[1]).isNotFinite();
        assertThat(gradient[1]).isNotFinite();
        assertThat(gradient[3]).isNotFinite();
        assertThat(error[0]).isNotFinite();
        for (double other :
            new double[] {moments[0], moments[2], sums[0], gradient[0], gradient[2]}) {
          assertThat(other).as("the other channel").isFinite();
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1", "1, 3", "5, 16", "700, 1", "31, 31", "9, 100", "3, 512", "2, 513", "4, 1000", "1, 4097"
  })
  default void sumsAgreeWithNaiveOnes(int height, int width) {
    int channels = 3;
    int pixels = height * width;
    Shape shape = Shape.of(channels, height, width);
    Random random = new Random(pixels);
    float[] x = RandomData.gaussian(random, channels * pixels, 5, 1);
    float[] dy = RandomData.gaussian(random, channels * pixels);
    float[] pivot = RandomData.gaussian(random, channels, 5, 0.1);
    double[] expected = new double[3 * channels];
    double[] magnitude = new double[3 * channels];
    double expectedError = 0;
    for (int i = 0; i < x.length; i++) {
      int channel = i / pixels;
      double[] terms = {x[i], dy[i], dy[i] * ((double) x[i] - pivot[channel])};
      for (int k = 0; k < 3; k++) {
        expected[k * channels + channel] += terms[k];
        magnitude[k * channels + channel] += Math.abs(terms[k]);
      }
      expectedError += ((double) x[i] - dy[i]) * ((double) x[i] - dy[i]);
    }
    Kernels kernels = kernels();
    RowSums.OfOne channelSums = kernels.channelSums(shape);
    RowSums.OfTwoAboutPivot gradientSums = kernels.batchNormGradientSums(shape);
    RowSums.OfTwo errorSum = kernels.squaredError(shape);
    Runs runs = new Runs(random);
    double[] actual = Arrays.copyOf(runs.sum(channelSums, shape, x, channels), 3 * channels);
    double[] gradient = runs.sum(gradientSums, shape, x, pivot, dy, 2 * channels);
    System.arraycopy(gradient, 0, actual, channels, 2 * channels);
    // A difference, a product, and at most 512 additions before doubles take over.
    int roundings = Math.min(pixels, 512) + 2;
    Within.roundings("sums", actual, expected, magnitude, roundings);
    double error = runs.sum(errorSum, shape, x, dy, 1)[0];
    double tolerance = (Math.min(x.length, 512) + 3) * Within.U * expectedError;
    Within.value("squared error", error, expectedError, tolerance);
    RowSums.OfOne momentSums = kernels.moments(shape);
    double[] moments = runs.sum(momentSums, shape, x, 2 * channels);
    for (int again = 0; isSameForAllCuts() && again < 3; again++) {
      assertThat(runs.sum(channelSums, shape, x, channels))
          .isEqualTo(Arrays.copyOf(actual, channels));
      assertThat(runs.sum(gradientSums, shape, x, pivot, dy, 2 * channels)).isEqualTo(gradient);
      assertThat(runs.sum(errorSum, shape, x, dy, 1)).containsExactly(error);
      assertThat(runs.sum(momentSums, shape, x, 2 * channels)).isEqualTo(moments);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "far_from_zero", "large", "one_value", "tiny_scale"})
  default void batchNormalizationAgreesWithPyTorch(String name) {
    Golden golden = Golden.read("batchnorm_" + name);
    int[] shape = golden.shape("x");
    int channels = shape[1];
    int pixels = shape[2] * shape[3];
    double count = (double) shape[0] * pixels;
    double[] gamma = golden.doubles("gamma");
    double[] beta = golden.doubles("beta");
    double epsilon = golden.metadata("epsilon").asDouble();
    Shape planes = Shape.of(channels, shape[2], shape[3]);
    Kernels kernels = kernels();
    Runs runs = new Runs(new Random(1));
    BatchMoments moments = BatchMoments.of(runs, kernels.moments(planes), golden, planes);
    double[] goldenVariance = golden.doubles("batch_var_population");
    float[] pivot = new float[channels];
    float[] scale = new float[channels];
    float[] shift = new float[channels];
    double[] invStd = new double[channels];
    for (int c = 0; c < channels; c++) {
      double std = Math.sqrt(goldenVariance[c]);
      double meanTolerance = 1e-6 * std + Math.ulp(moments.mean[c]) * 4;
      Within.value("mean", moments.mean[c], golden.doubles("batch_mean")[c], meanTolerance);
      Within.value(
          "variance", moments.variance(c), goldenVariance[c], 1e-6 * goldenVariance[c] + 1e-30);
      pivot[c] = (float) moments.mean[c];
      invStd[c] = 1 / Math.sqrt(moments.variance(c) + epsilon);
      scale[c] = (float) (gamma[c] * invStd[c]);
      shift[c] = (float) (beta[c] + (pivot[c] - moments.mean[c]) * gamma[c] * invStd[c]);
    }
    int size = channels * pixels;
    double[] sums = new double[2 * channels];
    for (int image = 0; image < shape[0]; image++) {
      float[] y =
          runs.map(
              planes,
              golden.image("x", image),
              (x, out, from, to) -> kernels.normalize(x, pivot, scale, shift, out, from, to));
      for (int i = 0; i < size; i++) {
        int c = i / pixels;
        double expected = golden.doubles("y")[image * size + i];
        double centred = Math.abs(expected - beta[c]);
        // Roundings of the difference, the scale and the shift; the moments' own millionth.
        double tolerance =
            3 * Within.U * (centred + Math.abs(beta[c])) + 1e-6 * (centred + Math.abs(gamma[c]));
        Within.value(name + " y[" + i + "]", y[i], expected, tolerance);
      }
      double[] partial =
          runs.sum(
              kernels.batchNormGradientSums(planes),
              planes,
              golden.image("x", image),
              pivot,
              golden.image("grad_y", image),
              2 * channels);
      Arrays.setAll(sums, i -> sums[i] + partial[i]);
    }
    float[] dyScale = new float[channels];
    float[] xScale = new float[channels];
    float[] gradientShift = new float[channels];
    double[] meanDy = magnitudes(golden, channels, pixels);
    for (int c = 0; c < channels; c++) {
      double sumDy = sums[c];
      double sumDyXHat = (sums[channels + c] + (pivot[c] - moments.mean[c]) * sumDy) * invStd[c];
      dyScale[c] = (float) (gamma[c] * invStd[c]);
      double perX = -gamma[c] * invStd[c] * invStd[c] * sumDyXHat / count;
      xScale[c] = (float) perX;
      gradientShift[c] =
          (float) (-gamma[c] * invStd[c] * sumDy / count + perX * (pivot[c] - moments.mean[c]));
      // 512 additions, a difference and a product of terms of at most four deviations each.
      double tolerance = 1e-6 * Math.abs(sumDyXHat) + 514 * Within.U * 4 * meanDy[c] * count;
      Within.value("d beta", sumDy, golden.doubles("grad_beta")[c], tolerance);
      Within.value("d gamma", sumDyXHat, golden.doubles("grad_gamma")[c], tolerance);
    }
    for (int image = 0; image < shape[0]; image++) {
      float[] x = golden.image("x", image);
      float[] dx =
          runs.mapInPlaceOfSecond(
              planes,
              x,
              golden.image("grad_y", image),
              (in, dyIn, out, from, to) ->
                  kernels.batchNormInputGradient(
                      in, dyIn, pivot, dyScale, xScale, gradientShift, out, from, to));
      for (int i = 0; i < size; i++) {
        int c = i / pixels;
        double dy = golden.doubles("grad_y")[image * size + i];
        double parts =
            Math.abs(dyScale[c] * dy)
                + Math.abs(xScale[c] * ((double) x[i] - pivot[c]))
                + Math.abs(gradientShift[c]);
        // Four roundings of each part, the millionths of the moments, and the sums' additions.
        double tolerance =
            (4 * Within.U + 3e-6) * parts
                + Math.abs(dyScale[c]) * meanDy[c] * Math.min(count, 512) * Within.U * 4;
        double expected = golden.doubles("grad_x")[image * size + i];
        Within.value(name + " dx[" + i + "]", dx[i], expected, tolerance);
      }
    }
  }

  /** The mean of |dy| of each channel. */
  private static double[] magnitudes(Golden golden, int channels, int pixels) {
    double[] dy = golden.doubles("grad_y");
    double[] mean = new double[channels];
    for (int i = 0; i < dy.length; i++) {
      mean[i / pixels % channels] += Math.abs(dy[i]) * channels / dy.length;
    }
    return mean;
  }

  /** The moments of a batch, merged from those of its images in the plainest way. */
  record BatchMoments(double count, double[] mean, double[] squares) {
    static BatchMoments of(Runs runs, RowSums.OfOne sums, Golden golden, Shape shape) {
      int channels = shape.channels();
      int pixels = shape.pixels();
      int images = golden.shape("x")[0];
      double[][] each = new double[images][2 * channels];
      double[] mean = new double[channels];
      double[] squares = new double[channels];
      for (int image = 0; image < images; image++) {
        runs.sum(sums, shape, golden.image("x", image), each[image], 0);
        for (int c = 0; c < channels; c++) {
          mean[c] += each[image][c] / images;
        }
      }
      for (double[] moments : each) {
        for (int c = 0; c < channels; c++) {
          double delta = moments[c] - mean[c];
          squares[c] += moments[channels + c] + pixels * delta * delta;
        }
      }
      return new BatchMoments((double) images * pixels, mean, squares);
    }

    double variance(int channel) {
      return squares[channel] / count;
    }
  }
}
