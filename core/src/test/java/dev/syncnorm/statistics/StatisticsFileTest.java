package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.testing.RandomStatistics;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsFileTest {

  static final String DIGEST = "0123456789abcdef".repeat(4);

  static final PixelKind RGB = new PixelKind(3, 8);
  static final PixelKind DEEP_RGB = new PixelKind(3, 16);
  private static final PixelKind GRAY = new PixelKind(1, 8);
  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whatIsWrittenIsReadAgain(long seed) throws Exception {
    Random random = new Random(seed);
    List<String> groups = List.of("cat", "", "a \"b\" \u00e9 <c>", "dog.x");
    for (DataSetStatistics statistics :
        List.of(
            of(random, Channels.RGB, 9, true, groups, RGB),
            of(random, Channels.RGB, 9, false, List.of(), RGB),
            of(random, Channels.RGB, 1, true, groups, DEEP_RGB),
            of(random, Channels.RGB, 8, true, groups, RGB, DEEP_RGB),
            of(random, Channels.GRAY, 5, true, List.of(), GRAY),
            of(random, Channels.NATIVE, 5, true, groups, new PixelKind(2, 16)),
            of(
                random,
                Channels.NATIVE,
                6,
                false,
                groups,
                new PixelKind(4, 8),
                new PixelKind(4, 16)),
            of(random, Channels.RGB, 0, true, List.of(), RGB))) {
      byte[] json = StatisticsFile.toJson(statistics);

      DataSetStatistics read = read(json);

      assertThat(StatisticsFile.toJson(read)).isEqualTo(json);
      assertThat(read.rejections()).isEqualTo(statistics.rejections());
      assertThat(read.pixels()).isEqualTo(statistics.pixels());
      assertThat(read.digest()).isEqualTo(statistics.digest());
      assertThat(read.groups().keySet()).isEqualTo(statistics.groups().keySet());
      assertThat(read.sums().keySet()).isEqualTo(statistics.sums().keySet());
      statistics
          .sums()
          .forEach(
              (kind, sums) -> {
                assertThat(read.sums().get(kind).channels()).isEqualTo(sums.channels());
                assertThat(read.sums().get(kind).products()).isEqualTo(sums.products());
                assertThat(read.sums().get(kind).histograms().isPresent())
                    .isEqualTo(sums.histograms().isPresent());
              });
    }
  }

  @Test
  void fieldsHaveTheNamesAndPlacesOfTheFormat() throws Exception {
    JsonNode json = JSON.readTree(StatisticsFile.toJson(some(true)));

    assertThat(names(json))
        .containsExactly(
            "format",
            "version",
            "inputs",
            "pixels",
            "images",
            "channels",
            "covariance",
            "sumsOfProducts",
            "groups",
            "rejections",
            "elapsedSeconds",
            "megapixelsPerSecond");
    assertThat(json.path("pixels").toString())
        .isEqualTo("{\"order\":\"rgb\",\"resize\":[12,34],\"crop\":null,\"depth\":8}");
    assertThat(names(json.path("images")))
        .containsExactly("accepted", "rejected", "pixels", "bytes", "digest");
    assertThat(names(json.at("/channels/0")))
        .containsExactly(
            "name",
            "count",
            "sum",
            "sumOfSquares",
            "mean",
            "populationVariance",
            "populationStandardDeviation",
            "sampleVariance",
            "sampleStandardDeviation",
            "meanOfImageStandardDeviations",
            "sumOfImageStandardDeviations",
            "min",
            "max",
            "quantiles",
            "histogram");
    assertThat(names(json.at("/channels/0/quantiles")))
        .containsExactly("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99");
    assertThat(json.at("/channels/2/histogram")).hasSize(256);
    assertThat(names(json.at("/rejections/0"))).containsExactly("path", "cause", "message");
  }

  @Test
  void aHistogramHasOneLine() {
    String text = new String(StatisticsFile.toJson(some(true)), StandardCharsets.UTF_8);

    assertThat(text.lines().filter(line -> line.contains("\"histogram\""))).hasSize(3);
    assertThat(text.lines().filter(line -> line.contains("\"cause\""))).hasSize(2);
    assertThat(text.lines().count()).isLessThan(90);
  }

  @Test
  void mixedDepthsHaveABlockEachAndScaledMomentsOfAll() throws Exception {
    DataSetStatistics statistics =
        of(new Random(7), Channels.RGB, 6, true, List.of(), RGB, DEEP_RGB);

    JsonNode json = JSON.readTree(StatisticsFile.toJson(statistics));

    assertThat(json.at("/pixels/depth").isNull()).isTrue();
    assertThat(names(json.path("depths"))).containsExactly("8", "16");
    assertThat(json.at("/depths/16/channels/0/histogram")).hasSize(65536);
    assertThat(names(json.at("/channels/0"))).doesNotContain("sum", "histogram", "min");
    double sum =
        json.at("/depths/8/channels/1/sum").doubleValue() / 255
            + json.at("/depths/16/channels/1/sum").doubleValue() / 65535;
    // Two additions and two divisions of doubles, each right to half an ulp.
    assertThat(json.at("/channels/1/mean").doubleValue())
        .isCloseTo(
            sum / json.at("/images/pixels").doubleValue(),
            org.assertj.core.data.Percentage.withPercentage(1e-13));
  }

  @Test
  void integersHaveAnySize() throws Exception {
    BigInteger count = BigInteger.TEN.pow(40);
    ChannelSums one =
        new ChannelSums(
            count.multiply(BigInteger.valueOf(100)),
            count.multiply(BigInteger.valueOf(10_000)),
            BigInteger.ZERO,
            100,
            100);
    PixelSums sums = new PixelSums(GRAY, 5, count, List.of(one), List.of(), Optional.empty());
    DataSetStatistics statistics = withSums(some(true), Channels.GRAY, sums);

    DataSetStatistics read = read(StatisticsFile.toJson(statistics));

    assertThat(read.sums().get(GRAY)).isEqualTo(sums);
    assertThat(read.sums().get(GRAY).channel(0).mean()).isEqualTo(100.0 / 255);
  }

  @Test
  void aSampleOfOneValueHasNoVariance() throws Exception {
    PixelSums sums =
        new PixelSums(
            GRAY,
            1,
            BigInteger.ONE,
            List.of(new ChannelSums(BigInteger.TWO, BigInteger.valueOf(4), BigInteger.ZERO, 2, 2)),
            List.of(),
            Optional.empty());
    byte[] json = StatisticsFile.toJson(withSums(some(true), Channels.GRAY, sums));

    assertThat(JSON.readTree(json).at("/channels/0/sampleVariance").isNull()).isTrue();
    assertThat(read(json).sums().get(GRAY).channel(0).sampleVariance()).isNaN();
  }

  @Test
  void doublesHaveTheFewestDigitsThatReadBack() throws Exception {
    // Double.toString before Java 19 says 1.9999999999999998E23.
    DataSetStatistics base = some(true);
    DataSetStatistics slow =
        new DataSetStatistics(
            base.inputs(),
            base.pixels(),
            base.accepted(),
            base.bytes(),
            base.digest(),
            base.sums(),
            base.groups(),
            base.rejections(),
            2e23);

    assertThat(new String(StatisticsFile.toJson(slow), StandardCharsets.UTF_8))
        .contains("\"elapsedSeconds\" : 2.0E23");
  }

  @Test
  void fieldsMayComeInAnyOrderAndWithOthers() throws Exception {
    byte[] json =
        StatisticsFile.toJson(of(new Random(3), Channels.RGB, 7, true, List.of("a"), RGB));
    ObjectNode sorted = JSON.createObjectNode();
    ObjectNode root = (ObjectNode) JSON.readTree(json);
    root.putArray("aNewField").addObject().putArray("x");
    names(root).stream().sorted().forEach(name -> sorted.set(name, root.get(name)));

    assertThat(StatisticsFile.toJson(read(JSON.writeValueAsBytes(sorted)))).isEqualTo(json);
  }

  @Test
  void aNewerVersionIsToldBeforeAllElse() {
    String text =
        new String(StatisticsFile.toJson(some(true)), StandardCharsets.UTF_8)
            .replace("\"version\" : 1", "\"version\" : 2")
            .replace("\"groups\" : { }", "\"groups\" : {\"a\": []}");

    assertThatThrownBy(() -> read(text.getBytes(StandardCharsets.UTF_8)))
        .hasMessage(
            "here/stats.json: version 2 is newer than this syncnorm reads (1); update syncnorm");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "3", "{}", "{\"format\": \"syncnorm/index\", \"version\": 1}"})
  void anotherFormatIsToldAsSuch(String text) {
    assertThatThrownBy(() -> read(text.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(StatisticsFileException.class)
        .hasMessageStartingWith("here/stats.json is no file of statistics: expected one that");
  }

  @Test
  void aFileThatIsNotThereIsToldAsSuch(@org.junit.jupiter.api.io.TempDir Path folder) {
    Path file = folder.resolve("stats.json");

    assertThatThrownBy(() -> StatisticsFile.read(StoredFile.local(file)))
        .isInstanceOf(StatisticsFileException.class)
        .hasMessageStartingWith(file + " does not exist; expected a file that");
  }

  @Test
  void anErrorOfTheStorageIsToldWithItsPath() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("disk on fire");
          }
        };

    assertThatThrownBy(() -> StatisticsFile.read(broken, "x.json"))
        .isInstanceOf(StatisticsFileException.class)
        .hasMessage("x.json can't be read: disk on fire");
  }

  @Test
  void theSchemaKnowsTheCauses() throws Exception {
    JsonNode schema = JSON.readTree(Files.readString(Path.of("../docs/statistics.schema.json")));

    assertThat(schema.at("/properties/rejections/items/properties/cause/enum").toString())
        .isEqualTo(
            JSON.valueToTree(
                    Arrays.stream(BadImageCause.values()).map(BadImageCause::label).toList())
                .toString());
  }

  static DataSetStatistics some(boolean histograms) {
    return of(new Random(11), Channels.RGB, 4, histograms, List.of(), RGB);
  }

  static DataSetStatistics of(
      Random random,
      Channels channels,
      int images,
      boolean histograms,
      List<String> groups,
      PixelKind... kinds) {
    return RandomStatistics.of(
        "images",
        channels,
        RandomStatistics.images(random, images, histograms, groups, kinds),
        2,
        DIGEST);
  }

  private static DataSetStatistics withSums(
      DataSetStatistics base, Channels channels, PixelSums sums) {
    return new DataSetStatistics(
        base.inputs(),
        new PixelSettings(channels, Optional.empty(), Optional.empty()),
        sums.images(),
        base.bytes(),
        base.digest(),
        new TreeMap<>(java.util.Map.of(sums.kind(), sums)),
        new TreeMap<>(),
        base.rejections(),
        base.elapsedSeconds());
  }

  static DataSetStatistics read(byte[] json) throws StatisticsFileException {
    return StatisticsFile.read(new ByteArrayInputStream(json), "here/stats.json");
  }

  private static List<String> names(JsonNode node) {
    List<String> names = new java.util.ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
