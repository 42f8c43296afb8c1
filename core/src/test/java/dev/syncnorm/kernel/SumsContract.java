package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.testing.Golden;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation's sums over pixels and batch normalisation must do. */
interface SumsContract {
  Kernels kernels();

  @ParameterizedTest
  @CsvSource({"0, 1", "151, 0.1", "-30000, 50", "0, 1e-6", "1e6, 3", "0.5, 0.25", "-1e-3, 1"})
  default void momentsAreWithinAMillionthOfTheExactOnes(double mean, double deviation) {
    int pixels = 5003;
    int channels = 2;
    float[] x = RandomData.gaussian(new Random(11), channels * pixels, mean, deviation);
    double[] moments = new double[2 * channels];
    kernels().moments(x, channels, pixels, moments, 0);
    for (int channel = 0; channel < channels; channel++) {
      isWithinAMillionth(x, channel, channels, pixels, moments);
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
    double[] moments = new double[4];
    kernels().moments(x, 2, pixels, moments, 0);
    isWithinAMillionth(x, 0, 2, pixels, moments);
    isWithinAMillionth(x, 1, 2, pixels, moments);
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
    double[] moments = new double[8];
    Arrays.fill(moments, 7);
    kernels().moments(x, 3, pixels, moments, 1);
    assertThat(moments).containsExactly(7, 0.1f, -16777213f, 0, 0, 0, 0, 7);
  }

  @Test
  default void aNonFiniteValueIsNeverHidden() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int at : new int[] {0, 17, 700, 1300}) {
        int pixels = 1301;
        float[] x = RandomData.gaussian(new Random(12), 2 * pixels);
        float[] good = x.clone();
        x[pixels + at] = bad;
        double[] moments = new double[4];
        kernels().moments(x, 2, pixels, moments, 0);
        double[] sums = new double[2];
        kernels().channelSums(x, 2, pixels, sums, 0);
        double[] gradient = new double[4];
        kernels().batchNormGradientSums(good, x, 2, pixels, new float[2], gradient, 0);
        assertThat(Double.isFinite(moments[1]) && Double.isFinite(moments[3])).isFalse();
        assertThat(sums[1]).isNotFinite();
        assertThat(gradient[1]).isNotFinite();
        assertThat(gradient[3]).isNotFinite();
        assertThat(kernels().squaredError(x, good, 2 * pixels)).isNotFinite();
        for (double other :
            new double[] {moments[0], moments[2], sums[0], gradient[0], gradient[2]}) {
          assertThat(other).as("the other channel").isFinite();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 31, 100, 512, 1000, 4097})
  default void sumsAgreeWithNaiveOnes(int pixels) {
    int channels = 3;
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
    double[] actual = new double[3 * channels];
    kernels().channelSums(x, channels, pixels, actual, 0);
    kernels().batchNormGradientSums(x, dy, channels, pixels, pivot, actual, channels);
    // A difference, a product, and at most 512 additions before doubles take over.
    int roundings = Math.min(pixels, 512) + 2;
    Within.roundings("sums", actual, expected, magnitude, roundings);
    double error = kernels().squaredError(x, dy, x.length);
    double tolerance = (Math.min(x.length, 512) + 3) * Within.U * expectedError;
    Within.value("squared error", error, expectedError, tolerance);
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
    BatchMoments moments = BatchMoments.of(kernels(), golden, channels, pixels);
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
      float[] y = new float[size];
      kernels().normalize(golden.image("x", image), channels, pixels, pivot, scale, shift, y);
      for (int i = 0; i < size; i++) {
        int c = i / pixels;
        double expected = golden.doubles("y")[image * size + i];
        double centred = Math.abs(expected - beta[c]);
        // Roundings of the difference, the scale and the shift; the moments' own millionth.
        double tolerance =
            3 * Within.U * (centred + Math.abs(beta[c])) + 1e-6 * (centred + Math.abs(gamma[c]));
        Within.value(name + " y[" + i + "]", y[i], expected, tolerance);
      }
      double[] partial = new double[2 * channels];
      kernels()
          .batchNormGradientSums(
              golden.image("x", image),
              golden.image("grad_y", image),
              channels,
              pixels,
              pivot,
              partial,
              0);
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
      float[] dx = golden.image("grad_y", image);
      float[] x = golden.image("x", image);
      kernels()
          .batchNormInputGradient(
              x, dx, channels, pixels, pivot, dyScale, xScale, gradientShift, dx);
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
    static BatchMoments of(Kernels kernels, Golden golden, int channels, int pixels) {
      int images = golden.shape("x")[0];
      double[][] each = new double[images][2 * channels];
      double[] mean = new double[channels];
      double[] squares = new double[channels];
      for (int image = 0; image < images; image++) {
        kernels.moments(golden.image("x", image), channels, pixels, each[image], 0);
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
