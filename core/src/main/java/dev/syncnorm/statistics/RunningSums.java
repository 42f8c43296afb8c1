package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Adds the sums of images of one kind, millions of them, without a {@link PixelSums} for each. Not
 * thread-safe.
 */
final class RunningSums {

  /** Up to here a double has the sum of squares times n as a whole number below 2^63. */
  private static final double MOST_EXACT = 0x1p62;

  private static final double DEVIATION_UNIT = 0x1p40;

  private final PixelKind kind;
  private final Wide[] sums;
  private final Wide[] squares;
  private final Wide[] deviations;
  private final Wide[] products;
  private final Wide pixels = new Wide();
  private final int[] min;
  private final int[] max;
  private Optional<long[][]> histograms;
  private long images;

  /** Sums of no image yet, with histograms as long as all that is added has them. */
  RunningSums(PixelKind kind, boolean histograms) {
    this.kind = kind;
    int channels = kind.channels();
    sums = Wide.array(channels);
    squares = Wide.array(channels);
    deviations = Wide.array(channels);
    products = Wide.array(channels * (channels - 1) / 2);
    min = new int[channels];
    max = new int[channels];
    Arrays.fill(min, kind.greatest());
    this.histograms =
        histograms ? Optional.of(new long[channels][kind.greatest() + 1]) : Optional.empty();
  }

  /** A sum of longs that are not negative. */
  private static final class Wide {
    private BigInteger high = BigInteger.ZERO;
    private long low;

    static Wide[] array(int length) {
      Wide[] array = new Wide[length];
      Arrays.setAll(array, i -> new Wide());
      return array;
    }

    void add(long value) {
      long sum = low + value;
      if (sum < 0) {
        high = value();
        sum = value;
      }
      low = sum;
    }

    void add(BigInteger value) {
      high = high.add(value);
    }

    BigInteger value() {
      return high.add(BigInteger.valueOf(low));
    }
  }

  /** Adds an image. */
  void add(ImageSums image) {
    images++;
    pixels.add(image.pixels());
    for (int c = 0; c < sums.length; c++) {
      sums[c].add(image.sums()[c]);
      squares[c].add(image.squares()[c]);
      deviations[c].add(deviation(image.pixels(), image.sums()[c], image.squares()[c]));
      min[c] = Math.min(min[c], image.min()[c]);
      max[c] = Math.max(max[c], image.max()[c]);
    }
    for (int p = 0; p < products.length; p++) {
      products[p].add(image.products()[p]);
    }
    if (image.histograms().isEmpty()) {
      histograms = Optional.empty();
    } else if (histograms.isPresent()) {
      int[][] counts = image.histograms().get();
      for (int c = 0; c < counts.length; c++) {
        long[] sum = histograms.get()[c];
        int[] count = counts[c];
        for (int v = 0; v < sum.length; v++) {
          sum[v] += count[v];
        }
      }
    }
  }

  /** Adds the sums of several images. */
  void add(PixelSums other) {
    images = Math.addExact(images, other.images());
    pixels.add(other.pixels());
    for (int c = 0; c < sums.length; c++) {
      ChannelSums channel = other.channels().get(c);
      sums[c].add(channel.sum());
      squares[c].add(channel.sumOfSquares());
      deviations[c].add(channel.sumOfDeviations());
      min[c] = Math.min(min[c], channel.min());
      max[c] = Math.max(max[c], channel.max());
    }
    for (int p = 0; p < products.length; p++) {
      products[p].add(other.products().get(p));
    }
    if (other.histograms().isEmpty()) {
      histograms = Optional.empty();
    } else if (histograms.isPresent()) {
      long[][] counts = other.histograms().get();
      for (int c = 0; c < counts.length; c++) {
        long[] sum = histograms.get()[c];
        for (int v = 0; v < sum.length; v++) {
          sum[v] = Math.addExact(sum[v], counts[c][v]);
        }
      }
    }
  }

  /** All that was added. */
  PixelSums sums() {
    List<ChannelSums> channels = new ArrayList<>();
    for (int c = 0; c < sums.length; c++) {
      channels.add(
          new ChannelSums(
              sums[c].value(), squares[c].value(), deviations[c].value(), min[c], max[c]));
    }
    List<BigInteger> pairs = new ArrayList<>();
    for (Wide product : products) {
      pairs.add(product.value());
    }
    return new PixelSums(
        kind, images, pixels.value(), channels, pairs, histograms.map(RunningSums::copy));
  }

  private static long[][] copy(long[][] histograms) {
    long[][] copy = histograms.clone();
    Arrays.setAll(copy, c -> histograms[c].clone());
    return copy;
  }

  /**
   * The population standard deviation sqrt(n squares - sum^2) / n in units of 2^-40, rounded half
   * to even.
   *
   * <p>In doubles where these tell how it is rounded: of values with squares up to 255^2 on average
   * it is below 2^48, with a relative error of 2.5 times 2^-53 at most: below 2^-3 even where all
   * values are near 0 of 16 bits.
   */
  static long deviation(long pixels, long sum, long squares) {
    if ((double) pixels * squares < MOST_EXACT && squares <= pixels * 65025.0) {
      long numerator = pixels * squares - sum * sum;
      double units = Math.sqrt((double) numerator) / pixels * DEVIATION_UNIT;
      double fraction = units - Math.floor(units);
      if (Math.abs(fraction - 0.5) > 0x1p-3) {
        return (long) Math.rint(units);
      }
    }
    return exactDeviation(
        BigInteger.valueOf(pixels), BigInteger.valueOf(sum), BigInteger.valueOf(squares));
  }

  private static long exactDeviation(BigInteger pixels, BigInteger sum, BigInteger squares) {
    BigInteger numerator = pixels.multiply(squares).subtract(sum.multiply(sum));
    return new BigDecimal(numerator.shiftLeft(2 * ChannelSums.DEVIATION_BITS))
        .sqrt(new MathContext(40))
        .divide(new BigDecimal(pixels), 0, RoundingMode.HALF_EVEN)
        .longValueExact();
  }
}
