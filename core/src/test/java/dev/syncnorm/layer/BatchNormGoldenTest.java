package dev.syncnorm.layer;

import static dev.syncnorm.testing.Deviations.assertWithin;
import static dev.syncnorm.testing.WholeImages.empty;
import static dev.syncnorm.testing.WholeImages.packed;
import static dev.syncnorm.testing.WholeImages.planes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.testing.Golden;
import dev.syncnorm.testing.WholeImages;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The layer against PyTorch in float64.
 *
 * <p>LANES = 33 x 2^-24 is the error of a float32 lane that adds at most 32 products, relative to
 * the sum of their magnitudes. So means are right to LANES standard deviations, variances and sums
 * of gradients to LANES of the sums of magnitudes, and what is composed of several of them to a few
 * LANES; the tolerances below count them. HALF = 2^-24 is the rounding of a stored value.
 */
class BatchNormGoldenTest {

  private static final double HALF = Math.scalb(1.0, -24);
  private static final double LANES = 33 * HALF;

  static Stream<Arguments> cases() {
    return Stream.of("plain", "far_from_zero", "large", "one_value", "tiny_scale")
        .flatMap(
            golden ->
                Arrays.stream(Backend.values())
                    .filter(backend -> backend.unavailable().isEmpty())
                    .map(backend -> Arguments.of(golden, backend)));
  }

  /** A golden with what the tolerances need. */
  private static final class Case {
    final Golden golden;
    final Kernels kernels;
    final int images;
    final int channels;
    final int pixels;
    final double epsilon;
    final float[] gamma;
    final float[] beta;
    final double[] mean;
    final double[] variance;
    final float[][] parameters;

    Case(String name, Backend backend) {
      golden = Golden.read("batchnorm_" + name);
      kernels = backend.create();
      int[] shape = golden.shape("x");
      images = shape[0];
      channels = shape[1];
      pixels = shape[2] * shape[3];
      epsilon = golden.metadata("epsilon").asDouble();
      gamma = golden.floats("gamma");
      beta = golden.floats("beta");
      mean = golden.doubles("batch_mean");
      variance = golden.doubles("batch_var_population");
      parameters =
          new float[][] {gamma, beta, golden.floats("running_mean"), golden.floats("running_var")};
    }

    BatchNorm layer(RunningStatistics convention) {
      int[] shape = golden.shape("x");
      Shape image = Shape.of(shape[1], shape[2], shape[3]);
      return new BatchNorm("bn", image, golden.metadata("decay").asDouble(), epsilon, convention);
    }

    /** Means, then centred sums of squares of the batch, merged in float64 by the definition. */
    double[] sums(BatchNorm layer) {
      double[][] parts = new double[images][2 * channels];
      for (int n = 0; n < images; n++) {
        Planes x = planes(layer.outputShape(), golden.image("x", n));
        parts[n] = WholeImages.sums(layer.partialMoments(kernels), x, 2 * channels);
      }
      double[] sums = new double[2 * channels];
      for (int c = 0; c < channels; c++) {
        for (double[] part : parts) {
          sums[c] += part[c] / images;
        }
        for (double[] part : parts) {
          double difference = part[c] - sums[c];
          sums[channels + c] += part[channels + c] + pixels * difference * difference;
        }
      }
      return sums;
    }

    BatchNorm.Moments moments(double[] sums) {
      double count = (double) images * pixels;
      double[] variances = new double[channels];
      Arrays.setAll(variances, c -> sums[channels + c] / count);
      return new BatchNorm.Moments(count, Arrays.copyOf(sums, channels), variances);
    }

    int channel(int index) {
      return index / pixels % channels;
    }

    double xHat(int index, double x) {
      int c = channel(index);
      return (x - mean[c]) / Math.sqrt(variance[c] + epsilon);
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void momentsAndOutputAgree(String name, Backend backend) {
    Case c = new Case(name, backend);
    BatchNorm layer = c.layer(RunningStatistics.TENSORFLOW);
    BatchNorm.Moments moments = c.moments(c.sums(layer));
    for (int i = 0; i < c.channels; i++) {
      assertThat(Math.abs(moments.mean()[i] - c.mean[i]))
          .isLessThanOrEqualTo(LANES * Math.sqrt(c.variance[i]));
      assertThat(Math.abs(moments.variance()[i] - c.variance[i]))
          .isLessThanOrEqualTo(2 * LANES * c.variance[i]);
    }
    // The mean is off by LANES, invStd by LANES of itself; five roundings of a float32 value
    // follow.
    double[] expected = c.golden.doubles("y");
    double[] x = c.golden.doubles("x");
    for (int n = 0; n < c.images; n++) {
      float[] y = forward(c, layer, moments, n);
      double[] image = new double[y.length];
      double[] tolerance = new double[y.length];
      for (int i = 0; i < y.length; i++) {
        int at = n * y.length + i;
        image[i] = expected[at];
        double size = Math.abs(c.gamma[c.channel(i)]) * (1 + Math.abs(c.xHat(i, x[at])));
        tolerance[i] = (LANES + 5 * HALF) * (size + Math.abs(c.beta[c.channel(i)]));
      }
      assertWithin("y of image " + n, y, image, tolerance);
    }
  }

  private static float[] forward(Case c, BatchNorm layer, BatchNorm.Moments moments, int image) {
    Planes y = empty(layer.outputShape());
    layer.forward(
        c.kernels,
        layer.affine(c.parameters, moments),
        planes(layer.outputShape(), c.golden.image("x", image)),
        y,
        0,
        layer.outputShape().height());
    return packed(y);
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void gradientsAgree(String name, Backend backend) {
    Case c = new Case(name, backend);
    BatchNorm layer = c.layer(RunningStatistics.TENSORFLOW);
    BatchNorm.Moments moments = c.moments(c.sums(layer));
    double[] sums = new double[2 * c.channels];
    for (int n = 0; n < c.images; n++) {
      double[] part = new double[2 * c.channels];
      RowSums.OfTwoAboutPivot partial = layer.partialGradientSums(c.kernels);
      partial.begin();
      partial.add(
          planes(layer.outputShape(), c.golden.image("x", n)),
          BatchNorm.pivot(moments),
          planes(layer.outputShape(), c.golden.image("grad_y", n)),
          0,
          layer.outputShape().height());
      partial.finish(part, 0);
      Arrays.setAll(sums, i -> sums[i] + part[i]);
    }
    double[] x = c.golden.doubles("x");
    double[] dy = c.golden.doubles("grad_y");
    double[] sumOfDy = new double[c.channels]; // of the magnitudes
    double[] sumOfDyXHat = new double[c.channels];
    for (int i = 0; i < x.length; i++) {
      sumOfDy[c.channel(i)] += Math.abs(dy[i]);
      sumOfDyXHat[c.channel(i)] += Math.abs(dy[i] * c.xHat(i, x[i]));
    }
    double[] gradients = new double[2 * c.channels];
    layer.parameterGradients(moments, sums, 0, gradients, 0);
    for (int i = 0; i < c.channels; i++) {
      // sum(dy xHat): its own LANES and that of invStd; the mean is off by LANES.
      assertThat(Math.abs(gradients[i] - c.golden.doubles("grad_gamma")[i]))
          .isLessThanOrEqualTo(LANES * (2 * sumOfDyXHat[i] + sumOfDy[i]));
      assertThat(Math.abs(gradients[c.channels + i] - c.golden.doubles("grad_beta")[i]))
          .isLessThanOrEqualTo(LANES * sumOfDy[i]);
    }
    // Every factor of every term is off by LANES: at most four of them in a term.
    double[] expected = c.golden.doubles("grad_x");
    double count = (double) c.images * c.pixels;
    for (int n = 0; n < c.images; n++) {
      Planes result = empty(layer.outputShape());
      layer.backward(
          c.kernels,
          layer.gradientAffine(layer.projection(c.parameters, moments, sums, 0), moments),
          planes(layer.outputShape(), c.golden.image("x", n)),
          planes(layer.outputShape(), c.golden.image("grad_y", n)),
          result,
          0,
          layer.outputShape().height());
      float[] dx = packed(result);
      double[] image = new double[dx.length];
      double[] tolerance = new double[dx.length];
      for (int i = 0; i < dx.length; i++) {
        int at = n * dx.length + i;
        int channel = c.channel(i);
        image[i] = expected[at];
        double xHat = 1 + Math.abs(c.xHat(i, x[at]));
        double size =
            Math.abs(dy[at])
                + sumOfDy[channel] / count
                + xHat * (sumOfDyXHat[channel] + sumOfDy[channel]) / count;
        tolerance[i] =
            4
                * LANES
                * Math.abs(c.gamma[channel])
                / Math.sqrt(c.variance[channel] + c.epsilon)
                * size;
      }
      assertWithin("dx of image " + n, dx, image, tolerance);
    }
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void movingStatisticsFollowEitherConvention(String name, Backend backend) {
    Case c = new Case(name, backend);
    for (RunningStatistics convention :
        new RunningStatistics[] {RunningStatistics.TENSORFLOW, RunningStatistics.TORCH}) {
      String suffix = convention.equals(RunningStatistics.TORCH) ? "_torch" : "_tf";
      BatchNorm layer = c.layer(convention);
      double[] sums = c.sums(layer);
      float[] mean = c.parameters[BatchNorm.MOVING_MEAN].clone();
      float[] variance = c.parameters[BatchNorm.MOVING_VARIANCE].clone();
      double[] centred = Arrays.copyOfRange(sums, c.channels, 2 * c.channels);
      layer.updateMoving(c.moments(sums), centred, 1, mean, variance);
      double[] expectedMean = c.golden.doubles("running_mean" + suffix);
      double[] expectedVariance = c.golden.doubles("running_var" + suffix);
      double[] meanTolerance = new double[c.channels];
      double[] varianceTolerance = new double[c.channels];
      for (int i = 0; i < c.channels; i++) {
        double count = (double) c.images * c.pixels;
        double sample = c.variance[i] * count / (count - 1);
        meanTolerance[i] =
            0.1 * LANES * Math.sqrt(c.variance[i]) + HALF * Math.abs(expectedMean[i]);
        varianceTolerance[i] = 0.1 * 2 * LANES * sample + HALF * expectedVariance[i];
      }
      assertWithin("moving mean", mean, expectedMean, meanTolerance);
      assertWithin("moving variance", variance, expectedVariance, varianceTolerance);
    }
  }

  /** Five roundings: x - mean, gain, shift, the fused rest, and the mean itself. */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("cases")
  void inferenceUsesTheMovingStatistics(String name, Backend backend) {
    Case c = new Case(name, backend);
    BatchNorm layer = c.layer(RunningStatistics.TENSORFLOW);
    double[] expected = c.golden.doubles("y_inference");
    double[] x = c.golden.doubles("x");
    for (int n = 0; n < c.images; n++) {
      float[] y = forward(c, layer, BatchNorm.movingMoments(c.parameters), n);
      double[] image = Arrays.copyOfRange(expected, n * y.length, (n + 1) * y.length);
      double[] tolerance = new double[y.length];
      for (int i = 0; i < y.length; i++) {
        int channel = c.channel(i);
        double difference = x[n * y.length + i] - c.parameters[BatchNorm.MOVING_MEAN][channel];
        double root = Math.sqrt(c.parameters[BatchNorm.MOVING_VARIANCE][channel] + c.epsilon);
        double size = Math.abs(c.gamma[channel] * difference / root);
        tolerance[i] = 5 * HALF * (size + Math.abs(c.beta[channel]));
      }
      assertWithin("image " + n, y, image, tolerance);
    }
  }

  @ParameterizedTest
  @EnumSource(Backend.class)
  void constantChannelHasVarianceZeroAndNormalisesToBeta(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    Kernels kernels = backend.create();
    long seed = 20_261_123;
    Random random = new Random(seed);
    for (int trial = 0; trial < 200; trial++) {
      int pixels = 1 + random.nextInt(1200);
      float value = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4));
      float beta = (float) random.nextGaussian();
      BatchNorm layer =
          new BatchNorm("bn", Shape.of(1, 1, pixels), 0.9, 1e-5, RunningStatistics.TENSORFLOW);
      float[] x = new float[pixels];
      Arrays.fill(x, value);
      double[] sums =
          WholeImages.sums(layer.partialMoments(kernels), planes(layer.outputShape(), x), 2);
      assertThat(sums).as("seed %s, trial %s", seed, trial).containsExactly(value, 0.0);
      BatchNorm.Moments moments =
          new BatchNorm.Moments(pixels, new double[] {sums[0]}, new double[] {sums[1] / pixels});
      Planes y = empty(layer.outputShape());
      BatchNorm.Affine affine = layer.affine(new float[][] {{3}, {beta}, {0}, {1}}, moments);
      layer.forward(kernels, affine, planes(layer.outputShape(), x), y, 0, 1);
      assertThat(packed(y)).as("seed %s, trial %s", seed, trial).containsOnly(beta);
    }
  }
}
