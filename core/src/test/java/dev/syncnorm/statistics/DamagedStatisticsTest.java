package dev.syncnorm.statistics;

import static dev.syncnorm.statistics.StatisticsFileTest.DEEP_RGB;
import static dev.syncnorm.statistics.StatisticsFileTest.RGB;
import static dev.syncnorm.statistics.StatisticsFileTest.of;
import static dev.syncnorm.statistics.StatisticsFileTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.image.PixelSettings.Channels;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No damage to stats.json goes unnoticed where it can be noticed, and each is told in one line. */
class DamagedStatisticsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final byte[] plain =
      StatisticsFile.toJson(of(new Random(5), Channels.RGB, 4, true, List.of("a", "b"), RGB));
  private final byte[] bare =
      StatisticsFile.toJson(of(new Random(6), Channels.RGB, 4, false, List.of("a", "b"), RGB));
  private final byte[] mixed =
      StatisticsFile.toJson(
          of(new Random(7), Channels.RGB, 4, false, List.of("a", "b"), RGB, DEEP_RGB));

  @Test
  void aFileThatIsCutAnywhereIsRefused() {
    int end = new String(bare, StandardCharsets.UTF_8).lastIndexOf('}');
    for (int length = 0; length <= end; length++) {
      byte[] cut = java.util.Arrays.copyOf(bare, length);
      assertOneLine(catchThrowable(() -> read(cut)), "cut to " + length);
    }
  }

  @Test
  void everyFieldIsMissed() throws Exception {
    for (byte[] file : List.of(plain, bare, mixed)) {
      everyField(file, (parent, name) -> parent.remove(name), List.of());
    }
  }

  @Test
  void everyFieldOfAnotherTypeIsNoticed() throws Exception {
    for (byte[] file : List.of(plain, bare, mixed)) {
      everyField(file, (parent, name) -> parent.put(name, true), List.of());
      everyField(file, (parent, name) -> parent.putObject(name).put("x", 1), List.of("groups"));
      everyField(file, (parent, name) -> parent.putArray(name).add("x"), List.of("inputs"));
    }
  }

  @Test
  void everyNumberThatIsNegativeOrHugeIsNoticed() throws Exception {
    for (byte[] file : List.of(plain, bare, mixed)) {
      everyField(
          file,
          (parent, name) -> parent.put(name, parent.path(name).isNumber() ? -1 : 1),
          List.of());
      everyField(
          file,
          (parent, name) -> parent.put(name, BigInteger.TEN.pow(30)),
          List.of("elapsedSeconds", "megapixelsPerSecond"));
    }
  }

  @Test
  void everySumThatIsOffByOneIsNoticedIfThereIsAHistogram() throws Exception {
    JsonNode root = JSON.readTree(plain);
    for (String name : List.of("count", "sum", "sumOfSquares", "min", "max")) {
      for (int by : new int[] {-1, 1}) {
        ObjectNode changed = root.deepCopy();
        ObjectNode channel = (ObjectNode) changed.at("/channels/1");
        channel.put(name, channel.path(name).bigIntegerValue().add(BigInteger.valueOf(by)));
        assertOneLine(
            catchThrowable(() -> read(JSON.writeValueAsBytes(changed))), name + " by " + by);
      }
    }
    for (int v = 0; v < 256; v++) {
      ObjectNode changed = root.deepCopy();
      ArrayNode histogram = (ArrayNode) changed.at("/channels/1/histogram");
      histogram.set(v, JSON.getNodeFactory().numberNode(histogram.get(v).longValue() + 1));
      assertThatThrownBy(() -> read(JSON.writeValueAsBytes(changed)))
          .hasMessageStartingWith("here/stats.json: channels[1].histogram is ");
    }
  }

  @Test
  void everyDerivedNumberThatIsNotWhatTheSumsGiveIsNoticed() throws Exception {
    for (byte[] file : List.of(plain, bare, mixed)) {
      everyField(
          file,
          (parent, name) ->
              parent.put(
                  name,
                  parent.path(name).isFloatingPointNumber()
                      ? parent.path(name).doubleValue() * (1 + 1e-10)
                      : -1),
          List.of("elapsedSeconds", "megapixelsPerSecond"));
    }
  }

  @Test
  void aMeanInOtherDigitsIsTheSameMean() throws Exception {
    ObjectNode root = (ObjectNode) JSON.readTree(plain);
    ObjectNode channel = (ObjectNode) root.at("/channels/0");
    channel.put("mean", Math.nextUp(channel.path("mean").doubleValue()));

    assertThatCode(() -> read(JSON.writeValueAsBytes(root))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /channels/0/name              | "blue"        | channels[0].name is 'blue', expected red
          /channels/0/min               | 256           | channels[0].min is 256, expected a whole number from 0 to 255
          /channels/0/quantiles/0.5     | 999           | channels[0].quantiles.0.5 is 999, expected a whole number from 0 to 255
          /channels/0/sum               | 1.5           | channels[0].sum is 1.5, expected a whole number from 0 on
          /pixels/order                 | "bgr"         | pixels.order is 'bgr', expected one of rgb, gray, native
          /pixels/order                 | "gray"        | pixels.order is 'gray', expected what 3 channels are
          /pixels/depth                 | 12            | pixels.depth is 12, expected 8 or 16
          /pixels/resize                | [1,0]         | pixels.resize[1] is 0, expected a whole number from 1 to 2147483647
          /pixels/resize                | [1]           | pixels.resize is an array of 1, expected an array of 2
          /images/rejected              | 3             | images.rejected is 3, expected 2, as many as are listed
          /images/digest                | "AB"          | images.digest is 'AB', expected 64 hexadecimal digits in lower case
          /images/bytes                 | -1            | images.bytes is -1, expected a whole number from 0 on
          /rejections/0/cause           | "lost"        | rejections[0].cause is 'lost', expected one of empty,
          /elapsedSeconds               | -0.5          | elapsedSeconds is -0.5, expected a number from 0 on
          /megapixelsPerSecond          | "fast\\n\\u0007" | megapixelsPerSecond is 'fast\ufffd\ufffd', expected a number
          /groups/a/depth               | 16            | groups.a.channels
          """)
  void aMistakeIsToldWithItsFieldValueAndWhatWasExpected(
      String pointer, String value, String message) throws Exception {
    ObjectNode root = (ObjectNode) JSON.readTree(plain);
    int end = pointer.lastIndexOf('/');
    JsonNode parent = root.at(pointer.substring(0, end));
    ((ObjectNode) parent).set(pointer.substring(end + 1), JSON.readTree(value));

    if (pointer.equals("/groups/a/depth")) {
      // Right in itself, as 16 bits hold what 8 do; but the scaled mean is another.
      message = "groups.a.channels[0].mean is ";
    }
    assertThatThrownBy(() -> read(JSON.writeValueAsBytes(root)))
        .isInstanceOf(StatisticsFileException.class)
        .hasMessageStartingWith("here/stats.json: " + message)
        .hasMessageEndingWith("compute it again with `syncnorm stats`");
  }

  @Test
  void sumsWithoutHistogramAreWithinWhatTheirRangeAllows() throws Exception {
    ObjectNode root = (ObjectNode) JSON.readTree(bare);
    ObjectNode channel = (ObjectNode) root.at("/channels/0");
    BigInteger n = channel.path("count").bigIntegerValue();
    BigInteger sum = channel.path("sum").bigIntegerValue();

    channel.put("sumOfSquares", sum.multiply(sum).divide(n).subtract(BigInteger.ONE));
    assertThatThrownBy(() -> read(JSON.writeValueAsBytes(root)))
        .hasMessageContaining("channels[0].sumOfSquares is ");

    channel.put("sumOfSquares", sum.multiply(BigInteger.valueOf(256)));
    assertThatThrownBy(() -> read(JSON.writeValueAsBytes(root)))
        .hasMessageContaining("channels[0].sumOfSquares is ");
  }

  @Test
  void groupsAreTogetherTheWhole() throws Exception {
    ObjectNode root = (ObjectNode) JSON.readTree(plain);
    ((ObjectNode) root.path("groups")).set("c", root.at("/groups/a").deepCopy());

    assertThatThrownBy(() -> read(JSON.writeValueAsBytes(root)))
        .hasMessageContaining("the groups together have not the images of 3 channels of 8 bits");
  }

  @Test
  void aFieldThatIsThereTwiceIsNoticed() {
    String text =
        new String(plain, StandardCharsets.UTF_8)
            .replace("\"version\" : 1,", "\"version\" : 1, \"version\" : 1,");

    assertThatThrownBy(() -> read(text.getBytes(StandardCharsets.UTF_8)))
        .hasMessageStartingWith("here/stats.json:3: no valid JSON: Duplicate field 'version'");
  }

  @Test
  void aFileThatIsNoJsonIsToldWithoutAdviceToProgrammers() {
    String text = new String(plain, StandardCharsets.UTF_8);
    String nan = text.replaceFirst("\"mean\" : [0-9.]+", "\"mean\" : NaN");
    String cut = text.substring(0, text.indexOf("\"sumOfSquares\""));
    String open = text.substring(0, text.lastIndexOf('}'));
    String end = "; the file is damaged or no statistics, so compute it with `syncnorm stats`";

    assertThatThrownBy(() -> read(nan.getBytes(StandardCharsets.UTF_8)))
        .hasMessageMatching(
            "here/stats.json:\\d+: no valid JSON: Non-standard token 'NaN'\\Q" + end + "\\E");
    for (String part : List.of(cut, open)) {
      assertThatThrownBy(() -> read(part.getBytes(StandardCharsets.UTF_8)))
          .hasMessageMatching(
              "here/stats.json:\\d+: no valid JSON: the file ends in the middle\\Q" + end + "\\E");
    }
    String deep = "{\"format\":" + "[".repeat(40);
    assertThatThrownBy(() -> read(deep.getBytes(StandardCharsets.UTF_8)))
        .hasMessage(
            "here/stats.json:1: no valid JSON: Document nesting depth (33) exceeds the maximum"
                + " allowed (32)"
                + end);
  }

  @Test
  void settingsThatAreNoTextsAreNoticed() {
    for (String settings : List.of("3", "{\"verify\" : true}")) {
      String text =
          new String(plain, StandardCharsets.UTF_8)
              .replace("\"version\" : 1,", "\"version\" : 1, \"settings\" : " + settings + ",");
      assertThatThrownBy(() -> read(text.getBytes(StandardCharsets.UTF_8)))
          .hasMessageStartingWith("here/stats.json: settings");
    }
  }

  @Test
  void whatFollowsTheObjectIsNoticed() {
    byte[] twice =
        (new String(plain, StandardCharsets.UTF_8) + "{}").getBytes(StandardCharsets.UTF_8);

    assertThatThrownBy(() -> read(twice)).hasMessageContaining("more after the end");
  }

  @ParameterizedTest
  @ValueSource(strings = {"unknown", "channels", "groups", "rejections", "inputs", "images"})
  void anAbsurdFileTakesLittleMemoryAndOneLine(String field) {
    String start = "{\"format\":\"syncnorm/statistics\",\"version\":1,\"" + field + "\":";
    assertOneLine(absurd(start + "[".repeat(100_000)), "deep");
    assertOneLine(absurd(start + "{\"a\":".repeat(100_000)), "deep objects");
    assertOneLine(absurd(start + "9".repeat(5_000_000) + "}"), "long number");
    assertOneLine(absurd(start + "1e999999999}"), "great number");
    assertOneLine(absurd(start + "\"" + "x".repeat(5_000_000) + "\"}"), "long text");
    assertOneLine(absurd("{\"" + "x".repeat(5_000_000) + "\":1}"), "long name");
    if (!field.equals("unknown")) {
      assertOneLine(endless(start + (field.equals("rejections") ? "[[" : "["), "0,"), "endless");
    }
  }

  private static Throwable absurd(String text) {
    return catchThrowable(() -> read(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** A file that does not end, or not within 100 MB. */
  private static Throwable endless(String start, String more) {
    List<InputStream> parts = new ArrayList<>();
    parts.add(new ByteArrayInputStream(start.getBytes(StandardCharsets.UTF_8)));
    byte[] block = more.repeat(50_000).getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 1000; i++) {
      parts.add(new ByteArrayInputStream(block));
    }
    InputStream all = new SequenceInputStream(Collections.enumeration(parts));
    return catchThrowable(() -> StatisticsFile.read(all, "here/stats.json"));
  }

  private static void assertOneLine(Throwable thrown, String what) {
    assertThat(thrown).as(what).isInstanceOf(StatisticsFileException.class);
    assertThat(thrown.getMessage())
        .as(what)
        .startsWith("here/stats.json")
        .hasSizeLessThan(700)
        .doesNotContainPattern("[\\p{Cntrl}]");
  }

  /** Changes each field of each object of a file in turn; it must be refused every time. */
  private static void everyField(
      byte[] file, BiConsumer<ObjectNode, String> change, List<String> harmless) throws Exception {
    JsonNode root = JSON.readTree(file);
    Map<String, String> places = new TreeMap<>();
    places(root, "", places);
    assertThat(places).hasSizeGreaterThan(60);
    for (String pointer : places.keySet()) {
      String name = places.get(pointer);
      boolean free =
          harmless.contains(name) || pointer.contains("/quantiles/") && name.startsWith("0.");
      ObjectNode changed = root.deepCopy();
      ObjectNode parent = (ObjectNode) changed.at(pointer.substring(0, pointer.lastIndexOf('/')));
      JsonNode before = parent.path(name).deepCopy();
      change.accept(parent, name);
      if (free || before.equals(parent.path(name))) {
        continue;
      }
      assertOneLine(
          catchThrowable(() -> read(JSON.writeValueAsBytes(changed))),
          pointer + ": " + before + " -> " + parent.path(name));
    }
  }

  private static void places(JsonNode node, String at, Map<String, String> places) {
    if (node.isObject()) {
      node.fields()
          .forEachRemaining(
              field -> {
                String pointer = at + "/" + field.getKey().replace("~", "~0").replace("/", "~1");
                places.put(pointer, field.getKey());
                places(field.getValue(), pointer, places);
              });
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        places(node.get(i), at + "/" + i, places);
      }
    }
  }
}
