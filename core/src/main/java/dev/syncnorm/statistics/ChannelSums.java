package dev.syncnorm.statistics;

import java.io.Serializable;
import java.math.BigInteger;

/**
 * Exact sums over the values of one channel, in raw units (0 to 255 or 65535).
 *
 * @param sum of all values
 * @param sumOfSquares of all values
 * @param sumOfDeviations over the images, of each one's population standard deviation, in units of
 *     2^-{@value #DEVIATION_BITS}, each rounded to a whole number of them
 * @param min the least value
 * @param max the greatest value
 */
public record ChannelSums(
    BigInteger sum, BigInteger sumOfSquares, BigInteger sumOfDeviations, int min, int max)
    implements Serializable {

  /** A standard deviation of raw values is kept with so many bits behind the point. */
  public static final int DEVIATION_BITS = 40;

  /** The sums over both sets of images. */
  ChannelSums plus(ChannelSums other) {
    return new ChannelSums(
        sum.add(other.sum),
        sumOfSquares.add(other.sumOfSquares),
        sumOfDeviations.add(other.sumOfDeviations),
        Math.min(min, other.min),
        Math.max(max, other.max));
  }
}
