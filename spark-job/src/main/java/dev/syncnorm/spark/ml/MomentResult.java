package dev.syncnorm.spark.ml;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.PixelSums;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * The row that {@code image_moments} returns. Names and units are those of stats.json; an array has
 * a value for each channel.
 */
final class MomentResult {

  /** Its columns. Without any image the arrays and the depth are NULL. */
  static final StructType SCHEMA =
      StructType.fromDDL(
          """
          images BIGINT NOT NULL, rejected BIGINT NOT NULL,
          rejectedByCause MAP<STRING, BIGINT> NOT NULL, pixels BIGINT NOT NULL,
          channels ARRAY<STRING>, depth INT,
          mean ARRAY<DOUBLE>, populationVariance ARRAY<DOUBLE>,
          populationStandardDeviation ARRAY<DOUBLE>, sampleVariance ARRAY<DOUBLE>,
          sampleStandardDeviation ARRAY<DOUBLE>, meanOfImageStandardDeviations ARRAY<DOUBLE>,
          covariance ARRAY<ARRAY<DOUBLE>>,
          sum ARRAY<DECIMAL(38, 0)>, sumOfSquares ARRAY<DECIMAL(38, 0)>,
          min ARRAY<INT>, max ARRAY<INT>, quantiles MAP<STRING, ARRAY<INT>>\
          """);

  private MomentResult() {}

  /**
   * The row of a group of images.
   *
   * @throws IllegalStateException if their numbers of channels differ
   */
  static Row of(MomentSums group, MomentOptions options) {
    List<Object> values = new ArrayList<>(counts(group));
    SortedMap<PixelKind, PixelSums> kinds = group.sums();
    checkChannels(kinds.values());
    Optional<PixelSums> total = PixelSums.total(kinds);
    if (total.isEmpty()) {
      while (values.size() < SCHEMA.size()) {
        values.add(null);
      }
    } else {
      Optional<PixelSums> ofOneDepth = total.filter(sums -> kinds.size() == 1);
      values.add(total.get().kind().channelNames());
      values.add(ofOneDepth.map(sums -> sums.kind().depth()).orElse(null));
      values.addAll(scaled(total.get()));
      values.addAll(raw(ofOneDepth, options));
    }
    return RowFactory.create(values.toArray());
  }

  private static List<Object> counts(MomentSums group) {
    long rejected = 0;
    Map<String, Long> byCause = new TreeMap<>();
    for (Map.Entry<BadImageCause, Long> cause : group.rejected().entrySet()) {
      rejected = Math.addExact(rejected, cause.getValue());
      byCause.put(cause.getKey().label(), cause.getValue());
    }
    long images = 0;
    BigInteger pixels = BigInteger.ZERO;
    for (PixelSums sums : group.sums().values()) {
      images = Math.addExact(images, sums.images());
      pixels = pixels.add(sums.pixels());
    }
    return List.of(images, rejected, byCause, pixels.longValueExact());
  }

  private static void checkChannels(Collection<PixelSums> byKind) {
    Map<Integer, Long> imagesByChannels = new TreeMap<>();
    byKind.forEach(
        sums -> imagesByChannels.merge(sums.kind().channels(), sums.images(), Math::addExact));
    if (imagesByChannels.size() > 1) {
      throw new IllegalStateException(
          imagesByChannels.entrySet().stream()
              .map(e -> "%d images with %d channels".formatted(e.getValue(), e.getKey()))
              .collect(
                  Collectors.joining(
                      " and ",
                      "image_moments: a group has ",
                      ", which have no common moments; use map('channels', 'rgb')")));
    }
  }

  private static List<Object> scaled(PixelSums sums) {
    return List.of(
        each(sums, ChannelStatistics::mean),
        each(sums, ChannelStatistics::populationVariance),
        each(sums, ChannelStatistics::populationStandardDeviation),
        each(sums, channel -> nullIfNaN(channel.sampleVariance())),
        each(sums, channel -> nullIfNaN(channel.sampleStandardDeviation())),
        each(sums, ChannelStatistics::meanOfImageStandardDeviations),
        each(
            sums,
            channel ->
                IntStream.range(0, sums.kind().channels()).mapToObj(channel::covariance).toList()));
  }

  /** As SQL's var_samp has it for a single value. */
  private static Double nullIfNaN(double value) {
    return Double.isNaN(value) ? null : Double.valueOf(value);
  }

  /** Values of two depths have no common unit. */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  private static List<Object> raw(Optional<PixelSums> ofOneDepth, MomentOptions options) {
    List<Object> values = new ArrayList<>();
    if (ofOneDepth.isEmpty()) {
      Stream.generate(() -> null).limit(5).forEach(values::add);
      return values;
    }
    PixelSums sums = ofOneDepth.get();
    values.add(each(sums, channel -> new BigDecimal(channel.raw().sum())));
    values.add(each(sums, channel -> new BigDecimal(channel.raw().sumOfSquares())));
    values.add(each(sums, channel -> channel.raw().min()));
    values.add(each(sums, channel -> channel.raw().max()));
    values.add(quantiles(sums, options.quantiles()));
    return values;
  }

  private static Map<String, List<Integer>> quantiles(
      PixelSums sums, Map<String, BigDecimal> asked) {
    if (asked.isEmpty()) {
      return null;
    }
    Map<String, List<Integer>> quantiles = new LinkedHashMap<>();
    asked.forEach(
        (name, q) -> quantiles.put(name, each(sums, channel -> channel.quantile(q).orElseThrow())));
    return quantiles;
  }

  private static <T> List<T> each(PixelSums sums, Function<ChannelStatistics, T> value) {
    List<T> values = new ArrayList<>();
    for (int channel = 0; channel < sums.kind().channels(); channel++) {
      values.add(value.apply(sums.channel(channel)));
    }
    return values;
  }
}
