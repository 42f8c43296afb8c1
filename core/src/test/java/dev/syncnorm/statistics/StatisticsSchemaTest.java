package dev.syncnorm.statistics;

import static dev.syncnorm.statistics.StatisticsFileTest.DEEP_RGB;
import static dev.syncnorm.statistics.StatisticsFileTest.RGB;
import static dev.syncnorm.statistics.StatisticsFileTest.of;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.testing.FolderStatistics;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** docs/statistics.schema.json and docs/examples/stats.json tell what the program does. */
class StatisticsSchemaTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path EXAMPLE = Path.of("../docs/examples/stats.json");

  private final JsonSchema schema = schema();

  @Test
  void whatIsWrittenIsAsTheSchemaSays() throws Exception {
    Random random = new Random(1);
    DataSetStatistics first = of(random, Channels.RGB, 9, true, List.of("a", "b"), RGB);
    for (DataSetStatistics statistics :
        List.of(
            first,
            first.withSettings(new TreeMap<>(Map.of("verify", "strict", "column", "a.b"))),
            of(random, Channels.RGB, 9, false, List.of(), RGB),
            of(random, Channels.RGB, 8, true, List.of("a", "b"), RGB, DEEP_RGB),
            of(random, Channels.NATIVE, 3, true, List.of(), new PixelKind(4, 16)),
            of(random, Channels.GRAY, 1, true, List.of(), new PixelKind(1, 8)),
            of(random, Channels.RGB, 0, true, List.of(), RGB))) {
      assertThat(schema.validate(JSON.readTree(StatisticsFile.toJson(statistics)))).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/channels/0/sum, 1.5",
    "/channels/0/mean, 2",
    "/channels/0/min, -1",
    "/channels/0/name, 'x'",
    "/channels/0/histogram, 3",
    "/images/digest, 3",
    "/pixels/depth, 12",
    "/groups, 3",
    "/settings, 3",
    "/rejections, 3",
    "/version, 2",
    "/covariance, 0.5"
  })
  void theSchemaRefusesWhatTheProgramRefuses(String pointer, String value) throws Exception {
    ObjectNode root = (ObjectNode) example();
    int end = pointer.lastIndexOf('/');
    ObjectNode parent = (ObjectNode) root.at(pointer.substring(0, end));
    String name = pointer.substring(end + 1);

    parent.set(name, JSON.readTree(value.equals("x") ? "\"x\"" : value));
    assertThat(schema.validate(root)).as(pointer).isNotEmpty();
    parent.remove(name);
    if (!List.of("histogram", "settings").contains(name)) { // which may be missing
      assertThat(schema.validate(root)).as("no " + pointer).isNotEmpty();
    }
  }

  @Test
  void theExampleIsThatOfTheSamplePhotographs() throws Exception {
    // `-Dsyncnorm.examples=write` writes it anew.
    DataSetStatistics computed =
        FolderStatistics.of(Path.of("../data/train"), "data/train", true, 0.25);
    byte[] json = StatisticsFile.toJson(computed);
    if ("write".equals(System.getProperty("syncnorm.examples"))) {
      Files.createDirectories(EXAMPLE.getParent());
      Files.write(EXAMPLE, json);
    }

    assertThat(new String(json, java.nio.charset.StandardCharsets.UTF_8))
        .isEqualTo(Files.readString(EXAMPLE));
    assertThat(schema.validate(example())).isEmpty();
    assertThat(
            StatisticsFile.toJson(
                StatisticsFile.read(new ByteArrayInputStream(json), EXAMPLE.toString())))
        .isEqualTo(json);
  }

  private static JsonNode example() throws IOException {
    return JSON.readTree(EXAMPLE.toFile());
  }

  private static JsonSchema schema() {
    try {
      return JsonSchemaFactory.getInstance(VersionFlag.V202012)
          .getSchema(Files.readString(Path.of("../docs/statistics.schema.json")));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
