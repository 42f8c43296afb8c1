package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads what was measured of a data set, of a group or of a depth. */
final class SumsReader {

  /** Rounding to a double, and a little more for files that other programs wrote anew. */
  private static final double TOLERANCE = 1e-12;

  /** Two depths of so many images can be counted together. */
  private static final long MOST_IMAGES = 1L << 60;

  private SumsReader() {}

  /**
   * What was measured: the exact sums in {@code channels} and {@code sumsOfProducts} if there is
   * one depth, those of each depth in {@code depths} if there are several.
   *
   * @param depth bits; null of several
   */
  static SortedMap<PixelKind, PixelSums> measured(
      JsonField block, JsonField depth, JsonField images, JsonField pixels)
      throws StatisticsFileException {
    SortedMap<PixelKind, PixelSums> sums = new TreeMap<>();
    if (!depth.isNull()) {
      add(sums, exact(block, depth(depth, depth.whole(8, 16)), images, pixels));
      return sums;
    }
    Optional<JsonField> depths = block.find("depths");
    if (depths.isPresent()) {
      for (String bits : depths.get().names()) {
        JsonField one = depths.get().get(bits);
        int value = bits.equals("8") ? 8 : bits.equals("16") ? 16 : 0;
        if (value == 0) {
          throw one.wrong("the depths 8 and 16 only");
        }
        add(sums, exact(one, value, one.get("images"), one.get("pixels")));
      }
      if (sums.size() != 2) {
        throw depths.get().wrong("a block for 8 and one for 16, of as many channels");
      }
    }
    combined(block, sums, images, pixels);
    return sums;
  }

  private static void add(SortedMap<PixelKind, PixelSums> sums, PixelSums added) {
    sums.put(added.kind(), added);
  }

  private static int depth(JsonField field, long depth) throws StatisticsFileException {
    if (depth != 8 && depth != 16) {
      throw field.wrong("8 or 16");
    }
    return (int) depth;
  }

  private static PixelSums exact(JsonField block, int depth, JsonField images, JsonField pixels)
      throws StatisticsFileException {
    List<JsonField> fields = block.get("channels").elements();
    if (fields.isEmpty() || fields.size() > 4) {
      throw block.get("channels").wrong("an array of 1 to 4");
    }
    PixelKind kind = new PixelKind(fields.size(), depth);
    long imageCount = images.whole(1, MOST_IMAGES);
    BigInteger count = pixels.integer();
    if (count.compareTo(BigInteger.valueOf(imageCount)) < 0) {
      throw pixels.wrong("at least one for each of %d images".formatted(imageCount));
    }
    List<ChannelSums> channels = new ArrayList<>();
    List<long[]> histograms = new ArrayList<>();
    for (int c = 0; c < fields.size(); c++) {
      ChannelReader reader = new ChannelReader(fields.get(c), kind, c, imageCount, count);
      channels.add(reader.sums());
      reader.histogram().ifPresent(histograms::add);
    }
    if (!histograms.isEmpty() && histograms.size() < channels.size()) {
      throw JsonField.damaged(
          block.file(), "some of %s have a histogram".formatted(block.get("channels").at()));
    }
    PixelSums sums =
        new PixelSums(
            kind,
            imageCount,
            count,
            channels,
            products(block.get("sumsOfProducts"), channels, count),
            histograms.isEmpty()
                ? Optional.empty()
                : Optional.of(histograms.toArray(new long[0][])));
    for (int c = 0; c < fields.size(); c++) {
      derived(fields.get(c), sums.channel(c));
    }
    covariance(block, sums);
    return sums;
  }

  private static List<BigInteger> products(
      JsonField matrix, List<ChannelSums> channels, BigInteger count)
      throws StatisticsFileException {
    List<BigInteger> products = new ArrayList<>();
    List<JsonField> rows = matrix.elements(channels.size());
    for (int a = 0; a < rows.size(); a++) {
      List<JsonField> row = rows.get(a).elements(channels.size());
      for (int b = 0; b < row.size(); b++) {
        BigInteger product = row.get(b).integer();
        if (a == b && !product.equals(channels.get(a).sumOfSquares())) {
          throw row.get(b)
              .wrong("%s, the sum of squares".formatted(channels.get(a).sumOfSquares()));
        }
        if (a < b) {
          ChannelSums x = channels.get(a);
          ChannelSums y = channels.get(b);
          BigInteger centred = count.multiply(product).subtract(x.sum().multiply(y.sum()));
          BigInteger most =
              ChannelReader.centred(x, count).multiply(ChannelReader.centred(y, count));
          if (centred.multiply(centred).compareTo(most) > 0) {
            throw row.get(b).wrong("a covariance within what the variances allow");
          }
          products.add(product);
        }
        if (a > b && !product.equals(rows.get(b).elements().get(a).integer())) {
          throw row.get(b).wrong("a symmetric matrix");
        }
      }
    }
    return products;
  }

  private static void combined(
      JsonField block, SortedMap<PixelKind, PixelSums> sums, JsonField images, JsonField pixels)
      throws StatisticsFileException {
    if (sums.size() == 2 && sums.firstKey().channels() != sums.lastKey().channels()) {
      throw block.get("depths").wrong("as many channels for 8 as for 16 bits");
    }
    Optional<PixelSums> total = PixelSums.total(sums);
    long imageCount = total.map(PixelSums::images).orElse(0L);
    if (images.whole(0, Long.MAX_VALUE) != imageCount) {
      throw images.wrong(imageCount + ", as the depths have");
    }
    BigInteger count = total.map(PixelSums::pixels).orElse(BigInteger.ZERO);
    if (!pixels.integer().equals(count)) {
      throw pixels.wrong(count + ", as the depths have");
    }
    int channels = total.map(t -> t.kind().channels()).orElse(0);
    List<JsonField> fields = block.get("channels").elements(channels);
    for (int c = 0; c < channels; c++) {
      ChannelStatistics channel = total.orElseThrow().channel(c);
      ChannelReader.name(fields.get(c), channel.name());
      ChannelReader.count(fields.get(c), count);
      derived(fields.get(c), channel);
    }
    if (total.isPresent()) {
      covariance(block, total.get());
    } else {
      block.get("covariance").elements(0);
    }
  }

  private static void derived(JsonField field, ChannelStatistics channel)
      throws StatisticsFileException {
    same(field.get("mean"), channel.mean());
    same(field.get("populationVariance"), channel.populationVariance());
    same(field.get("populationStandardDeviation"), channel.populationStandardDeviation());
    same(field.get("sampleVariance"), channel.sampleVariance());
    same(field.get("sampleStandardDeviation"), channel.sampleStandardDeviation());
    same(field.get("meanOfImageStandardDeviations"), channel.meanOfImageStandardDeviations());
    Optional<JsonField> quantiles = field.find("quantiles");
    if (quantiles.isPresent() != channel.sums().histograms().isPresent()) {
      throw JsonField.damaged(
          field.file(), field.at() + " has one of quantiles and histogram, expected both or none");
    }
    if (quantiles.isPresent()) {
      for (String q : quantiles.get().names()) {
        quantile(quantiles.get().get(q), q, channel);
      }
    }
  }

  private static void quantile(JsonField field, String name, ChannelStatistics channel)
      throws StatisticsFileException {
    if (!name.matches("0?\\.[0-9]{1,40}|1(\\.0{1,40})?") || new BigDecimal(name).signum() == 0) {
      throw field.wrong("the name of a quantile, such as 0.5");
    }
    int expected = channel.quantile(new BigDecimal(name)).orElseThrow();
    if (field.whole(0, channel.sums().kind().greatest()) != expected) {
      throw field.wrong(expected + ", as the histogram gives");
    }
  }

  private static void covariance(JsonField block, PixelSums sums) throws StatisticsFileException {
    int channels = sums.kind().channels();
    List<JsonField> rows = block.get("covariance").elements(channels);
    for (int a = 0; a < channels; a++) {
      List<JsonField> row = rows.get(a).elements(channels);
      for (int b = 0; b < channels; b++) {
        same(row.get(b), sums.channel(a).covariance(b));
      }
    }
  }

  private static void same(JsonField field, double expected) throws StatisticsFileException {
    if (Double.isNaN(expected)) {
      if (!field.isNull()) {
        throw field.wrong("null, as there is one value");
      }
      return;
    }
    double actual = field.number();
    double scale = Math.max(Math.abs(actual), Math.abs(expected));
    if (!(Math.abs(actual - expected) <= TOLERANCE * scale)) {
      throw field.wrong(expected + ", as the sums give");
    }
  }
}
