package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.spark.testing.ImageFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sun.misc.Signal;

class StatsCommandTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private ImageFolder images;

  @BeforeEach
  void makeImages() {
    images =
        new ImageFolder(folder.resolve("images"))
            .png("cat/1.png", 12, 9)
            .png("cat/2.png", 7, 9)
            .jpeg("dog/1.jpg", 30, 20)
            .file("dog/1.txt", new byte[] {'d', 'o', 'g'})
            .file("dog/2.jpg", new byte[0])
            .file("dog/._1.jpg", new byte[] {1})
            .file("_SUCCESS", new byte[0]);
  }

  @AfterEach
  void stopSession() {
    SparkSessionOfTheCaller.stop();
  }

  @Test
  void printsATableAndWritesTheFile() throws IOException {
    Command command = stats("-o", path("s.json"));

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.error()).isEmpty();
    assertThat(command.output().lines())
        .contains("stats     " + images.path())
        .contains("images    3 accepted, 1 rejected (1 empty); 1 other file, 2 hidden passed over")
        .anyMatch(line -> line.matches("pixels    771 of 8 bits, \\S+ KiB in files"))
        .anyMatch(line -> line.matches("speed     \\S+ Mpx/s, \\S+ s"))
        .anyMatch(line -> line.matches("digest    [0-9a-f]{64}"))
        .anyMatch(line -> line.matches("  scaled to \\[0, 1\\] +red +green +blue"))
        .anyMatch(line -> line.matches("  mean +0\\.\\d{6} +0\\.\\d{6} +0\\.\\d{6}"))
        .anyMatch(line -> line.matches("  median +\\d+ +\\d+ +\\d+"))
        .anyMatch(line -> line.startsWith("  transforms.Normalize(mean=["))
        .contains(
            "  %s is empty: the file has no bytes".formatted(images.folder().resolve("dog/2.jpg")))
        .last()
        .isEqualTo(path("s.json"));
    assertThat(command.output().lines())
        .filteredOn(line -> !line.contains("=["))
        .filteredOn(line -> !line.contains(folder.toString()))
        .allMatch(line -> line.length() < 80);
    JsonNode json = JSON.readTree(folder.resolve("s.json").toFile());
    assertThat(json.get("format").textValue()).isEqualTo("syncnorm/statistics");
    assertThat(json.get("inputs")).hasSize(1);
    assertThat(json.get("inputs").get(0).textValue()).isEqualTo(images.path());
    assertThat(json.get("images").get("accepted").intValue()).isEqualTo(3);
    assertThat(json.get("images").get("rejected").intValue()).isEqualTo(1);
    assertThat(json.get("images").get("pixels").intValue()).isEqualTo(771);
    assertThat(json.get("channels")).hasSize(3);
    assertThat(json.get("megapixelsPerSecond").doubleValue()).isPositive();
  }

  @Test
  void whatIsNotWantedIsLeftOut() throws IOException {
    Command command = stats("-o", path("s.json"), "--no-histogram", "--no-digest", "--quiet");

    assertThat(command.output()).isEqualTo(path("s.json") + System.lineSeparator());
    JsonNode json = JSON.readTree(folder.resolve("s.json").toFile());
    assertThat(json.get("images").path("digest").isTextual()).isFalse();
    assertThat(json.get("channels").get(0).path("histogram").isArray()).isFalse();
    assertThat(json.get("channels").get(0).get("sum").canConvertToLong()).isTrue();
  }

  @Test
  void withoutAFileThereIsTheTableAlone() throws IOException {
    Command command = stats("--channels", "gray", "--resize", "8x6", "--crop", "4x4");

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.output())
        .containsPattern("pixels    48 of 8 bits, resized to 8x6, the middle 4x4, ")
        .containsPattern("scaled to \\[0, 1\\] +gray\n");
    assertThat(new ImageFolder(folder).names()).allMatch(name -> name.startsWith("images/"));
  }

  @Test
  void groupsAreListed() {
    Command command = stats("--group-by", "parent");

    assertThat(command.output())
        .containsPattern("group +images +mean r +mean g +mean b +std r +std g +std b\n")
        .containsPattern("\n  cat +2( +0\\.\\d{4}){6}\n")
        .containsPattern("\n  dog +1( +0\\.\\d{4}){6}\n");
  }

  @Test
  void partsThatAreMergedGiveWhatTheWholeGives() throws IOException {
    run("stats", images.path() + "/cat", "-o", path("cat.json"));
    run("stats", images.path() + "/dog", "-o", path("dog.json"));
    run("stats", images.path(), "-o", path("all.json"));

    Command command =
        run("stats", "-o", path("merged.json"), "--merge", path("cat.json"), path("dog.json"));

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.output()).contains("images    3 accepted, 1 rejected (1 empty)");
    JsonNode all = JSON.readTree(folder.resolve("all.json").toFile());
    JsonNode merged = JSON.readTree(folder.resolve("merged.json").toFile());
    for (String field : List.of("channels", "covariance", "rejections", "pixels")) {
      assertThat(merged.get(field)).as(field).isEqualTo(all.get(field));
    }
  }

  @Test
  void theSameCommandAgainReplacesItsFileAndAnotherIsRefused() throws IOException {
    String[] again = {"-o", path("s.json")};
    assertThat(stats(again).exitCode()).isZero();
    images.png("cat/3.png", 5, 5);

    assertThat(stats(again).exitCode()).isZero();
    byte[] kept = Files.readAllBytes(folder.resolve("s.json"));
    Command other = stats("-o", path("s.json"), "--resize", "8x8");

    assertThat(JSON.readTree(kept).get("images").get("accepted").intValue()).isEqualTo(4);
    assertThat(other.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(other.error()).contains("not with statistics of these inputs and pixels");
    assertThat(folder.resolve("s.json")).hasBinaryContent(kept);
  }

  @ParameterizedTest
  @CsvSource({
    "--group-by parent, '', 'with groups, which this command leaves out'",
    "'', --group-by parent, without groups",
    "'', --no-histogram, 'with histograms, which this command leaves out'",
    "'', --no-digest, 'with a digest, which this command leaves out'",
    "--no-digest --no-histogram, '', without histograms and a digest",
    "--group-by parent --no-digest, --no-histogram,"
        + " 'with groups and histograms, which this command leaves out, without a digest'",
    "--verify strict, '', by --verify strict instead of the default settings",
    "'', --max-pixels 5000, by the default settings instead of --max-pixels 5000",
    "--decode-timeout 50, --decode-timeout 40,"
        + " by --decode-timeout 50 instead of --decode-timeout 40",
    "'', --column a.b, by the default settings instead of --column a.b",
  })
  void statisticsByOtherOptionsAreNotReplaced(String first, String then, String difference)
      throws IOException {
    assertThat(stats(words("-o " + path("s.json") + " " + first)).exitCode()).isZero();
    byte[] kept = Files.readAllBytes(folder.resolve("s.json"));

    Command other = stats(words("-o " + path("s.json") + " " + then));

    assertThat(other.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(other.error())
        .isEqualTo(
            "syncnorm: -o %s is there already, and %s; remove it or choose another name\n"
                .formatted(path("s.json"), difference));
    assertThat(folder.resolve("s.json")).hasBinaryContent(kept);
    assertThat(stats(words("-o " + path("s.json") + " " + first)).exitCode()).isZero();
  }

  private static String[] words(String line) {
    return line.strip().split(" ");
  }

  @Test
  void aFileIsMergedOnceOnly() throws IOException {
    stats("-o", path("s.json"), "--no-digest");
    Files.copy(folder.resolve("s.json"), folder.resolve("copy.json"));

    Command command =
        run("stats", "-o", path("all.json"), "--merge", path("s.json"), path("copy.json"));

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error())
        .startsWith(
            "syncnorm: %s and %s have the same".formatted(path("s.json"), path("copy.json")))
        .hasLineCount(1);
    assertThat(folder.resolve("all.json")).doesNotExist();
  }

  @Test
  void aSinglePixelHasADashForWhatItIsNoSampleOf() {
    images.png("one/1.png", 1, 1);

    Command command = run("stats", images.path() + "/one");

    assertThat(command.output())
        .containsPattern("\n  +of a sample +- +- +-\n")
        .doesNotContain("NaN");
  }

  /** The table's lines come when all is measured; a signal at the first of them is too late. */
  @Test
  void aSignalAtTheVeryEndChangesNothing() {
    StringWriter text = new StringWriter();
    AtomicBoolean raised = new AtomicBoolean();
    PrintWriter out =
        new PrintWriter(text, true) {
          @Override
          public void println(String line) {
            super.println(line);
            if (raised.compareAndSet(false, true)) {
              Signal.raise(new Signal("TERM"));
              LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300)); // while it is handled
            }
          }
        };
    StringWriter err = new StringWriter();

    int code =
        Main.run(out, new PrintWriter(err, true), "stats", images.path(), "-o", path("s.json"));

    assertThat(raised).isTrue();
    assertThat(code).as(err.toString()).isZero();
    assertThat(text.toString()).endsWith(path("s.json") + System.lineSeparator());
    assertThat(folder.resolve("s.json")).isRegularFile();
  }

  @Test
  void bothCoresGiveTheBytesOfOne() throws IOException {
    for (int i = 0; i < 40; i++) {
      images.png("more/%d.png".formatted(i), 10 + i, 15);
    }
    run(
        "stats",
        images.path(),
        "-o",
        path("1.json"),
        "--master",
        "local[1]",
        "--group-by",
        "parent");
    run(
        "stats",
        images.path(),
        "-o",
        path("4.json"),
        "--master",
        "local[4]",
        "--group-by",
        "parent");

    assertThat(withoutTime("4.json")).isEqualTo(withoutTime("1.json"));
  }

  @Test
  void runsInASessionThatWasNotStartedForIt() {
    SparkSessionOfTheCaller.start(Map.of("spark.speculation", "true"));

    Command command = stats();

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(SparkSessionOfTheCaller.isRunning()).as("the caller's session goes on").isTrue();
  }

  @Test
  void badImagesGoToQuarantine() {
    Command command = stats("--on-bad", "quarantine", "--quarantine", path("quarantine"));

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(new ImageFolder(folder.resolve("quarantine")).names())
        .containsExactly("dog/2.jpg", "rejections.jsonl");
  }

  @Test
  void helpFitsATerminal() {
    Command command = run("stats", "--help");

    assertThat(command.exitCode()).isZero();
    assertThat(command.output().lines())
        .hasSizeGreaterThan(20)
        .allMatch(line -> line.length() <= 80);
    assertThat(command.output()).contains("Default: skip.").doesNotContain("${");
    assertThat(run("train", "--help").output()).contains("Default: fail.");
  }

  private String withoutTime(String name) throws IOException {
    return Files.readString(folder.resolve(name))
        .replaceAll("\"(elapsedSeconds|megapixelsPerSecond)\"[^,\\n}]*", "");
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private Command stats(String... options) {
    List<String> arguments = new ArrayList<>(List.of("stats", images.path()));
    arguments.addAll(List.of(options));
    return Command.run(arguments);
  }

  private static Command run(String... arguments) {
    return Command.run(List.of(arguments));
  }
}
