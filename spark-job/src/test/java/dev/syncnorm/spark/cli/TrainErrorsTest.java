package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every mistake gives its line and its exit code, and leaves no run folder behind. */
class TrainErrorsTest {

  private static final String CONFIGURATION =
      """
      model {
        input = { height = 8, width = 8 }
        layers = [
          { name = conv1, type = conv, filters = 3, kernel = 3 }
          { name = bn1, type = batch-norm }
        ]
      }
      data { input = INPUT, target = TARGET }
      train { epochs = 1, batch-size = 2 }
      """;

  @TempDir private Path folder;

  /** Changes a good data set or command line into a bad one. */
  private interface Mistake {
    void make(Path folder, List<String> arguments) throws IOException;
  }

  /** A mistake and what it must lead to. */
  private record Case(String name, int exitCode, String message, Mistake mistake) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(
            "no configuration",
            2,
            "no.conf does not exist; give the path of a .conf file",
            (folder, arguments) -> arguments.set(1, folder.resolve("no.conf").toString())),
        new Case(
            "an unknown option",
            2,
            "Unknown option: '--worker'",
            (folder, arguments) -> arguments.add("--worker")),
        new Case(
            "an unknown key",
            2,
            "c.conf:9: train.epoch is not a known key; did you mean epochs?",
            (folder, arguments) -> write(folder, "train { epochs = 1", "train { epoch = 1")),
        new Case(
            "an unknown backend",
            2,
            "--backend",
            (folder, arguments) -> arguments.addAll(List.of("--backend", "gpu"))),
        new Case(
            "no workers",
            2,
            "--workers is 0, expected 1 or more",
            (folder, arguments) -> arguments.addAll(List.of("--workers", "0"))),
        new Case(
            "more workers than cores",
            1,
            "--workers is 3, but --master local[2] runs 2 tasks at once; use --master local[3]",
            (folder, arguments) ->
                arguments.addAll(List.of("--workers", "3", "--master", "local[2]"))),
        new Case(
            "a master that is none",
            2,
            "--master is sprak://x",
            (folder, arguments) -> arguments.addAll(List.of("--master", "sprak://x"))),
        new Case(
            "no input folder",
            1,
            "which does not exist; expected a folder of images",
            (folder, arguments) -> {
              Files.move(folder.resolve("input"), folder.resolve("elsewhere"));
            }),
        new Case(
            "no images",
            1,
            "input has no files; expected images to train on",
            (folder, arguments) -> {
              for (String kind : List.of("input", "target")) {
                Files.delete(folder.resolve(kind + "/a.png"));
                Files.delete(folder.resolve(kind + "/b.png"));
              }
            }),
        new Case(
            "an input without target",
            1,
            "input/b.png has no target",
            (folder, arguments) -> Files.delete(folder.resolve("target/b.png"))),
        new Case(
            "a target without input",
            1,
            "target/a.png has no input",
            (folder, arguments) -> Files.delete(folder.resolve("input/a.png"))),
        new Case(
            "a pair of two sizes",
            1,
            "target/a.png is 5x9 but its input",
            (folder, arguments) -> image(folder.resolve("target/a.png"), 5, 9)),
        new Case(
            "a truncated image",
            1,
            "input/b.png is truncated",
            (folder, arguments) -> {
              Path file = folder.resolve("input/b.png");
              byte[] bytes = Files.readAllBytes(file);
              Files.write(file, Arrays.copyOf(bytes, bytes.length - 20));
            }),
        new Case(
            "a text that is called an image",
            1,
            "input/b.png is not-an-image",
            (folder, arguments) -> Files.writeString(folder.resolve("input/b.png"), "hello")),
        new Case(
            "a batch larger than the data set",
            1,
            "train.batch-size is 9, but the data set has 2 pairs; set train.batch-size to 2 or less",
            (folder, arguments) -> arguments.addAll(List.of("--set", "train.batch-size=9"))),
        new Case(
            "numbers that become infinite",
            1,
            "step 1 was not committed: the loss became NaN or infinite, first for image ",
            (folder, arguments) ->
                arguments.addAll(
                    List.of(
                        "--set",
                        "data.pixels.scale=1e-30",
                        "--set",
                        "model.layers.bn1={ name = bn1, type = conv, filters = 3, kernel = 1 }"))),
        new Case(
            "weights that are not there",
            2,
            "--init is no.safetensors, which does not exist; expected a safetensors file",
            (folder, arguments) -> arguments.addAll(List.of("--init", "no.safetensors"))),
        new Case(
            "weights that are none",
            1,
            "--init CONF can't be read: CONF: ",
            (folder, arguments) -> arguments.addAll(List.of("--init", arguments.get(1)))),
        new Case(
            "a preview that is not there",
            2,
            "c.conf:9: preview.after is \"no.png\", expected an image, but there is no file ",
            (folder, arguments) ->
                write(folder, "train { epochs", "preview.after = no.png\ntrain { epochs")),
        new Case(
            "a preview that is a folder",
            2,
            "--set preview.test=/: preview.test is \"/\", expected an image, but there is no file /",
            (folder, arguments) -> arguments.addAll(List.of("--set", "preview.test=/"))),
        new Case(
            "names of weights without weights",
            2,
            "--rename and --rename-file need --init, the file to take weights from",
            (folder, arguments) -> arguments.addAll(List.of("--rename", "a=b"))),
        new Case(
            "part of no weights",
            2,
            "--partial needs --init, the file to take weights from",
            (folder, arguments) -> arguments.add("--partial")),
        new Case(
            "a number that is none",
            2,
            "Invalid value for option '--workers': 'two' is not an int",
            (folder, arguments) -> arguments.addAll(List.of("--workers", "two"))),
        new Case(
            "a run folder that is a file",
            2,
            "is no folder; choose another with --run",
            (folder, arguments) -> arguments.set(3, folder.resolve("c.conf").toString())),
        new Case(
            "more than the heap has",
            1,
            "the training needs ",
            (folder, arguments) ->
                arguments.addAll(
                    List.of(
                        "--set", "model.input.height=16384", "--set", "model.input.width=16384"))));
  }

  @BeforeEach
  void makeDataSet() throws IOException {
    for (String kind : List.of("input", "target")) {
      Files.createDirectories(folder.resolve(kind));
      image(folder.resolve(kind + "/a.png"), 9, 5);
      image(folder.resolve(kind + "/b.png"), 16, 16);
    }
    write(folder, "", "");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aMistakeGivesOneClearLine(Case mistaken) throws IOException {
    Path run = folder.resolve("run");
    List<String> arguments =
        new ArrayList<>(
            List.of("train", folder.resolve("c.conf").toString(), "--run", run.toString()));
    mistaken.mistake().make(folder, arguments);

    Command command = Command.run(arguments);

    String message = mistaken.message().replace("CONF", folder.resolve("c.conf").toString());
    assertThat(command.error()).contains(message).doesNotContain("\tat ");
    assertThat(command.exitCode()).isEqualTo(mistaken.exitCode());
    assertThat(command.error().lines()).allMatch(line -> line.startsWith("syncnorm: "));
    if (!mistaken.name().startsWith("numbers")) {
      assertThat(run).doesNotExist();
    }
  }

  @Test
  void mistakesOfCommandLineConfigurationAndFilesAreToldAtOnce() throws IOException {
    write(folder, "train { epochs = 1", "preview.before = no.png\ntrain { epochs = 0, epoch = 1");
    Path used = Files.createDirectories(folder.resolve("used/images")).getParent();

    Command command =
        Command.run(
            List.of(
                "train",
                folder.resolve("c.conf").toString(),
                "--run",
                used.toString(),
                "--worker",
                "--backend",
                "gpu",
                "--master",
                "sprak://x",
                "--workers",
                "0",
                "--init",
                "no.safetensors",
                "--rename",
                "stem.weight",
                "--set",
                "model.layers.bn2.decay=0.5"));

    assertThat(command.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(command.output()).isEmpty();
    assertThat(command.error().lines())
        .containsExactly(
            "syncnorm: Invalid value for option '--backend': expected one of [VECTOR, ND4J,"
                + " REFERENCE] (case-insensitive) but was 'gpu'",
            "syncnorm: Unknown option: '--worker'",
            "syncnorm: --workers is 0, expected 1 or more",
            "syncnorm: --master is sprak://x; this process runs local or local[N], bin/syncnorm and"
                + " spark-submit run clusters",
            "syncnorm: the run folder %s is not empty; a run is never overwritten: choose another with --run"
                .formatted(used),
            "syncnorm: --init is no.safetensors, which does not exist; expected a safetensors file",
            "syncnorm: --rename stem.weight: expected FROM=TO, the name in the file and that in the network",
            "syncnorm: --set model.layers.bn2.decay=0.5: there is nothing with the name bn2; did you mean bn1?",
            "syncnorm: see syncnorm train --help");
  }

  @Test
  void aMissingConfigurationDoesNotHideWhatElseIsWrong() {
    Command command = Command.run(List.of("train", "--workers", "0"));

    assertThat(command.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(command.error().lines())
        .containsExactly(
            "syncnorm: Missing required parameter: 'CONF'",
            "syncnorm: --workers is 0, expected 1 or more",
            "syncnorm: see syncnorm train --help");
  }

  @Test
  void helpIsHelpWhateverElseIsThere() {
    Command command = Command.run(List.of("train", "--help", "--worker"));

    assertThat(command.exitCode()).isZero();
    assertThat(command.output()).contains("--dry-run", "--rename-file=FILE");
  }

  @Test
  void aRunIsNeverOverwritten() throws IOException {
    Path run = folder.resolve("run");
    List<String> arguments =
        List.of("train", folder.resolve("c.conf").toString(), "--run", run.toString());
    assertThat(Command.run(arguments).exitCode()).isZero();
    String history = Files.readString(run.resolve("history.jsonl"));

    Command again = Command.run(arguments);

    assertThat(again.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(again.error()).contains("is not empty; a run is never overwritten");
    assertThat(Files.readString(run.resolve("history.jsonl"))).isEqualTo(history);
  }

  private static void write(Path folder, String from, String to) throws IOException {
    Files.writeString(
        folder.resolve("c.conf"),
        CONFIGURATION
            .replace("INPUT", "\"" + folder.resolve("input") + "\"")
            .replace("TARGET", "\"" + folder.resolve("target") + "\"")
            .replace(from, to));
  }

  private static void image(Path file, int width, int height) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, (x * 13 << 16) | (y * 17 << 8) | (x * y));
      }
    }
    ImageIO.write(image, "png", file.toFile());
  }
}
