package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.PixelKind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunningSumsTest {

  private static final long SEED = 20261125;

  @Test
  void aStandardDeviationIsRoundedOnceHalfToEven() {
    Random random = new Random(SEED);
    for (int round = 0; round < 20_000; round++) {
      int bits = random.nextBoolean() ? 8 : 16;
      int pixels = 1 + random.nextInt(1 << random.nextInt(1, 21));
      long sum = 0;
      long squares = 0;
      int low = random.nextInt(1 << bits);
      for (int i = 0; i < Math.min(pixels, 50); i++) {
        int value = low + random.nextInt((1 << bits) - low);
        int times = i + 1 < Math.min(pixels, 50) ? 1 : pixels - i;
        sum += (long) times * value;
        squares += (long) times * value * value;
      }

      assertThat(RunningSums.deviation(pixels, sum, squares))
          .as("seed %d: of %d pixels, sum %d, squares %d", SEED, pixels, sum, squares)
          .isEqualTo(deviation(pixels, sum, squares));
    }
  }

  @Test
  void oneWayOfRoundingHoldsAtTheTie() {
    // Two pixels 0 and 1: a standard deviation of one half, exactly. All others are irrational.
    assertThat(RunningSums.deviation(2, 1, 1)).isEqualTo(1L << 39);
    assertThat(RunningSums.deviation(4, 0, 0)).isZero();
    assertThat(RunningSums.deviation(1, 65535, 65535L * 65535)).isZero();
  }

  @Test
  void sumsBeyondALongAreExact() {
    long large = Long.MAX_VALUE / 2 + 12345;
    RunningSums sums = new RunningSums(new PixelKind(1, 16), false);
    long side = 65535;
    ImageSums image =
        new ImageSums(
            new PixelKind(1, 16),
            1 << 16,
            1 << 15,
            new long[] {1L << 40},
            new long[] {large},
            new long[0],
            new int[] {3},
            new int[] {(int) side},
            Optional.empty());
    for (int i = 0; i < 1000; i++) {
      sums.add(image);
    }

    PixelSums all = sums.sums();

    assertThat(all.images()).isEqualTo(1000);
    assertThat(all.pixels())
        .isEqualTo(BigInteger.ONE.shiftLeft(31).multiply(new BigInteger("1000")));
    assertThat(all.channels().get(0).sumOfSquares())
        .isEqualTo(BigInteger.valueOf(large).multiply(BigInteger.valueOf(1000)));
    assertThat(all.histograms()).isEmpty();
  }

  private static long deviation(long pixels, long sum, long squares) {
    BigDecimal n = BigDecimal.valueOf(pixels);
    MathContext digits = new MathContext(80);
    return n.multiply(BigDecimal.valueOf(squares))
        .subtract(BigDecimal.valueOf(sum).pow(2))
        .sqrt(digits)
        .divide(n, digits)
        .multiply(BigDecimal.valueOf(2).pow(40))
        .setScale(0, RoundingMode.HALF_EVEN)
        .longValueExact();
  }
}
