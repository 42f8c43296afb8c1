package dev.syncnorm.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.ConvolutionGeometry;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A convolution that normalises its own output beside a convolution and a batch norm, both in
 * float32, against float64. Where values are so far from zero for their spread that its mean would
 * be off by more than 1e-5 standard deviations, the former is not taken: 151 +- 0.1 was off by
 * 5e-5.
 */
class NormalizedConvolutionTest {

  private static final int FILTERS = 16;
  private static final int TAPS = 27;
  private static final ConvolutionGeometry GEOMETRY =
      new ConvolutionGeometry(3, 40, 70, FILTERS, 3, 3, 1, 1, 1, 0, 0, 0, 0);
  private static final int PIXELS = GEOMETRY.outputShape().pixels();

  /**
   * Largest distance from float64, and the distance of a channel's mean, in standard deviations.
   */
  private record Errors(double largest, double ofMean) {}

  @ParameterizedTest
  @CsvSource({"0.5, 0.25, true", "0, 1, true", "5, 0.5, true", "151, 0.1, false"})
  void losesNoMoreThanTheTwoOneAfterTheOther(double mean, double deviation, boolean isTaken) {
    assumeTrue(Backend.VECTOR.unavailable().isEmpty());
    Random random = new Random(20261125);
    float[] x = gaussian(random, 3 * 40 * 70, mean, deviation);
    float[] weight = gaussian(random, FILTERS * TAPS, 0, 0.2);
    float[] bias = gaussian(random, FILTERS, 0, 1);
    double[] z = convolution(x, weight, bias);
    double[] means = new double[FILTERS];
    double[] variances = new double[FILTERS];
    for (int o = 0; o < FILTERS; o++) {
      double[] channel = Arrays.copyOfRange(z, o * PIXELS, (o + 1) * PIXELS);
      double average = Arrays.stream(channel).average().orElseThrow();
      means[o] = average;
      variances[o] = Arrays.stream(channel).map(v -> Math.pow(v - average, 2)).sum() / PIXELS;
    }
    BatchNorm norm =
        new BatchNorm("bn", GEOMETRY.outputShape(), 0.9, 0, RunningStatistics.TENSORFLOW);
    BatchNorm.Moments moments = new BatchNorm.Moments(PIXELS, means, variances);
    float[] ones = new float[FILTERS];
    Arrays.fill(ones, 1);
    float[][] parameters = {ones, new float[FILTERS]};
    double[] expected = new double[z.length];
    Arrays.setAll(expected, i -> (z[i] - means[i / PIXELS]) / Math.sqrt(variances[i / PIXELS]));

    Kernels kernels = Backend.VECTOR.create();
    Planes in = Planes.whole(GEOMETRY.inputShape(), GEOMETRY.inputMargins());
    in.set(x);
    Planes out = Planes.whole(GEOMETRY.outputShape(), Planes.Margins.NONE);
    int rows = GEOMETRY.outputHeight();
    kernels.convolution(GEOMETRY, in, weight, bias, out, 0, rows);
    norm.forward(kernels, norm.affine(parameters, moments), out, out, 0, rows);
    Errors oneAfterTheOther = errors(out, expected);

    RowSums.OfOne sums = kernels.patchMoments(GEOMETRY);
    double[] patches = new double[PatchMoments.length(GEOMETRY)];
    sums.begin();
    sums.add(in, 0, rows);
    sums.finish(patches, 0);
    Optional<float[][]> own =
        new PatchMoments(GEOMETRY, PIXELS, patches, 0)
            .normalized(
                weight,
                parameters[BatchNorm.GAMMA],
                norm.gain(parameters, moments),
                parameters[BatchNorm.BETA]);
    assertThat(own.isPresent()).isEqualTo(isTaken);
    if (!isTaken) {
      assertThat(oneAfterTheOther.ofMean()).isLessThan(1e-5);
      return;
    }
    kernels.convolution(GEOMETRY, in, own.get()[0], own.get()[1], out, 0, rows);
    Errors together = errors(out, expected);

    System.out.printf("%s +- %s: %s, together %s%n", mean, deviation, oneAfterTheOther, together);
    assertThat(together.largest()).isLessThan(2 * oneAfterTheOther.largest());
    // Half an ulp of a bias of 64.
    assertThat(together.ofMean()).isLessThan(Math.scalb(32, -23));
  }

  private static float[] gaussian(Random random, int count, double mean, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return values;
  }

  private static double[] convolution(float[] x, float[] weight, float[] bias) {
    int width = GEOMETRY.outputWidth();
    double[] z = new double[FILTERS * PIXELS];
    for (int i = 0; i < z.length; i++) {
      int o = i / PIXELS;
      int row = i % PIXELS / width;
      int column = i % width;
      z[i] = bias[o];
      for (int t = 0; t < TAPS; t++) {
        int at = (t / 9 * 40 + row + t / 3 % 3) * 70 + column + t % 3;
        z[i] += (double) weight[o * TAPS + t] * x[at];
      }
    }
    return z;
  }

  private static Errors errors(Planes planes, double[] expected) {
    float[] actual = new float[expected.length];
    planes.get(actual);
    double largest = 0;
    double ofMean = 0;
    for (int o = 0; o < FILTERS; o++) {
      double sum = 0;
      for (int i = o * PIXELS; i < (o + 1) * PIXELS; i++) {
        double error = actual[i] - expected[i];
        largest = Math.max(largest, Math.abs(error));
        sum += error;
      }
      ofMean = Math.max(ofMean, Math.abs(sum / PIXELS));
    }
    return new Errors(largest, ofMean);
  }
}
