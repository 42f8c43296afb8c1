package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.spark.cli.TrainScene.Mistake;
import dev.syncnorm.spark.cli.TrainScene.Row;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.testing.ImageFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every mistake gives its line and its exit code, prints no result, and leaves all files as they
 * were. Those that take a process of their own or a cluster are in {@link TrainErrorsIT}.
 */
class TrainErrorsTest {

  private static final String PLUGIN = "dev.syncnorm.spark.exchange.ExchangePlugin";

  @TempDir private Path folder;
  private TrainScene scene;

  static Stream<Row> rows() {
    return Stream.of(
            commandLine(), configuration(), graph(), dataSet(), images(), runFolder(), running())
        .flatMap(rows -> rows);
  }

  private static Stream<Row> commandLine() {
    return Stream.of(
        wrong(
            "an unknown option",
            s -> s.with("--worker"),
            "Unknown option: '--worker'",
            "see syncnorm train --help"),
        wrong(
            "a number that is none",
            s -> s.with("--workers", "two"),
            "Invalid value for option '--workers': 'two' is not an int",
            "see syncnorm train --help"),
        wrong("no workers", s -> s.with("--workers", "0"), "--workers is 0, expected 1 or more"),
        wrong(
            "an unknown backend",
            s -> s.with("--backend", "gpu"),
            "Invalid value for option '--backend': expected one of [VECTOR, ND4J, REFERENCE]"
                + " (case-insensitive) but was 'gpu'",
            "see syncnorm train --help"),
        wrong(
            "a master that is none",
            s -> s.with("--master", "sprak://x"),
            "--master is sprak://x; this process runs local or local[N], bin/syncnorm and"
                + " spark-submit run clusters"),
        wrong(
            "weights that are not there",
            s -> s.with("--init", s.path("no.safetensors")),
            "--init is FOLDER/no.safetensors, which does not exist; expected a safetensors file"),
        wrong(
            "names of weights without weights",
            s -> s.with("--rename", "a=b"),
            "--rename and --rename-file need --init, the file to take weights from"),
        wrong(
            "part of no weights",
            s -> s.with("--partial"),
            "--partial needs --init, the file to take weights from"),
        failed(
            "weights that are none",
            s -> s.with("--init", s.path("c.conf")),
            "--init FOLDER/c.conf can't be read: FOLDER/c.conf: <...>"));
  }

  private static Stream<Row> configuration() {
    return Stream.of(
        wrong(
            "no configuration",
            s -> s.configuration(s.path("no.conf")),
            "the configuration FOLDER/no.conf does not exist; give the path of a .conf file"),
        wrong(
            "an unknown key",
            s -> s.edit("epochs = 1", "epoch = 1"),
            "FOLDER/c.conf:9: train.epoch is not a known key; did you mean epochs?"),
        wrong(
            "no input folder",
            s -> Files.move(s.folder().resolve("input"), s.folder().resolve("elsewhere")),
            "FOLDER/c.conf:8: data.input is \"FOLDER/input\", expected a folder of images, but there"
                + " is no folder FOLDER/input"),
        wrong(
            "neither folder",
            s -> s.set("data.input=no/x", "data.target=" + s.path("c.conf")),
            "--set data.input=no/x: data.input is \"no/x\", expected a folder of images, but there"
                + " is no folder <...>/no/x",
            "--set data.target=FOLDER/c.conf: data.target is \"FOLDER/c.conf\", expected a folder of"
                + " images, but there is no folder FOLDER/c.conf"),
        wrong(
            "a folder of this machine by a URI",
            s -> s.set("data.input=\"file:///no/x\""),
            "--set data.input=\"file:///no/x\": data.input is \"file:///no/x\", expected a folder of"
                + " images, but there is no folder file:///no/x"),
        failed(
            "folders that only their file systems know",
            s -> s.set("data.target=\"nosuch://x/y\""),
            "data.target is nosuch://x/y, which can't be listed: <...>nosuch<...>; expected a folder"
                + " of images"),
        wrong(
            "statistics that are not there, and a mean and a scale against them",
            s ->
                s.set(
                    "data.pixels.statistics=none.json",
                    "data.pixels.mean=[0,0,0]",
                    "data.pixels.scale=1"),
            "--set data.pixels.mean=[0,0,0]: data.pixels.mean is given, and data.pixels.statistics"
                + " gives it too; leave one of them out",
            "--set data.pixels.scale=1: data.pixels.scale is 1, expected 255, as the numbers of"
                + " data.pixels.statistics are of [0, 1]",
            "--set data.pixels.statistics=none.json: data.pixels.statistics is \"none.json\","
                + " expected a stats.json, but there is no file <...>/none.json"),
        wrong(
            "a preview that is not there",
            s -> s.edit("train {", "preview.after = no.png\ntrain {"),
            "FOLDER/c.conf:9: preview.after is \"no.png\", expected an image, but there is no file"
                + " <...>/no.png"),
        failed(
            "a preview that is no image",
            s -> s.set("preview.after=" + s.path("c.conf")),
            "preview.after is FOLDER/c.conf, which can't be made a picture of: the first bytes are"
                + " not those of a JPEG, PNG, WebP, BMP or TIFF file; expected an image"),
        wrong(
            "a preview that is a folder",
            s -> s.set("preview.test=/"),
            "--set preview.test=/: preview.test is \"/\", expected an image, but there is no file /"));
  }

  private static Stream<Row> graph() {
    return Stream.of(
        wrong(
            "an unknown layer type",
            s -> s.edit("type = conv,", "type = cnov,"),
            "FOLDER/c.conf:4: model.layers.conv1.type is \"cnov\", expected one of <...>, conv<...>;"
                + " did you mean conv?"),
        wrong(
            "a cycle in the graph",
            s -> s.edit("type = conv,", "type = conv, inputs = [bn1],"),
            "FOLDER/c.conf:4: model.layers has a cycle among conv1, bn1; a layer's inputs may not"
                + " depend on its output"),
        wrong(
            "inputs of two shapes",
            s -> {
              s.edit("filters = 3", "filters = 16");
              s.edit(
                  "type = batch-norm }",
                  "type = batch-norm }, {name = sum, type = add, inputs = [bn1, input]}");
            },
            "FOLDER/c.conf:5: layer sum: add has inputs of the shapes 16x8x8 and 3x8x8, expected one"
                + " shape; the way there: input 3x8x8 -> conv1 16x8x8 -> bn1 16x8x8; and input 3x8x8"),
        wrong(
            "an output of another shape than the targets",
            s -> s.edit("kernel = 3", "kernel = 3, padding = valid"),
            "FOLDER/c.conf:3: the network's output is 3x6x6, but the targets are images of 3x8x8; the"
                + " loss needs one shape; the way there: input 3x8x8 -> conv1 3x6x6 -> bn1 3x6x6"));
  }

  private static Stream<Row> dataSet() {
    return Stream.of(
        failed(
            "no images",
            s -> {
              for (String name : List.of("input/a", "input/b", "target/a", "target/b")) {
                Files.delete(s.folder().resolve(name + ".png"));
              }
            },
            "FOLDER/input has no files; expected images to train on"),
        failed(
            "an input without target",
            s -> Files.delete(s.folder().resolve("target/b.png")),
            "FOLDER/input/b.png has no target: there is no b with any ending in FOLDER/target; add it"
                + " or remove the input"),
        failed(
            "a target without input",
            s -> Files.delete(s.folder().resolve("input/a.png")),
            "FOLDER/target/a.png has no input: there is no a with any ending in FOLDER/input; add it"
                + " or remove the target"),
        failed(
            "a pair of two sizes",
            s -> s.write("target/a.png", PairFolders.png(5, 9, 1)),
            "FOLDER/target/a.png is 5x9 but its input FOLDER/input/a.png is 9x5; a pair must have one"
                + " size"),
        failed(
            "a batch larger than the data set",
            s -> s.set("train.batch-size=9"),
            "train.batch-size is 9, but the data set has 2 pairs in FOLDER/input; set"
                + " train.batch-size to 2 or less"));
  }

  private static Stream<Row> images() {
    String advice = "; replace or remove it, or leave its pair out with --on-bad skip";
    return Stream.of(
        failed(
            "a truncated image",
            s -> s.write("input/b.png", PairFolders.truncated(PairFolders.png(16, 16, 1))),
            "FOLDER/input/b.png is truncated: <...>" + advice),
        failed(
            "a text that is called an image",
            s -> s.write("input/b.png", "hello"),
            "FOLDER/input/b.png is not-an-image: the first bytes are not those of a JPEG, PNG, WebP,"
                + " BMP or TIFF file"
                + advice),
        failed(
            "an image that holds NaN",
            s -> {
              Files.delete(s.folder().resolve("input/a.png"));
              float[] values = new float[3 * 9 * 5];
              values[17] = Float.NaN;
              s.write("input/a.tif", ImageFiles.floats(9, 5, values, ".tiff"));
            },
            "FOLDER/input/a.tif is unsupported: a TIFF file of 3 samples of 32 bits, photometric"
                + " interpretation 2, sample format 3 (floating point, which may hold NaN); grey, RGB,"
                + " palette and YCbCr of up to 4 unsigned samples of 1, 4, 8 or 16 bits are read"
                + advice));
  }

  private static Stream<Row> runFolder() {
    return Stream.of(
        wrong(
            "a folder that holds a run",
            s -> {
              assertThat(Command.run(s.arguments()).exitCode()).isZero();
            },
            "the run folder FOLDER/run is not empty; a run is never overwritten: choose another with"
                + " --run"),
        wrong(
            "a run folder that is a file",
            s -> s.run(s.path("c.conf")),
            "the run folder FOLDER/c.conf is no folder; choose another with --run"),
        wrong(
            "a run folder below a file",
            s -> s.run(s.path("c.conf/runs/x")),
            "the run folder FOLDER/c.conf/runs/x can't be written: FOLDER/c.conf is no folder; choose"
                + " another with --run"),
        wrong(
            "a run folder that this user may not write",
            s -> {
              Path closed = Files.createDirectory(s.folder().resolve("closed"));
              Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
              assumeTrue(!Files.isWritable(closed), "root may write everywhere");
              s.run(s.path("closed/run"));
            },
            "the run folder FOLDER/closed/run can't be written: this user may not write"
                + " FOLDER/closed; choose another with --run"),
        wrong(
            "a run folder where not even root may write",
            s -> {
              assumeTrue(Files.isDirectory(Path.of("/proc/self")), "not Linux");
              s.run("/proc/self/run");
            },
            "the run folder /proc/self/run can't be written: this user may not write /proc/self;"
                + " choose another with --run"));
  }

  private static Stream<Row> running() {
    return Stream.of(
        failed(
            "more workers than cores",
            s -> s.with("--workers", "3", "--master", "local[2]"),
            "--workers is 3, but --master local[2] runs 2 tasks at once; use --master local[3] or"
                + " more"),
        failed(
            "more than the heap has",
            s -> s.set("model.input.height=16384", "model.input.width=16384"),
            "the training needs <...> GiB, but the heap has <...>: <...>make model.input and"
                + " data.pixels.resize smaller, or give more memory: SYNCNORM_JAVA_OPTS=-Xmx<...>g"),
        wrong(
            "a session without the plugin",
            s -> SparkSessionOfTheCaller.start(Map.of()),
            "the Spark session of the caller was not started for a training, whose sums travel by a"
                + " plugin; start it with --conf spark.plugins="
                + PLUGIN
                + " --conf spark.stage.maxConsecutiveAttempts=1"),
        wrong(
            "a session with another master",
            s -> {
              SparkSessionOfTheCaller.start(
                  Map.of("spark.plugins", PLUGIN, "spark.stage.maxConsecutiveAttempts", "1"));
              s.with("--master", "local[2]");
            },
            "--master is local[2], but this process runs Spark on local[1], as spark-submit or its"
                + " session was told; leave --master out"));
  }

  private static Row wrong(String name, Mistake mistake, String... lines) {
    return new Row(name, Main.WRONG_USAGE, List.of(lines), mistake);
  }

  /** What is found after the command has begun to tell what it does, unless it is to be quiet. */
  private static Row failed(String name, Mistake mistake, String... lines) {
    return new Row(
        name,
        Main.FAILED,
        List.of(lines),
        scene -> {
          scene.with("--quiet");
          mistake.make(scene);
        });
  }

  @BeforeEach
  void makeScene() {
    scene = new TrainScene(folder);
  }

  @AfterEach
  void stopSession() {
    SparkSessionOfTheCaller.stop();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void aMistakeGivesItsLineAndItsExitCodeAndChangesNoFile(Row row) throws IOException {
    row.mistake().make(scene);
    Map<String, String> before = scene.snapshot();

    Command command = Command.run(scene.arguments());

    row.check(command.error().lines().toList(), folder);
    assertThat(command.exitCode()).isEqualTo(row.exitCode());
    assertThat(command.output()).isEmpty();
    assertThat(scene.snapshot()).isEqualTo(before);
  }

  /** What was committed before stays whole, and the run can go on from it. */
  @Test
  void aLearningRateThatMakesTheLossNanKeepsTheLastGoodCheckpoint() throws IOException {
    scene.edit(
        "{ name = bn1, type = batch-norm }",
        """
        { name = conv2, type = conv, filters = 3, kernel = 3 }
        { name = conv3, type = conv, filters = 3, kernel = 3 }
        { name = conv4, type = conv, filters = 3, kernel = 3 }""");
    scene.set(
        "train.batch-size=1",
        "train.checkpoint-every=1",
        "train.optimizer.learning-rate=999999",
        "train.keep-checkpoints=5");
    scene.with("--quiet");
    Row row =
        failed(
            "",
            s -> {},
            "step 2 was not committed: the loss became NaN or infinite, first for image"
                + " FOLDER/input/b.png; the last commit is step 1; lower"
                + " train.optimizer.learning-rate, or look at the data");

    Command command = Command.run(scene.arguments());

    row.check(command.error().lines().toList(), folder);
    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.output()).isEmpty();
    assertThat(scene.read("run/history.jsonl")).hasLineCount(1).endsWith("}\n");
    Map<String, String> left = scene.snapshot();
    assertThat(left.keySet().stream().filter(name -> name.startsWith("run/checkpoints/")))
        .containsExactlyInAnyOrder(
            "run/checkpoints/step-00000001",
            "run/checkpoints/step-00000001/config.conf",
            "run/checkpoints/step-00000001/manifest.json",
            "run/checkpoints/step-00000001/model.safetensors",
            "run/checkpoints/step-00000001/optimizer.safetensors");

    scene.with("--resume");
    Command again = Command.run(scene.arguments());

    assertThat(again.error()).isEqualTo(command.error());
    assertThat(scene.read("run/history.jsonl")).hasLineCount(1);
  }

  @Test
  void theOptionsThatTheErrorShowsAreAllThatASessionNeeds() throws IOException {
    SparkSessionOfTheCaller.start(Map.of());
    String error = Command.run(scene.arguments()).error();
    SparkSessionOfTheCaller.stop();
    Map<String, String> shown =
        Arrays.stream(error.strip().replaceFirst(".* start it with --conf ", "").split(" --conf "))
            .map(option -> option.split("=", 2))
            .collect(Collectors.toMap(option -> option[0], option -> option[1]));
    SparkSessionOfTheCaller.start(shown);

    Command command = Command.run(scene.arguments());

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(SparkSessionOfTheCaller.isRunning()).as("the caller's session goes on").isTrue();
  }

  @Test
  void mistakesOfCommandLineConfigurationAndFilesAreToldAtOnce() throws IOException {
    scene.edit("train { epochs = 1", "preview.before = no.png\ntrain { epochs = 0, epoch = 1");
    Path used = Files.createDirectories(folder.resolve("used/images")).getParent();
    scene.run(used.toString());
    scene.with("--worker", "--backend", "gpu", "--master", "sprak://x", "--workers", "0");
    scene.with("--init", "no.safetensors", "--rename", "stem.weight");
    scene.set("model.layers.bn2.decay=0.5");

    Command command = Command.run(scene.arguments());

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
}
