package dev.syncnorm.training;

import static dev.syncnorm.testing.SampleStatistics.RED_GREEN_BLUE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.Config;
import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.testing.SampleStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Mean and std that a training takes from a stats.json. */
class PixelStatisticsTest {

  private static final String TEXT =
      """
      model {
        input = { height = 8, width = 9 }
        layers = [ { name = conv, type = conv, filters = 3, kernel = 1 } ]
      }
      data {
        input = in, target = out
        pixels = { order = bgr, statistics = stats.json }
      }
      """;

  /** As training resizes the images of {@link #TEXT}. */
  private static final PixelSettings RESIZED =
      new PixelSettings(Channels.RGB, Optional.of(new Extent(8, 9)), Optional.empty());

  /** What an executor can do: nothing is found and nothing is read. */
  private static final TrainConfiguration.Paths NO_FILES =
      new TrainConfiguration.Paths() {
        @Override
        public String locate(String written) {
          return written;
        }

        @Override
        public StoredFile file(String key, String located) {
          throw new AssertionError(key + " is read: " + located);
        }
      };

  @TempDir private Path folder;

  @Test
  void meanAndPopulationStdAreTakenByTheNamesOfTheChannels() throws Exception {
    statistics(SampleStatistics.json(RESIZED, RED_GREEN_BLUE));
    Pixels bgr = read(TEXT).data().pixels();
    assertThat(bgr.mean()).containsExactly(0.9, 0.4, 0.5);
    assertThat(bgr.std()).containsExactly(0.1, 0.2, 0.5);
    Pixels rgb = read(TEXT.replace("bgr", "rgb")).data().pixels();
    assertThat(rgb.mean()).containsExactly(0.5, 0.4, 0.9);
    assertThat(rgb.std()).containsExactly(0.5, 0.2, 0.1);
  }

  @Test
  void alphaIsLeftOut() throws Exception {
    int[][] pixels = {RED_GREEN_BLUE[0], RED_GREEN_BLUE[1], RED_GREEN_BLUE[2], {255, 255}};
    statistics(
        SampleStatistics.json(
            new PixelSettings(Channels.NATIVE, Optional.empty(), Optional.empty()),
            Map.of(new PixelKind(4, 8), pixels)));
    assertThat(read(TEXT).data().pixels().mean()).containsExactly(0.9, 0.4, 0.5);
  }

  @Test
  void whatIsSavedHoldsTheNumbersAndNeedsNoFile() throws Exception {
    byte[] json = SampleStatistics.json(RESIZED, RED_GREEN_BLUE);
    statistics(json);
    TrainConfiguration first = read(TEXT);
    String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(json));
    Config saved = ConfigurationFile.parse(first.text(), List.of());
    assertThat(saved.getDoubleList("data.pixels.mean")).containsExactly(0.9, 0.4, 0.5);
    assertThat(saved.getDoubleList("data.pixels.std")).containsExactly(0.1, 0.2, 0.5);
    assertThat(saved.getString("data.pixels.statistics.file")).isEqualTo("stats.json");
    assertThat(saved.getString("data.pixels.statistics.sha256")).isEqualTo(sha256);

    TrainConfiguration again = TrainConfiguration.read(saved, NO_FILES);
    assertThat(again.data().pixels()).isEqualTo(first.data().pixels());
    assertThat(again.text()).isEqualTo(first.text());
  }

  @Test
  void numbersOfManyDigitsAreSavedToTheLastBit() throws Exception {
    statistics(SampleStatistics.json(RESIZED, new int[][] {{1, 2, 4}, {7, 7, 8}, {250, 251, 255}}));
    TrainConfiguration first = read(TEXT);
    TrainConfiguration again =
        TrainConfiguration.read(ConfigurationFile.parse(first.text(), List.of()), NO_FILES);
    assertThat(again.data().pixels()).isEqualTo(first.data().pixels());
    assertThat(again.text()).isEqualTo(first.text());
  }

  @Test
  void aRunGoesOnWithTheNumbersItHasBegunWith() throws Exception {
    statistics(SampleStatistics.json(RESIZED, RED_GREEN_BLUE));
    String begun = read(TEXT).text();
    Config config = ConfigurationFile.parse(TEXT, List.of());

    Config resumed = TrainConfiguration.asBegun(config, begun);
    assertThat(TrainConfiguration.read(resumed, NO_FILES).text()).isEqualTo(begun);

    for (String other : List.of("statistics=other.json", "mean=[0,0,0]", "statistics=null")) {
      Config changed = ConfigurationFile.parse(TEXT, List.of("data.pixels." + other));
      assertThat(TrainConfiguration.asBegun(changed, begun)).as(other).isEqualTo(changed);
    }
    String plain = TEXT.replace(", statistics = stats.json", "");
    assertThat(TrainConfiguration.asBegun(config, read(plain).text())).isEqualTo(config);
    assertThat(TrainConfiguration.asBegun(config, "{ no HOCON")).isEqualTo(config);
  }

  @Test
  void withoutStatisticsNothingIsAddedToWhatIsSaved() throws Exception {
    String plain = TEXT.replace(", statistics = stats.json", "");
    assertThat(read(plain).text()).doesNotContain("mean ", "mean=", "std", "statistics");
    assertThat(read(plain).data().pixels().areNormalised()).isFalse();
  }

  @Test
  void otherPixelsThanThoseOfTheTrainingAreToldAbout() throws Exception {
    Extent size = new Extent(8, 9);
    String theirs =
        "data.pixels.statistics is stats.json, statistics of images %s, but training resizes images"
            + " to 8x9; bin/syncnorm stats --resize 8x9 makes those of what training sees";
    assertThat(warnings(Optional.of(size), Optional.empty())).isEmpty();
    assertThat(warnings(Optional.of(size), Optional.of(size))).isEmpty();
    assertThat(warnings(Optional.empty(), Optional.empty()))
        .containsExactly(theirs.formatted("in their own sizes"));
    assertThat(warnings(Optional.of(new Extent(9, 8)), Optional.empty()))
        .containsExactly(theirs.formatted("resized to 9x8"));
    assertThat(warnings(Optional.of(new Extent(16, 16)), Optional.of(size)))
        .containsExactly(theirs.formatted("resized to 16x16 and cropped to 8x9"));
  }

  private List<String> warnings(Optional<Extent> resize, Optional<Extent> crop) throws Exception {
    statistics(
        SampleStatistics.json(new PixelSettings(Channels.RGB, resize, crop), RED_GREEN_BLUE));
    return read(TEXT).warnings();
  }

  static Stream<Arguments> files() {
    PixelSettings gray = new PixelSettings(Channels.GRAY, Optional.empty(), Optional.empty());
    int[][] one = {{1, 2}};
    String expected =
        "7: data.pixels.statistics is \"stats.json\", which has statistics of %s, expected those of"
            + " images as training reads them: red, green, blue of 8 bits; ";
    String remake = "make them with bin/syncnorm stats --channels rgb";
    String deep =
        "training reads 16 bits as 8, so measure the images of 8 bits alone, or give"
            + " data.pixels.mean and data.pixels.std instead";
    return Stream.of(
        Arguments.of(
            "gray",
            SampleStatistics.json(gray, Map.of(new PixelKind(1, 8), one)),
            expected.formatted("gray of 8 bits") + remake),
        Arguments.of(
            "16 bits",
            SampleStatistics.json(RESIZED, Map.of(new PixelKind(3, 16), RED_GREEN_BLUE)),
            expected.formatted("red, green, blue of 16 bits") + deep),
        Arguments.of(
            "mixed depths",
            SampleStatistics.json(
                RESIZED,
                Map.of(new PixelKind(3, 8), RED_GREEN_BLUE, new PixelKind(3, 16), RED_GREEN_BLUE)),
            expected.formatted("red, green, blue of 8 bits and red, green, blue of 16 bits")
                + deep),
        Arguments.of(
            "no images",
            SampleStatistics.json(RESIZED, Map.of()),
            expected.formatted("no image") + remake),
        Arguments.of(
            "a constant channel",
            SampleStatistics.json(RESIZED, new int[][] {{0, 255}, {7, 7}, {204, 255}}),
            "7: data.pixels.statistics is \"stats.json\", whose channel green is constant: its"
                + " standard deviation is 0, by which nothing can be divided; give data.pixels.mean"
                + " and data.pixels.std instead"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void statisticsThatATrainingCanNotUseAreAMistake(String name, byte[] json, String line)
      throws IOException {
    statistics(json);
    assertThat(mistakes(TEXT)).containsExactly("my.conf:" + line);
  }

  @Test
  void aFileThatIsNoStatisticsIsToldInTheWordsOfItsReader() throws IOException {
    statistics(new byte[] {'{'});
    assertThat(mistakes(TEXT))
        .singleElement()
        .asString()
        .startsWith("my.conf:7: data.pixels.statistics: stats.json:1: no valid JSON: ");
  }

  @Test
  void allMistakesAreToldAtOnce() throws IOException {
    String text =
        TEXT.replace(
                "statistics = ", "scale = 1\n mean = [0, 0, 0]\n std = [1, 1, 1]\n statistics = ")
            .replace("in, target", "in\n targte");
    assertThat(mistakes(text))
        .containsExactly(
            "my.conf:5: data.target is missing, expected a text",
            "my.conf:7: data.targte is not a known key; did you mean target?",
            "my.conf:8: data.pixels.scale is 1, expected 255, as the numbers of"
                + " data.pixels.statistics are of [0, 1]",
            "my.conf:9: data.pixels.mean is given, and data.pixels.statistics gives it too; leave"
                + " one of them out",
            "my.conf:10: data.pixels.std is given, and data.pixels.statistics gives it too; leave"
                + " one of them out",
            "my.conf:11: data.pixels.statistics is \"stats.json\", expected a stats.json, but there"
                + " is no file stats.json");
  }

  private void statistics(byte[] json) throws IOException {
    Files.write(folder.resolve("stats.json"), json);
  }

  private TrainConfiguration read(String text) throws ConfigurationException, IOException {
    Path file = Files.writeString(folder.resolve("my.conf"), text);
    return TrainConfiguration.read(
        ConfigurationFile.load(StoredFile.local(file), List.of()),
        written -> folder.resolve(written).toString());
  }

  private List<String> mistakes(String text) {
    ConfigurationException e = catchThrowableOfType(ConfigurationException.class, () -> read(text));
    assertThat(e).as("a mistake").isNotNull();
    return e.mistakes().stream().map(line -> line.replace(folder + "/", "")).toList();
  }
}
