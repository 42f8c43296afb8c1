package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StandardDeviationsTest {
  private static final long SEED = 20261125;

  /** In sixty digits, rounded once. */
  private static long oracle(long n, long sum, long squares) {
    BigInteger d =
        BigInteger.valueOf(n)
            .multiply(BigInteger.valueOf(squares))
            .subtract(BigInteger.valueOf(sum).pow(2));
    return new BigDecimal(d)
        .sqrt(new MathContext(60))
        .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(40)))
        .divide(new BigDecimal(n), 0, RoundingMode.HALF_UP)
        .longValueExact();
  }

  @Test
  void itIsRoundedToTheNearestUnit() {
    Random random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) {
      int greatest = random.nextBoolean() ? 255 : 65_535;
      int n = 1 + random.nextInt(1 << random.nextInt(31));
      long sum = 0;
      long squares = 0;
      // Five values that occur often, and one that does once: few terms, but large sums.
      long left = n;
      for (int k = 0; k < 6 && left > 0; k++) {
        long times = k == 5 ? left : Math.min(left, 1 + random.nextInt(n));
        long value = random.nextInt(greatest + 1);
        sum += times * value;
        squares += times * value * value;
        left -= times;
      }
      assertThat(StandardDeviations.population(n, sum, squares))
          .as("seed %d, n %d, sum %d, squares %d", SEED, n, sum, squares)
          .isEqualTo(oracle(n, sum, squares));
    }
  }

  @Test
  void theEndsAreExact() {
    assertThat(StandardDeviations.population(1, 77, 77 * 77)).isZero();
    long n = 700_000_000;
    assertThat(StandardDeviations.population(n, 65_535 * n, 65_535L * 65_535 * n)).isZero();
    assertThat(StandardDeviations.population(2, 255, 255 * 255)).isEqualTo(255L << 39);
    assertThat(StandardDeviations.population(n, 1, 1)).isEqualTo(oracle(n, 1, 1));
    assertThat(StandardDeviations.population(n, n / 2 * 65_535, n / 2 * 65_535 * 65_535))
        .isEqualTo(65_535L << 39);
  }
}
