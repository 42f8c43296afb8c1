package dev.syncnorm.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.syncnorm.kernel.ConvolutionGeometry;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What follows from patch moments, against passes over the pixels in float64. */
class PatchMomentsTest {

  private static final int FILTERS = 4;

  /** Patches that are drawn, not cut out of an image: the algebra holds for any. */
  private static final class Batch {
    final ConvolutionGeometry geometry =
        new ConvolutionGeometry(2, 5, 6, FILTERS, 3, 3, 1, 1, 1, 0, 0, 0, 0);
    final int taps = PatchMoments.taps(geometry);
    final double[][] patches;
    final float[] weight = new float[FILTERS * taps];
    final float[] bias = new float[FILTERS];

    Batch(Random random, int positions, double mean) {
      patches = new double[positions][taps];
      for (double[] patch : patches) {
        Arrays.setAll(patch, t -> mean + random.nextGaussian());
      }
      for (int i = 0; i < weight.length; i++) {
        weight[i] = (float) random.nextGaussian();
      }
      for (int o = 0; o < FILTERS; o++) {
        bias[o] = (float) random.nextGaussian();
      }
    }

    PatchMoments moments() {
      double[] sums = new double[3 + PatchMoments.length(geometry)];
      for (double[] patch : patches) {
        int at = 3 + taps;
        for (int a = 0; a < taps; a++) {
          sums[3 + a] += patch[a];
          for (int b = a; b < taps; b++) {
            sums[at++] += patch[a] * patch[b];
          }
        }
      }
      return new PatchMoments(geometry, patches.length, sums, 3);
    }

    double z(int o, double[] patch) {
      double z = bias[o];
      for (int t = 0; t < taps; t++) {
        z += weight[o * taps + t] * patch[t];
      }
      return z;
    }

    double mean(int o) {
      return Arrays.stream(patches).mapToDouble(p -> z(o, p)).average().orElseThrow();
    }

    double centredSquares(int o) {
      double mean = mean(o);
      return Arrays.stream(patches).mapToDouble(p -> Math.pow(z(o, p) - mean, 2)).sum();
    }
  }

  @Test
  void outputMomentsAreThoseOfThePixels() {
    for (double mean : new double[] {0, 0.5, 151}) {
      Batch batch = new Batch(new Random(3), 500, mean);
      double[] moments = batch.moments().outputMoments(batch.weight, batch.bias);
      for (int o = 0; o < FILTERS; o++) {
        double squares = batch.centredSquares(o);
        double deviation = Math.sqrt(squares / 500);
        assertThat(moments[o]).isCloseTo(batch.mean(o), within(1e-10 * deviation));
        // At a mean of 151 float64 loses about 151^2 x 18 of 2^53.
        assertThat(moments[FILTERS + o]).isCloseTo(squares, within(1e-8 * squares));
      }
    }
  }

  @Test
  void constantPatchesHaveMomentsOfExactlyZero() {
    Batch batch = new Batch(new Random(4), 300, 0.7);
    for (double[] patch : batch.patches) {
      Arrays.fill(patch, 0.1f);
    }
    double[] moments = batch.moments().outputMoments(batch.weight, batch.bias);
    assertThat(Arrays.copyOfRange(moments, FILTERS, 2 * FILTERS)).containsOnly(0.0);
  }

  @Test
  void normGradientSumsAreThoseOfThePixels() {
    for (double mean : new double[] {0, 0.5, 151}) {
      Random random = new Random(7);
      Batch batch = new Batch(random, 400, mean);
      float[] pivot = new float[FILTERS];
      for (int o = 0; o < FILTERS; o++) {
        pivot[o] = (float) batch.mean(o);
      }
      double[] gradients = new double[3 + PatchMoments.gradientsLength(batch.geometry)];
      double[] expected = new double[2 * FILTERS];
      for (double[] patch : batch.patches) {
        for (int o = 0; o < FILTERS; o++) {
          double dy = random.nextGaussian();
          gradients[3 + FILTERS * batch.taps + o] += dy;
          expected[o] += dy;
          expected[FILTERS + o] += dy * (batch.z(o, patch) - pivot[o]);
          for (int t = 0; t < batch.taps; t++) {
            gradients[3 + o * batch.taps + t] += dy * patch[t];
          }
        }
      }
      double[] sums =
          batch.moments().normGradientSums(batch.weight, batch.bias, pivot, gradients, 3);
      for (int i = 0; i < expected.length; i++) {
        assertThat(sums[i]).as("sum %d", i).isCloseTo(expected[i], within(1e-8));
      }
    }
  }

  @Test
  void projectedWeightGradientIsTheSumOverPixelsOfTheProjectedGradient() {
    Random random = new Random(5);
    Batch batch = new Batch(random, 400, 0.5);
    double[] mean = new double[FILTERS];
    Arrays.setAll(mean, batch::mean);
    BatchNorm.Projection projection =
        new BatchNorm.Projection(
            random.doubles(FILTERS, 0.5, 2).toArray(),
            random.doubles(FILTERS, -1, 1).toArray(),
            random.doubles(FILTERS, -1, 1).toArray());
    double[] gradients = new double[2 + FILTERS * batch.taps];
    double[] expected = new double[gradients.length];
    for (double[] patch : batch.patches) {
      for (int o = 0; o < FILTERS; o++) {
        double dy = random.nextGaussian();
        double dz =
            projection.dyScale()[o] * dy
                + projection.xScale()[o] * (batch.z(o, patch) - mean[o])
                + projection.shift()[o];
        for (int t = 0; t < batch.taps; t++) {
          gradients[2 + o * batch.taps + t] += dy * patch[t];
          expected[2 + o * batch.taps + t] += dz * patch[t];
        }
      }
    }
    batch.moments().projectWeightGradient(projection, mean, batch.weight, batch.bias, gradients, 2);
    for (int i = 0; i < expected.length; i++) {
      assertThat(gradients[i]).as("gradient %d", i).isCloseTo(expected[i], within(1e-9));
    }
  }
}
