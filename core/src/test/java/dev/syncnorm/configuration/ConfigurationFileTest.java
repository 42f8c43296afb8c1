package dev.syncnorm.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import dev.syncnorm.storage.StoredFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationFileTest {

  private static final String TEXT =
      """
      model.layers = [
        { name = conv1, type = conv, filters = 16, kernel = 3 }
        { name = bn1, type = batch-norm, convention = { rule = cumulative } }
      ]
      train.optimizer = { type = adam, learning-rate = 1e-3 }
      """;

  @Test
  void layerIsAddressedByItsName() throws ConfigurationException {
    Config config =
        ConfigurationFile.parse(
            TEXT,
            List.of(
                "model.layers.conv1.filters=32", "model.layers.bn1.convention.variance=sample"));
    assertThat(config.getConfigList("model.layers")).hasSize(2);
    Config conv = config.getConfigList("model.layers").get(0);
    assertThat(conv.getInt("filters")).isEqualTo(32);
    assertThat(conv.getInt("kernel")).isEqualTo(3);
    Config convention = config.getConfigList("model.layers").get(1).getConfig("convention");
    assertThat(convention.getString("rule")).isEqualTo("cumulative");
    assertThat(convention.getString("variance")).isEqualTo("sample");
  }

  @Test
  void overrideWinsOverTheFileAndTheFileOverTheDefaults() throws ConfigurationException {
    Config config =
        ConfigurationFile.parse(
            TEXT, List.of("train.optimizer.learning-rate=0.5", "train.epochs=7"));
    assertThat(config.getDouble("train.optimizer.learning-rate")).isEqualTo(0.5);
    assertThat(config.getInt("train.epochs")).isEqualTo(7);
    assertThat(config.getDouble("train.optimizer.beta1")).isEqualTo(0.9);
  }

  @Test
  void laterOverrideWins() throws ConfigurationException {
    Config config = ConfigurationFile.parse(TEXT, List.of("train.epochs=7", "train.epochs=8"));
    assertThat(config.getInt("train.epochs")).isEqualTo(8);
  }

  /** HOCON would cut a text at // or #, and refuse a colon. */
  @ParameterizedTest
  @CsvSource({
    "data//train, data//train",
    "/x/y#1, /x/y#1",
    "hdfs://host:9000/x y, hdfs://host:9000/x y",
    "C:\\photos, C:\\photos",
    "a=b, a=b",
    "'\"quoted # text\"', quoted # text",
    "'', ''"
  })
  void textIsTakenAsItIs(String written, String expected) throws ConfigurationException {
    Config config = ConfigurationFile.parse(TEXT, List.of("data.input=" + written));
    assertThat(config.getString("data.input")).isEqualTo(expected);
  }

  @Test
  void listsAndObjectsAreHocon() throws ConfigurationException {
    Config config =
        ConfigurationFile.parse(
            TEXT,
            List.of("data.pixels.resize=[8, 9]", "train.optimizer={ type = adam, beta1 = 0.5 }"));
    assertThat(config.getIntList("data.pixels.resize")).containsExactly(8, 9);
    assertThat(config.getDouble("train.optimizer.beta1")).isEqualTo(0.5);
  }

  @Test
  void allWrongOverridesAreToldAtOnce() {
    assertThatThrownBy(
            () ->
                ConfigurationFile.parse(
                    TEXT,
                    List.of(
                        "model.layers.conv9.filters=32",
                        "train.epochs",
                        "=5",
                        "a..b=5",
                        "train.epochs=6")))
        .isInstanceOfSatisfying(
            ConfigurationException.class,
            e ->
                assertThat(e.mistakes())
                    .containsExactly(
                        "--set model.layers.conv9.filters=32: there is nothing with the name conv9;"
                            + " did you mean conv1?",
                        "--set train.epochs: expected key=value",
                        "--set =5: expected key=value",
                        "--set a..b=5: expected key=value with a key such as train.epochs"));
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(
            () -> ConfigurationFile.load(StoredFile.local(Path.of("no/such.conf")), List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("the configuration no/such.conf does not exist; give the path of a .conf file");
  }

  @Test
  void includedFilesLieBesideTheOneThatIncludesThem(@TempDir Path folder) throws Exception {
    Files.createDirectories(folder.resolve("parts"));
    Files.writeString(folder.resolve("parts/layers.conf"), TEXT);
    Files.writeString(folder.resolve("parts/all.conf"), "include \"layers.conf\"");
    Path file = folder.resolve("a.conf");
    Files.writeString(file, "include \"parts/all.conf\"\ntrain { epochs = 7 }");

    Config config = ConfigurationFile.load(StoredFile.local(file), List.of());

    assertThat(config.getConfigList("model.layers")).hasSize(2);
    assertThat(config.getInt("train.epochs")).isEqualTo(7);
    assertThat(config.getValue("model.layers").origin().description())
        .startsWith(folder.resolve("parts/layers.conf") + ": 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "include \"none.conf\"            | includes \"none.conf\", but there is no file FOLDER/none.conf",
        "include required(\"none.conf\")  | includes \"none.conf\", but there is no file FOLDER/none.conf",
        "include file(\"/etc/hosts\")     | includes file(\"/etc/hosts\"), expected a path relative to it",
        "include url(\"http://a/b.conf\") | includes url(\"http://a/b.conf\"), expected a path",
        "include classpath(\"a.conf\")    | includes classpath(\"a.conf\"), expected a path",
        "include \"a.conf\"               | includes \"a.conf\" 16 files deep, expected fewer",
        "a = {                            | FOLDER/a.conf:1: ",
      })
  void whatCanNotBeIncludedIsNamed(String text, String message, @TempDir Path folder)
      throws Exception {
    Path file = Files.writeString(folder.resolve("a.conf"), text);

    assertThatThrownBy(() -> ConfigurationFile.load(StoredFile.local(file), List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message.replace("FOLDER", folder.toString()));
  }

  @Test
  void aFileThatIsTooLongIsNamed(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("a.conf"), "#".repeat((4 << 20) + 1));

    assertThatThrownBy(() -> ConfigurationFile.load(StoredFile.local(file), List.of()))
        .hasMessage(
            "the configuration %s can't be read: it has more than 4,194,304 bytes; give the path of a .conf file"
                .formatted(file));
  }

  @Test
  void renderedConfigurationParsesToTheSame() throws ConfigurationException {
    Config config = ConfigurationFile.parse(TEXT, List.of("data.input=a//b"));
    assertThat(ConfigurationFile.parse(ConfigurationFile.render(config), List.of()))
        .isEqualTo(config);
  }
}
