package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/**
 * Reads the exact sums of a channel and checks that some values in 0 to 255 or 65535 have them: sum
 * and sum of squares against the histogram if there is one, else within the bounds that least and
 * greatest value set.
 */
final class ChannelReader {

  private final JsonField field;
  private final PixelKind kind;
  private final ChannelSums sums;
  private final Optional<long[]> histogram;

  ChannelReader(JsonField field, PixelKind kind, int channel, long images, BigInteger count)
      throws StatisticsFileException {
    this.field = field;
    this.kind = kind;
    name(field, kind.channelNames().get(channel));
    count(field, count);
    int min = (int) field.get("min").whole(0, kind.greatest());
    int max = (int) field.get("max").whole(min, kind.greatest());
    sums =
        new ChannelSums(
            field.get("sum").integer(),
            field.get("sumOfSquares").integer(),
            field.get("sumOfImageStandardDeviations").integer(),
            min,
            max);
    Optional<JsonField> counts = field.find("histogram");
    histogram = counts.isPresent() ? Optional.of(histogram(counts.get(), count)) : Optional.empty();
    checkBounds(images, count);
  }

  ChannelSums sums() {
    return sums;
  }

  Optional<long[]> histogram() {
    return histogram;
  }

  static void name(JsonField field, String expected) throws StatisticsFileException {
    if (!field.get("name").text().equals(expected)) {
      throw field.get("name").wrong(expected);
    }
  }

  static void count(JsonField field, BigInteger pixels) throws StatisticsFileException {
    if (!field.get("count").integer().equals(pixels)) {
      throw field.get("count").wrong(pixels + ", the number of pixels");
    }
  }

  /** n sumOfSquares - sum^2, which is n^2 times the variance. */
  static BigInteger centred(ChannelSums sums, BigInteger count) {
    return count.multiply(sums.sumOfSquares()).subtract(sums.sum().multiply(sums.sum()));
  }

  private void checkBounds(long images, BigInteger count) throws StatisticsFileException {
    BigInteger min = BigInteger.valueOf(sums.min());
    BigInteger max = BigInteger.valueOf(sums.max());
    if (sums.sum().compareTo(min.multiply(count)) < 0
        || sums.sum().compareTo(max.multiply(count)) > 0) {
      throw field
          .get("sum")
          .wrong("one of %s values from %d to %d".formatted(count, sums.min(), sums.max()));
    }
    // The sum of (max - v)(v - min), which no value makes negative.
    BigInteger within =
        min.add(max)
            .multiply(sums.sum())
            .subtract(sums.sumOfSquares())
            .subtract(min.multiply(max).multiply(count));
    if (centred(sums, count).signum() < 0 || within.signum() < 0) {
      throw field
          .get("sumOfSquares")
          .wrong("one that the sum and %d to %d allow".formatted(sums.min(), sums.max()));
    }
    // A standard deviation is at most half the range.
    BigInteger most =
        max.subtract(min)
            .shiftLeft(ChannelSums.DEVIATION_BITS - 1)
            .multiply(BigInteger.valueOf(images));
    if (sums.sumOfDeviations().compareTo(most) > 0) {
      throw field
          .get("sumOfImageStandardDeviations")
          .wrong("at most %s, half the range for each image".formatted(most));
    }
  }

  private long[] histogram(JsonField counts, BigInteger count) throws StatisticsFileException {
    List<JsonField> fields = counts.elements(kind.greatest() + 1);
    long[] values = new long[fields.size()];
    int first = -1;
    int last = -1;
    BigInteger total = BigInteger.ZERO;
    BigInteger sum = BigInteger.ZERO;
    BigInteger squares = BigInteger.ZERO;
    for (int v = 0; v < values.length; v++) {
      values[v] = fields.get(v).whole(0, Long.MAX_VALUE);
      if (values[v] > 0) {
        first = first < 0 ? v : first;
        last = v;
        BigInteger times = BigInteger.valueOf(values[v]);
        total = total.add(times);
        sum = sum.add(times.multiply(BigInteger.valueOf(v)));
        squares = squares.add(times.multiply(BigInteger.valueOf((long) v * v)));
      }
    }
    if (!total.equals(count)) {
      throw counts.wrong("counts of %s values, not of %s".formatted(count, total));
    }
    expect(field.get("min"), BigInteger.valueOf(sums.min()), BigInteger.valueOf(first));
    expect(field.get("max"), BigInteger.valueOf(sums.max()), BigInteger.valueOf(last));
    expect(field.get("sum"), sums.sum(), sum);
    expect(field.get("sumOfSquares"), sums.sumOfSquares(), squares);
    return values;
  }

  private static void expect(JsonField field, BigInteger actual, BigInteger expected)
      throws StatisticsFileException {
    if (!actual.equals(expected)) {
      throw field.wrong(expected + ", as the histogram gives");
    }
  }
}
