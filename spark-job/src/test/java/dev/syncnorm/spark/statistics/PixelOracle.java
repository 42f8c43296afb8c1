package dev.syncnorm.spark.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.statistics.PixelSums;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;

/** Sums of PNG files by the JDK's decoder and arbitrary precision, one pixel after another. */
final class PixelOracle {

  private static final int[] SHIFTS = {16, 8, 0};

  private final BigInteger[] sums = zeros(3);
  private final BigInteger[] products = zeros(9);
  private final long[][] counts = new long[3][256];
  private BigInteger pixels = BigInteger.ZERO;
  private BigDecimal[] deviations = {BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO};

  PixelOracle(List<Path> files) throws IOException {
    for (Path file : files) {
      add(ImageIO.read(file.toFile()));
    }
  }

  private static BigInteger[] zeros(int length) {
    BigInteger[] zeros = new BigInteger[length];
    Arrays.fill(zeros, BigInteger.ZERO);
    return zeros;
  }

  private void add(BufferedImage image) {
    BigInteger[] own = zeros(3);
    BigInteger[] squares = zeros(3);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int rgb = image.getRGB(x, y);
        for (int a = 0; a < 3; a++) {
          BigInteger value = BigInteger.valueOf(rgb >> SHIFTS[a] & 0xff);
          own[a] = own[a].add(value);
          squares[a] = squares[a].add(value.multiply(value));
          counts[a][value.intValue()]++;
          for (int b = 0; b < 3; b++) {
            BigInteger other = BigInteger.valueOf(rgb >> SHIFTS[b] & 0xff);
            products[3 * a + b] = products[3 * a + b].add(value.multiply(other));
          }
        }
      }
    }
    BigInteger n = BigInteger.valueOf((long) image.getWidth() * image.getHeight());
    for (int c = 0; c < 3; c++) {
      sums[c] = sums[c].add(own[c]);
      MathContext digits = new MathContext(60);
      BigDecimal deviation =
          new BigDecimal(n.multiply(squares[c]).subtract(own[c].multiply(own[c])))
              .sqrt(digits)
              .divide(new BigDecimal(n), digits);
      deviations[c] = deviations[c].add(deviation);
    }
    pixels = pixels.add(n);
  }

  /** All sums are the same, to the last bit. */
  void check(PixelSums measured) {
    assertThat(measured.pixels()).isEqualTo(pixels);
    for (int a = 0; a < 3; a++) {
      assertThat(measured.channels().get(a).sum()).isEqualTo(sums[a]);
      assertThat(measured.histograms().orElseThrow()[a]).isEqualTo(counts[a]);
      for (int b = 0; b < 3; b++) {
        assertThat(measured.product(a, b)).isEqualTo(products[3 * a + b]);
      }
      // Each image's is rounded to 2^-40.
      BigDecimal units = deviations[a].multiply(BigDecimal.valueOf(2).pow(40));
      assertThat(new BigDecimal(measured.channels().get(a).sumOfDeviations()).subtract(units).abs())
          .isLessThanOrEqualTo(
              BigDecimal.valueOf(measured.images()).multiply(new BigDecimal("0.5")));
    }
  }
}
