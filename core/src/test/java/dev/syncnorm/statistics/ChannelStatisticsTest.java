package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.syncnorm.image.PixelKind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChannelStatisticsTest {
  private static final MathContext DIGITS = new MathContext(80);
  private static final long SEED = 20261125;

  /** Two channels of one image. */
  private static PixelSums sums(PixelKind kind, int[] first, int[] second) {
    long[][] histograms = new long[2][kind.greatest() + 1];
    BigInteger product = BigInteger.ZERO;
    for (int i = 0; i < first.length; i++) {
      histograms[0][first[i]]++;
      histograms[1][second[i]]++;
      product = product.add(BigInteger.valueOf((long) first[i] * second[i]));
    }
    return new PixelSums(
        kind,
        1,
        BigInteger.valueOf(first.length),
        List.of(channel(first), channel(second)),
        List.of(product),
        Optional.of(histograms));
  }

  private static ChannelSums channel(int[] values) {
    BigInteger sum = BigInteger.ZERO;
    BigInteger squares = BigInteger.ZERO;
    for (int value : values) {
      sum = sum.add(BigInteger.valueOf(value));
      squares = squares.add(BigInteger.valueOf(value).pow(2));
    }
    int min = Arrays.stream(values).min().orElseThrow();
    int max = Arrays.stream(values).max().orElseThrow();
    return new ChannelSums(sum, squares, BigInteger.valueOf(3).shiftLeft(38), min, max);
  }

  private static int[] random(Random random, int count, int greatest) {
    return random.ints(count, 0, greatest + 1).toArray();
  }

  /** By deviations from the mean in eighty digits, not by sums of squares. */
  @Test
  void momentsAreTheNearestDoubles() {
    Random random = new Random(SEED);
    for (int trial = 0; trial < 40; trial++) {
      PixelKind kind = new PixelKind(2, trial % 2 == 0 ? 8 : 16);
      int n = 2 + random.nextInt(300);
      int[] values = random(random, n, kind.greatest());
      int[] others = random(random, n, kind.greatest());
      BigDecimal mean = mean(values, kind);
      BigDecimal otherMean = mean(others, kind);
      BigDecimal squares = BigDecimal.ZERO;
      BigDecimal products = BigDecimal.ZERO;
      for (int i = 0; i < n; i++) {
        BigDecimal deviation = scaled(values[i], kind).subtract(mean);
        squares = squares.add(deviation.pow(2));
        products = products.add(deviation.multiply(scaled(others[i], kind).subtract(otherMean)));
      }
      BigDecimal population = squares.divide(BigDecimal.valueOf(n), DIGITS);
      BigDecimal sample = squares.divide(BigDecimal.valueOf(n - 1L), DIGITS);

      ChannelStatistics statistics = sums(kind, values, others).channel(0);
      assertThat(statistics.mean()).as("seed %d", SEED).isEqualTo(mean.doubleValue());
      assertThat(statistics.populationVariance()).isEqualTo(population.doubleValue());
      assertThat(statistics.sampleVariance()).isEqualTo(sample.doubleValue());
      assertThat(statistics.populationStandardDeviation())
          .isEqualTo(population.sqrt(DIGITS).doubleValue());
      assertThat(statistics.sampleStandardDeviation()).isEqualTo(sample.sqrt(DIGITS).doubleValue());
      assertThat(statistics.covariance(0)).isEqualTo(population.doubleValue());
      assertThat(statistics.covariance(1))
          .isCloseTo(products.divide(BigDecimal.valueOf(n), DIGITS).doubleValue(), within(1e-18));
      assertThat(statistics.meanOfImageStandardDeviations()).isEqualTo(0.75 / kind.greatest());
    }
  }

  private static BigDecimal scaled(int value, PixelKind kind) {
    return BigDecimal.valueOf(value).divide(BigDecimal.valueOf(kind.greatest()), DIGITS);
  }

  private static BigDecimal mean(int[] values, PixelKind kind) {
    BigDecimal sum = BigDecimal.ZERO;
    for (int value : values) {
      sum = sum.add(scaled(value, kind));
    }
    return sum.divide(BigDecimal.valueOf(values.length), DIGITS);
  }

  @Test
  void aConstantChannelHasVarianceZero() {
    int[] constant = new int[1000];
    Arrays.fill(constant, 151);
    ChannelStatistics statistics =
        sums(new PixelKind(2, 8), constant, random(new Random(1), 1000, 255)).channel(0);
    assertThat(statistics.mean()).isEqualTo(151 / 255.0);
    assertThat(statistics.populationVariance()).isZero();
    assertThat(statistics.sampleVariance()).isZero();
    assertThat(statistics.populationStandardDeviation()).isZero();
    assertThat(statistics.covariance(1)).isZero();
  }

  @Test
  void onePixelHasNoSampleVariance() {
    ChannelStatistics statistics =
        sums(new PixelKind(2, 8), new int[] {7}, new int[] {9}).channel(0);
    assertThat(statistics.populationVariance()).isZero();
    assertThat(statistics.sampleVariance()).isNaN();
    assertThat(statistics.sampleStandardDeviation()).isNaN();
    assertThat(statistics.quantile(BigDecimal.ONE)).hasValue(7);
  }

  /** 2^80 pixels, half of them black and half of them white. */
  @Test
  void countsMayBeHuge() {
    BigInteger n = BigInteger.ONE.shiftLeft(80);
    BigInteger half = n.shiftRight(1);
    BigInteger white = BigInteger.valueOf(65_535);
    PixelSums sums =
        new PixelSums(
            new PixelKind(1, 16),
            Long.MAX_VALUE,
            n,
            List.of(
                new ChannelSums(
                    half.multiply(white),
                    half.multiply(white).multiply(white),
                    BigInteger.ZERO,
                    0,
                    65_535)),
            List.of(),
            Optional.empty());
    ChannelStatistics statistics = sums.channel(0);
    assertThat(statistics.mean()).isEqualTo(0.5);
    assertThat(statistics.populationVariance()).isEqualTo(0.25);
    assertThat(statistics.populationStandardDeviation()).isEqualTo(0.5);
    assertThat(statistics.sampleVariance()).isEqualTo(0.25);
    assertThat(statistics.quantile(BigDecimal.ONE)).isEqualTo(OptionalInt.empty());
  }

  @Test
  void quantilesAreValuesOfTheSortedPixels() {
    Random random = new Random(SEED);
    for (int trial = 0; trial < 200; trial++) {
      int n = 1 + random.nextInt(60);
      int[] values = random(random, n, 255);
      ChannelStatistics statistics = sums(new PixelKind(2, 8), values, values).channel(0);
      int[] sorted = values.clone();
      Arrays.sort(sorted);
      for (int percent = 1; percent <= 100; percent++) {
        int rank = (percent * n + 99) / 100; // the ceiling
        assertThat(statistics.quantile(BigDecimal.valueOf(percent, 2)))
            .as("seed %d, n %d, percent %d", SEED, n, percent)
            .hasValue(sorted[rank - 1]);
      }
    }
    ChannelStatistics any = sums(new PixelKind(2, 8), new int[] {7}, new int[] {9}).channel(0);
    for (String wrong : new String[] {"0", "-0.5", "1.01"}) {
      assertThatThrownBy(() -> any.quantile(new BigDecimal(wrong)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
