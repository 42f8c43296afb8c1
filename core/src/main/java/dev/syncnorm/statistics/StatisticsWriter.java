package dev.syncnorm.statistics;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.image.Rejection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.IntFunction;

/**
 * Writes stats.json field by field in a fixed order. Doubles have the fewest digits that read back
 * as the same double; NaN, which is a sample variance of one value, is null.
 */
final class StatisticsWriter {

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER).build();

  private final JsonGenerator json;
  private final StatisticsLayout layout = new StatisticsLayout();

  private StatisticsWriter(JsonGenerator json) {
    this.json = json.setPrettyPrinter(layout);
  }

  static byte[] write(DataSetStatistics statistics) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 14);
    try {
      try (JsonGenerator json = JSON.createGenerator(bytes)) {
        new StatisticsWriter(json).file(statistics);
        json.writeRaw('\n');
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a buffer in memory
    }
    return bytes.toByteArray();
  }

  private void file(DataSetStatistics statistics) throws IOException {
    json.writeStartObject();
    json.writeStringField("format", StatisticsFile.FORMAT);
    json.writeNumberField("version", StatisticsFile.VERSION);
    json.writeFieldName("inputs");
    texts(statistics.inputs());
    pixels(statistics);
    settings(statistics.settings());
    images(statistics);
    measured(statistics.sums());
    json.writeObjectFieldStart("groups");
    for (Map.Entry<String, SortedMap<PixelKind, PixelSums>> group :
        statistics.groups().entrySet()) {
      group(group.getKey(), group.getValue());
    }
    json.writeEndObject();
    rejections(statistics.rejections());
    number("elapsedSeconds", statistics.elapsedSeconds());
    number("megapixelsPerSecond", statistics.megapixelsPerSecond().orElse(Double.NaN));
    json.writeEndObject();
  }

  private void pixels(DataSetStatistics statistics) throws IOException {
    json.writeObjectFieldStart("pixels");
    json.writeStringField("order", statistics.pixels().channels().name().toLowerCase(Locale.ROOT));
    extent("resize", statistics.pixels().resize());
    extent("crop", statistics.pixels().crop());
    depth(statistics.sums());
    json.writeEndObject();
  }

  private void settings(SortedMap<String, String> settings) throws IOException {
    if (settings.isEmpty()) {
      return;
    }
    json.writeObjectFieldStart("settings");
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      json.writeStringField(setting.getKey(), setting.getValue());
    }
    json.writeEndObject();
  }

  private void extent(String name, Optional<Extent> extent) throws IOException {
    if (extent.isEmpty()) {
      json.writeNullField(name);
      return;
    }
    json.writeArrayFieldStart(name);
    json.writeNumber(extent.get().height());
    json.writeNumber(extent.get().width());
    json.writeEndArray();
  }

  /** That of all pixels; null if there are several or none. */
  private void depth(SortedMap<PixelKind, PixelSums> sums) throws IOException {
    if (sums.size() == 1) {
      json.writeNumberField("depth", sums.firstKey().depth());
    } else {
      json.writeNullField("depth");
    }
  }

  private void images(DataSetStatistics statistics) throws IOException {
    json.writeObjectFieldStart("images");
    json.writeNumberField("accepted", statistics.accepted());
    json.writeNumberField("rejected", statistics.rejections().size());
    integer("pixels", statistics.pixelCount());
    json.writeNumberField("bytes", statistics.bytes());
    json.writeStringField("digest", statistics.digest().orElse(null));
    if (!statistics.mergedFrom().isEmpty()) {
      json.writeFieldName("mergedFrom");
      texts(statistics.mergedFrom());
    }
    json.writeEndObject();
  }

  private void group(String name, SortedMap<PixelKind, PixelSums> sums) throws IOException {
    PixelSums total = PixelSums.total(sums).orElseThrow();
    json.writeObjectFieldStart(name);
    json.writeNumberField("images", total.images());
    integer("pixels", total.pixels());
    depth(sums);
    measured(sums);
    json.writeEndObject();
  }

  /** What was measured: exact for each depth, and if there are several what follows for all. */
  private void measured(SortedMap<PixelKind, PixelSums> sums) throws IOException {
    Optional<PixelSums> total = PixelSums.total(sums);
    if (sums.size() == 1) {
      exact(total.orElseThrow());
      return;
    }
    json.writeArrayFieldStart("channels");
    int channels = total.map(t -> t.kind().channels()).orElse(0);
    for (int c = 0; c < channels; c++) {
      json.writeStartObject();
      ChannelStatistics channel = total.orElseThrow().channel(c);
      json.writeStringField("name", channel.name());
      integer("count", channel.count());
      moments(channel);
      json.writeEndObject();
    }
    json.writeEndArray();
    covariance(total);
    if (sums.size() > 1) {
      json.writeObjectFieldStart("depths");
      for (PixelSums one : sums.values()) {
        json.writeObjectFieldStart(Integer.toString(one.kind().depth()));
        json.writeNumberField("images", one.images());
        integer("pixels", one.pixels());
        exact(one);
        json.writeEndObject();
      }
      json.writeEndObject();
    }
  }

  private void exact(PixelSums sums) throws IOException {
    json.writeArrayFieldStart("channels");
    for (int c = 0; c < sums.kind().channels(); c++) {
      channel(sums, sums.channel(c));
    }
    json.writeEndArray();
    covariance(Optional.of(sums));
    matrix("sumsOfProducts", sums.kind().channels(), a -> b -> sums.product(a, b));
  }

  private void channel(PixelSums sums, ChannelStatistics channel) throws IOException {
    ChannelSums raw = channel.raw();
    json.writeStartObject();
    json.writeStringField("name", channel.name());
    integer("count", channel.count());
    integer("sum", raw.sum());
    integer("sumOfSquares", raw.sumOfSquares());
    moments(channel);
    integer("sumOfImageStandardDeviations", raw.sumOfDeviations());
    json.writeNumberField("min", raw.min());
    json.writeNumberField("max", raw.max());
    if (sums.histograms().isPresent()) {
      json.writeFieldName("quantiles");
      layout.objectsOnOneLine(true);
      json.writeStartObject();
      for (BigDecimal q : Quantiles.DEFAULT) {
        json.writeNumberField(q.toPlainString(), channel.quantile(q).orElseThrow());
      }
      json.writeEndObject();
      layout.objectsOnOneLine(false);
      long[] histogram = sums.histograms().get()[channel.channel()];
      json.writeFieldName("histogram");
      json.writeArray(histogram, 0, histogram.length);
    }
    json.writeEndObject();
  }

  private void moments(ChannelStatistics channel) throws IOException {
    number("mean", channel.mean());
    number("populationVariance", channel.populationVariance());
    number("populationStandardDeviation", channel.populationStandardDeviation());
    number("sampleVariance", channel.sampleVariance());
    number("sampleStandardDeviation", channel.sampleStandardDeviation());
    number("meanOfImageStandardDeviations", channel.meanOfImageStandardDeviations());
  }

  private void covariance(Optional<PixelSums> sums) throws IOException {
    int channels = sums.map(s -> s.kind().channels()).orElse(0);
    matrix("covariance", channels, a -> b -> sums.orElseThrow().channel(a).covariance(b));
  }

  private void matrix(String name, int size, IntFunction<IntFunction<Number>> values)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (int a = 0; a < size; a++) {
      json.writeStartArray();
      for (int b = 0; b < size; b++) {
        Number value = values.apply(a).apply(b);
        if (value instanceof BigInteger integer) {
          json.writeNumber(integer);
        } else {
          json.writeNumber(value.doubleValue());
        }
      }
      json.writeEndArray();
    }
    json.writeEndArray();
  }

  private void rejections(List<Rejection> rejections) throws IOException {
    json.writeFieldName("rejections");
    layout.arraysOnLines(!rejections.isEmpty());
    layout.objectsOnOneLine(true);
    json.writeStartArray();
    for (Rejection rejection : rejections) {
      json.writeStartObject();
      json.writeStringField("path", rejection.path());
      json.writeStringField("cause", rejection.cause());
      json.writeStringField("message", rejection.message());
      json.writeEndObject();
    }
    json.writeEndArray();
    layout.objectsOnOneLine(false);
    layout.arraysOnLines(false);
  }

  private void texts(List<String> texts) throws IOException {
    json.writeStartArray();
    for (String text : texts) {
      json.writeString(text);
    }
    json.writeEndArray();
  }

  private void integer(String name, BigInteger value) throws IOException {
    json.writeFieldName(name);
    json.writeNumber(value);
  }

  private void number(String name, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(name, value);
    } else {
      json.writeNullField(name);
    }
  }
}
