package dev.syncnorm.statistics;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.OptionalInt;

/**
 * What follows from the exact sums of one channel: the double nearest to the exact value, which
 * does not depend on how the sums came about. Values are scaled to [0, 1] by the greatest of the
 * depth unless they are called raw.
 *
 * <p>mean = sum / n; population variance = (n sumOfSquares - sum^2) / n^2; sample variance = (n
 * sumOfSquares - sum^2) / (n (n - 1)), which is NaN for one value; n is the number of pixels.
 */
public record ChannelStatistics(PixelSums sums, int channel) {

  /** More digits than two doubles have, so that what is rounded twice is as if rounded once. */
  private static final MathContext DIGITS = new MathContext(50, RoundingMode.HALF_EVEN);

  /** Such as {@code red}. */
  public String name() {
    return sums.kind().channelNames().get(channel);
  }

  /** The number of values, n. */
  public BigInteger count() {
    return sums.pixels();
  }

  /** The sums that all follows from, in raw units. */
  public ChannelSums raw() {
    return sums.channels().get(channel);
  }

  /** The mean. */
  public double mean() {
    return new BigDecimal(raw().sum()).divide(scaled(count()), DIGITS).doubleValue();
  }

  /** The variance over n. */
  public double populationVariance() {
    return variance(count()).doubleValue();
  }

  /** The variance over n - 1; NaN for one value. */
  public double sampleVariance() {
    return count().equals(BigInteger.ONE)
        ? Double.NaN
        : variance(count().subtract(BigInteger.ONE)).doubleValue();
  }

  /** The square root of {@link #populationVariance}. */
  public double populationStandardDeviation() {
    return variance(count()).sqrt(DIGITS).doubleValue();
  }

  /** The square root of {@link #sampleVariance}; NaN for one value. */
  public double sampleStandardDeviation() {
    return count().equals(BigInteger.ONE)
        ? Double.NaN
        : variance(count().subtract(BigInteger.ONE)).sqrt(DIGITS).doubleValue();
  }

  /**
   * The mean over the images of each one's own population standard deviation. Not the standard
   * deviation of the data set: it is smaller, since it knows nothing of the differences between
   * images.
   */
  public double meanOfImageStandardDeviations() {
    BigInteger units = BigInteger.valueOf(sums.images()).shiftLeft(ChannelSums.DEVIATION_BITS);
    return new BigDecimal(raw().sumOfDeviations()).divide(scaled(units), DIGITS).doubleValue();
  }

  /**
   * The smallest raw value v with at least ceil(q n) values that are not above it; empty without
   * histograms.
   *
   * @param q above 0 and at most 1
   */
  public OptionalInt quantile(BigDecimal q) {
    if (q.signum() <= 0 || q.compareTo(BigDecimal.ONE) > 0) {
      throw new IllegalArgumentException("the quantile of " + q);
    }
    if (sums.histograms().isEmpty()) {
      return OptionalInt.empty();
    }
    long[] histogram = sums.histograms().get()[channel];
    BigInteger wanted =
        q.multiply(new BigDecimal(count())).setScale(0, RoundingMode.CEILING).toBigIntegerExact();
    BigInteger seen = BigInteger.ZERO;
    for (int value = 0; value < histogram.length; value++) {
      seen = seen.add(BigInteger.valueOf(histogram[value]));
      if (seen.compareTo(wanted) >= 0) {
        return OptionalInt.of(value);
      }
    }
    throw new IllegalStateException("a histogram of " + seen + " values of " + count());
  }

  /** The population covariance with a channel, which may be this one. */
  public double covariance(int other) {
    BigInteger n = count();
    BigInteger numerator =
        n.multiply(sums.product(channel, other))
            .subtract(raw().sum().multiply(sums.channels().get(other).sum()));
    return new BigDecimal(numerator)
        .divide(scaled(scaledInteger(n.multiply(n))), DIGITS)
        .doubleValue();
  }

  private BigDecimal variance(BigInteger divisor) {
    BigInteger n = count();
    BigInteger numerator =
        n.multiply(raw().sumOfSquares()).subtract(raw().sum().multiply(raw().sum()));
    return new BigDecimal(numerator).divide(scaled(scaledInteger(n.multiply(divisor))), DIGITS);
  }

  private BigInteger scaledInteger(BigInteger divisor) {
    return divisor.multiply(BigInteger.valueOf(sums.kind().greatest()));
  }

  private BigDecimal scaled(BigInteger divisor) {
    return new BigDecimal(scaledInteger(divisor));
  }
}
