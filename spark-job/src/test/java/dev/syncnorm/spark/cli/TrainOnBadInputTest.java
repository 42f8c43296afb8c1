package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.testing.ImageFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train --on-bad} on a data set with two good pairs and three bad ones. */
class TrainOnBadInputTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private PairFolders data;

  @BeforeEach
  void makeDataSet() throws IOException {
    data =
        new PairFolders(folder)
            .pair("a", 9, 5)
            .pair("deep/b", 8, 8)
            .pair("c", 9, 7)
            .pair("d", 16, 16)
            .pair("deep/e", 7, 7);
    data.file("target/c.png", PairFolders.png(9, 8, 1));
    Files.delete(folder.resolve("input/d.png"));
    byte[] progressive = ImageFiles.jpeg(ImageFiles.picture(40, 30, 3), true);
    data.file("input/d.jpg", PairFolders.truncated(progressive));
    data.file("target/deep/e.png", "hello".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void failNamesEveryBadImage() {
    Command command = train();

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error().lines())
        .hasSize(3)
        .anyMatch(l -> l.contains("input/d.jpg is truncated: "))
        .anyMatch(l -> l.contains("target/deep/e.png is not-an-image: "))
        .anyMatch(l -> l.contains("target/c.png is 9x8 but its input "))
        .filteredOn(l -> !l.contains("9x8"))
        .allMatch(l -> l.endsWith("or leave its pair out with --on-bad skip"));
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void skipTrainsOnTheRestAndListsWhatIsLeftOut() throws IOException {
    Command command = train("--on-bad", "skip");

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.output())
        .contains("data      2 pairs of images")
        .contains(
            "rejected  6 images (2 bad-partner, 1 not-an-image, 1 truncated, 2 two-sizes);"
                + " listed in index.json");
    JsonNode index = JSON.readTree(folder.resolve("run/index.json").toFile());
    assertThat(index.get("images"))
        .extracting(image -> Path.of(image.get("path").textValue()))
        .containsExactly(folder.resolve("input/a.png"), folder.resolve("input/deep/b.png"));
    assertThat(index.get("rejected"))
        .extracting(
            r -> folder.relativize(Path.of(r.get("path").textValue())) + " " + r.get("cause"))
        .containsExactly(
            "input/c.png \"two-sizes\"",
            "input/d.jpg \"truncated\"",
            "input/deep/e.png \"bad-partner\"",
            "target/c.png \"two-sizes\"",
            "target/d.png \"bad-partner\"",
            "target/deep/e.png \"not-an-image\"");
  }

  @Test
  void quarantineCopiesTheBadImagesAndLeavesTheOriginals() throws IOException {
    Map<String, List<Byte>> inputs = data.files("input");
    Map<String, List<Byte>> targets = data.files("target");

    Command command = train("--on-bad", "quarantine", "--quarantine", quarantine());

    assertThat(command.exitCode()).as(command.error()).isZero();
    Map<String, List<Byte>> copies = data.files("quarantine");
    assertThat(copies)
        .containsOnlyKeys(
            "input/c.png", "input/d.jpg", "target/c.png", "target/deep/e.png", "rejections.jsonl");
    assertThat(copies.get("input/d.jpg")).isEqualTo(inputs.get("d.jpg"));
    assertThat(copies.get("target/deep/e.png")).isEqualTo(targets.get("deep/e.png"));
    List<String> lines = Files.readAllLines(folder.resolve("quarantine/rejections.jsonl"));
    assertThat(lines).hasSize(4);
    JsonNode line = JSON.readTree(lines.get(1));
    assertThat(line.get("path").textValue()).isEqualTo(folder.resolve("input/d.jpg").toString());
    assertThat(line.get("cause").textValue()).isEqualTo("truncated");
    assertThat(line.get("message").textValue()).isNotBlank();
    assertThat(line.get("copy").textValue()).isEqualTo("input/d.jpg");
    assertThat(data.files("input")).isEqualTo(inputs);
    assertThat(data.files("target")).isEqualTo(targets);
  }

  @Test
  void aSecondRunChangesNothingInTheQuarantineAndOverwritesNothing() throws IOException {
    data.file("quarantine/target/deep/e.png", new byte[] {1, 2, 3});
    String[] options = {"--on-bad", "quarantine", "--quarantine", quarantine()};
    assertThat(train(options).exitCode()).isZero();
    Map<String, List<Byte>> first = data.files("quarantine");
    Files.move(folder.resolve("run"), folder.resolve("run-1"));

    assertThat(train(options).exitCode()).isZero();

    assertThat(first).containsKey("target/deep/e-2.png");
    assertThat(first.get("target/deep/e.png")).isEqualTo(List.of((byte) 1, (byte) 2, (byte) 3));
    assertThat(data.files("quarantine")).isEqualTo(first);
  }

  @Test
  void aQuarantineThatTheNextRunWouldTrainOnIsRefused() {
    String inside = folder.resolve("input/bad").toString();

    Command command = train("--on-bad", "quarantine", "--quarantine", inside);

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error()).contains("choose a folder outside").hasLineCount(1);
    assertThat(Path.of(inside)).doesNotExist();
  }

  @Test
  void nothingLeftIsAnError() {
    for (String name : List.of("input/a.png", "input/deep/b.png")) {
      data.file(name, new byte[0]);
    }

    Command command = train("--on-bad", "skip");

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error())
        .contains("no pair of data.input " + folder.resolve("input") + " is left to train on")
        .contains("4 bad-partner, 2 empty, 1 not-an-image, 1 truncated, 2 two-sizes")
        .hasLineCount(1);
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void aMissingPartnerIsAnErrorEvenIfBadImagesAreSkipped() throws IOException {
    Files.delete(folder.resolve("target/a.png"));

    Command command = train("--on-bad", "skip");

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error()).contains("input/a.png has no target");
  }

  @Test
  void theOptionsNeedEachOther() {
    Command alone = train("--on-bad", "quarantine");
    Command without = train("--quarantine", quarantine());
    Command unknown = train("--on-bad", "ignore");

    assertThat(List.of(alone, without, unknown))
        .extracting(Command::exitCode)
        .containsOnly(Main.WRONG_USAGE);
    assertThat(alone.error()).contains("give one with --quarantine DIR");
    assertThat(without.error()).contains("--on-bad is fail; set --on-bad quarantine");
    assertThat(unknown.error()).contains("--on-bad").contains("ignore");
  }

  private String quarantine() {
    return folder.resolve("quarantine").toString();
  }

  private Command train(String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                data.configuration().toString(),
                "--run",
                folder.resolve("run").toString(),
                "--workers",
                "1"));
    arguments.addAll(List.of(options));
    return Command.run(arguments);
  }
}
