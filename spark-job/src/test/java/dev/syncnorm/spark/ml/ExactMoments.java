package dev.syncnorm.spark.ml;

import java.awt.image.BufferedImage;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The moments of pictures in arbitrary precision, from all of their values in a list. */
final class ExactMoments {
  private static final MathContext DIGITS = new MathContext(80);
  private static final BigInteger GREATEST = BigInteger.valueOf(255);

  private final List<int[]> pixels = new ArrayList<>();

  ExactMoments(List<BufferedImage> pictures) {
    for (BufferedImage picture : pictures) {
      for (int y = 0; y < picture.getHeight(); y++) {
        for (int x = 0; x < picture.getWidth(); x++) {
          int rgb = picture.getRGB(x, y);
          pixels.add(new int[] {rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff});
        }
      }
    }
  }

  long count() {
    return pixels.size();
  }

  BigInteger sum(int channel) {
    return pixels.stream()
        .map(pixel -> BigInteger.valueOf(pixel[channel]))
        .reduce(BigInteger.ZERO, BigInteger::add);
  }

  BigInteger sumOfProducts(int a, int b) {
    return pixels.stream()
        .map(pixel -> BigInteger.valueOf((long) pixel[a] * pixel[b]))
        .reduce(BigInteger.ZERO, BigInteger::add);
  }

  double mean(int channel) {
    return quotient(sum(channel), BigInteger.valueOf(count()).multiply(GREATEST)).doubleValue();
  }

  /** E[ab] - E[a] E[b]; the population variance for one channel. */
  double covariance(int a, int b) {
    return exactCovariance(a, b).doubleValue();
  }

  double populationStandardDeviation(int channel) {
    return exactCovariance(channel, channel).sqrt(DIGITS).doubleValue();
  }

  double sampleVariance(int channel) {
    BigDecimal n = BigDecimal.valueOf(count());
    return exactCovariance(channel, channel)
        .multiply(n)
        .divide(n.subtract(BigDecimal.ONE), DIGITS)
        .doubleValue();
  }

  private BigDecimal exactCovariance(int a, int b) {
    BigInteger n = BigInteger.valueOf(count());
    BigInteger numerator = n.multiply(sumOfProducts(a, b)).subtract(sum(a).multiply(sum(b)));
    return quotient(numerator, n.multiply(n).multiply(GREATEST).multiply(GREATEST));
  }

  /** The value at rank ceil(q n) of all values in order. */
  int quantile(int channel, BigDecimal q) {
    int[] values = pixels.stream().mapToInt(pixel -> pixel[channel]).toArray();
    Arrays.sort(values);
    int rank =
        q.multiply(BigDecimal.valueOf(count()))
            .setScale(0, java.math.RoundingMode.CEILING)
            .intValueExact();
    return values[rank - 1];
  }

  private static BigDecimal quotient(BigInteger numerator, BigInteger denominator) {
    return new BigDecimal(numerator).divide(new BigDecimal(denominator), DIGITS);
  }
}
