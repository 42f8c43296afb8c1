package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every implementation's patch moments must do. */
interface PatchMomentsContract extends KernelsContract {

  /**
   * Against exact sums: a chain of n float64 operations is off by at most n 2^-53 of the sum of the
   * magnitudes, which for products of values of one sign is the sum itself.
   */
  @Test
  default void patchMomentsAreThoseOfExactArithmetic() {
    for (long seed = 1; seed <= 25; seed++) {
      Random random = new Random(seed);
      ConvolutionGeometry g = geometry(random);
      float[] x = new float[g.inputShape().size()];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextFloat();
      }
      double[] actual = sums(random, g, x);
      BigDecimal[] exact = exact(g, x);
      int positions = g.outputHeight() * g.outputWidth();
      assertThat(actual).hasSameSizeAs(exact);
      for (int i = 0; i < exact.length; i++) {
        double expected = exact[i].doubleValue();
        assertThat(actual[i])
            .as("seed %d, %s, sum %d", seed, g, i)
            .isCloseTo(expected, within((positions + 1) * Math.scalb(expected, -53)));
      }
      assertThat(sums(new Random(~seed), g, x)).as("other runs, %s", g).containsExactly(actual);
    }
  }

  private double[] sums(Random random, ConvolutionGeometry g, float[] x) {
    int taps = g.inputChannels() * g.kernelHeight() * g.kernelWidth();
    double[] sums = new double[taps + taps * (taps + 1) / 2];
    RowSums.OfOne moments = kernels().patchMoments(g);
    // The second time, to see that begin forgets the first.
    for (int time = 0; time < 2; time++) {
      new Runs(random).patchMoments(moments, g, x, sums);
    }
    return sums;
  }

  private static ConvolutionGeometry geometry(Random random) {
    while (true) {
      try {
        return new ConvolutionGeometry(
            1 + random.nextInt(3),
            1 + random.nextInt(12),
            1 + random.nextInt(40),
            1 + random.nextInt(3),
            1 + random.nextInt(4),
            1 + random.nextInt(4),
            1 + random.nextInt(2),
            1 + random.nextInt(2),
            1,
            random.nextInt(3),
            random.nextInt(3),
            random.nextInt(3),
            random.nextInt(3));
      } catch (IllegalArgumentException e) {
        // The kernel does not fit; another one.
      }
    }
  }

  private static BigDecimal[] exact(ConvolutionGeometry g, float[] x) {
    int taps = g.inputChannels() * g.kernelHeight() * g.kernelWidth();
    BigDecimal[] sums = new BigDecimal[taps + taps * (taps + 1) / 2];
    Arrays.fill(sums, BigDecimal.ZERO);
    for (int row = 0; row < g.outputHeight(); row++) {
      for (int column = 0; column < g.outputWidth(); column++) {
        BigDecimal[] patch = new BigDecimal[taps];
        for (int t = 0; t < taps; t++) {
          int kc = t % g.kernelWidth();
          int kr = t / g.kernelWidth() % g.kernelHeight();
          int channel = t / g.kernelWidth() / g.kernelHeight();
          int r = row * g.stride() + kr * g.dilation() - g.top();
          int c = column * g.stride() + kc * g.dilation() - g.left();
          boolean inside = r >= 0 && r < g.inputHeight() && c >= 0 && c < g.inputWidth();
          patch[t] =
              inside
                  ? new BigDecimal(x[(channel * g.inputHeight() + r) * g.inputWidth() + c])
                  : BigDecimal.ZERO;
        }
        int at = taps;
        for (int a = 0; a < taps; a++) {
          sums[a] = sums[a].add(patch[a]);
          for (int b = a; b < taps; b++) {
            sums[at] = sums[at].add(patch[a].multiply(patch[b]));
            at++;
          }
        }
      }
    }
    return sums;
  }
}
