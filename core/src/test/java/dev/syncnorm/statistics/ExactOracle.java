package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.testing.Samples;
import java.math.BigInteger;

/** Sums by arbitrary-precision integers, one sample after another. */
final class ExactOracle {
  private ExactOracle() {}

  /** Checks all that is summed about an image. */
  static void assertSums(ImageSums sums, Samples expected) {
    assertThat(sums.kind().channels()).isEqualTo(expected.channels());
    assertThat(sums.kind().depth()).isEqualTo(expected.bits());
    assertThat(sums.width()).isEqualTo(expected.width());
    assertThat(sums.height()).isEqualTo(expected.height());
    int pair = 0;
    for (int a = 0; a < expected.channels(); a++) {
      int[] values = channel(expected, a);
      int[] histogram = new int[1 << expected.bits()];
      for (int value : values) {
        histogram[value]++;
      }
      assertThat(sums.sums()[a]).as("sum of %d", a).isEqualTo(product(values, null));
      assertThat(sums.squares()[a]).as("squares of %d", a).isEqualTo(product(values, values));
      assertThat(sums.min()[a]).isEqualTo(java.util.Arrays.stream(values).min().orElseThrow());
      assertThat(sums.max()[a]).isEqualTo(java.util.Arrays.stream(values).max().orElseThrow());
      if (sums.histograms().isPresent()) {
        assertThat(sums.histograms().get()[a]).isEqualTo(histogram);
      }
      for (int b = a + 1; b < expected.channels(); b++) {
        assertThat(sums.products()[pair++])
            .as("product of %d and %d", a, b)
            .isEqualTo(product(values, channel(expected, b)));
      }
    }
    assertThat(sums.products()).hasSize(pair);
  }

  private static int[] channel(Samples samples, int channel) {
    int[] values = new int[samples.width() * samples.height()];
    for (int i = 0; i < values.length; i++) {
      values[i] = samples.values()[i * samples.channels() + channel];
    }
    return values;
  }

  private static long product(int[] a, int[] b) {
    BigInteger sum = BigInteger.ZERO;
    for (int i = 0; i < a.length; i++) {
      BigInteger value = BigInteger.valueOf(a[i]);
      sum = sum.add(b == null ? value : value.multiply(BigInteger.valueOf(b[i])));
    }
    return sum.longValueExact();
  }
}
