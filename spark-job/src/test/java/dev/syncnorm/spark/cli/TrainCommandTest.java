package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.spark.training.RunFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code train} on an embedded Spark, on the sample photographs made small. */
class TrainCommandTest {

  private static final Path CONFIGURATION = Path.of("../conf/seed.conf");

  /** Four pairs in batches of three: the last batch of an epoch has one image. */
  private static final List<String> SMALL =
      List.of(
          "model.input.height=40",
          "model.input.width=48",
          "data.pixels.resize=[40,48]",
          "train.batch-size=3",
          "train.epochs=3");

  @TempDir private static Path folder;
  private static RunFiles expected;

  @BeforeAll
  static void trainWithOneWorkerOfOneThread() {
    Path run = folder.resolve("expected");
    Command command = Command.run(train(run, SMALL, "--workers", "1"));
    assertThat(command.exitCode()).as(command.error()).isZero();
    expected = new RunFiles(run);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5})
  void anyNumberOfWorkersGivesTheSameBits(int workers) throws IOException {
    Path run = folder.resolve("workers-" + workers);

    Command command = Command.run(train(run, SMALL, "--workers", Integer.toString(workers)));

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.output()).contains("workers   " + workers + " x 1 thread, backend vector");
    assertSameAs(expected, run);
  }

  @Test
  void anyNumberOfThreadsGivesTheSameBits() throws IOException {
    Path run = folder.resolve("threads");

    Command command = Command.run(train(run, SMALL, "--master", "local[3]"));

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.output()).contains("workers   1 x 3 threads");
    assertSameAs(expected, run);
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"ND4J", "REFERENCE"})
  void theOtherBackendsGiveTheSameBitsAtAnyNumberOfWorkers(Backend backend) throws IOException {
    Path one = folder.resolve(backend.label() + "-1");
    Path two = folder.resolve(backend.label() + "-2");
    for (Path run : List.of(one, two)) {
      String workers = run.equals(one) ? "1" : "2";
      Command command =
          Command.run(train(run, SMALL, "--backend", backend.label(), "--workers", workers));
      assertThat(command.exitCode()).as(command.error()).isZero();
    }

    assertSameAs(new RunFiles(one), two);
    // 6 steps of float32 arithmetic in another order: losses agree to some 10 roundings.
    double last = expected.history().get(5).get("loss").doubleValue();
    assertThat(new RunFiles(one).history().get(5).get("loss").doubleValue() / last - 1)
        .isBetween(-1e-5, 1e-5);
  }

  @Test
  void parametersAboveAMebibyteTravelAsBroadcastAndSumsInPieces() throws IOException {
    List<String> settings =
        List.of(
            "model.input.height=12",
            "model.input.width=12",
            "data.pixels.resize=[12,12]",
            "train.epochs=3",
            "model.layers.conv1.filters=96",
            "model.layers.conv1.kernel=5",
            "model.layers.conv2.filters=384",
            "model.layers.conv2.kernel=3",
            "model.layers.output={ name = output, type = conv, filters = 3, kernel = 1,"
                + " inputs = [bn2] }");
    Path one = folder.resolve("large-1");
    Path two = folder.resolve("large-2");

    Command first = Command.run(train(one, settings, "--workers", "1"));
    Command second = Command.run(train(two, settings, "--workers", "2"));

    assertThat(first.exitCode()).as(first.error()).isZero();
    assertThat(second.exitCode()).as(second.error()).isZero();
    assertThat(first.output()).contains("342,531 parameters");
    assertSameAs(new RunFiles(one), two);
  }

  @Test
  void theRunFolderIsComplete() throws IOException {
    Path run = folder.resolve("expected");
    try (Stream<Path> files = Files.walk(run)) {
      assertThat(
              files
                  .filter(Files::isRegularFile)
                  .map(f -> run.relativize(f).toString())
                  .map(f -> f.replaceFirst("tfevents\\..*\\.syncnorm", "tfevents"))
                  .filter(f -> !f.startsWith("checkpoints/step-00000002/"))
                  .filter(f -> !f.startsWith("checkpoints/step-00000004/")))
          .containsExactlyInAnyOrder(
              "config.conf",
              "index.json",
              "history.jsonl",
              "events/events.out.tfevents",
              "images/before.png",
              "images/after.png",
              "images/test.png",
              "checkpoints/step-00000006/model.safetensors",
              "checkpoints/step-00000006/optimizer.safetensors",
              "checkpoints/step-00000006/config.conf",
              "checkpoints/step-00000006/manifest.json");
    }
    assertThat(ImageIO.read(run.resolve("images/after.png").toFile()))
        .matches(image -> image.getWidth() == 48 && image.getHeight() == 40);
    assertThat(expected.history()).hasSize(6);
    assertThat(expected.history().get(0).has("batchNorm")).isFalse();
    assertThat(expected.history().get(1).at("/batchNorm/bn1/movingVariance")).hasSize(16);
    assertThat(expected.history().get(1).at("/images").asInt()).isEqualTo(1);
  }

  @Test
  void aRunStartsFromGivenWeights() throws IOException {
    Path weights = folder.resolve("expected/checkpoints/step-00000006/model.safetensors");
    Path run = folder.resolve("init");

    Command command = Command.run(train(run, SMALL, "--init", weights.toString()));

    assertThat(command.exitCode()).as(command.error()).isZero();
    double before = expected.history().get(4).get("loss").doubleValue();
    assertThat(new RunFiles(run).history().get(0).get("loss").doubleValue()).isLessThan(before);
    assertThat(Files.readAllBytes(run.resolve("images/before.png")))
        .isEqualTo(Files.readAllBytes(folder.resolve("expected/images/after.png")));
  }

  @Test
  void partOfTheWeightsUnderOtherNamesIsTakenAndToldAbout() throws IOException {
    Path weights = folder.resolve("expected/checkpoints/step-00000006/model.safetensors");
    Path names = Files.writeString(folder.resolve("names"), "conv1.bias=stem.bias # first\n");
    List<String> settings = new ArrayList<>(SMALL);
    settings.addAll(
        List.of(
            "train.epochs=1",
            "model.layers.conv1.name=stem",
            "model.layers.bn2.name=last",
            "model.layers.output.inputs=[last,input]"));
    Path run = folder.resolve("partial");

    Command command =
        Command.run(
            train(
                run,
                settings,
                "--init",
                weights.toString(),
                "--partial",
                "--rename",
                "conv1.weight=stem.weight",
                "--rename-file",
                names.toString()));

    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.output())
        .contains(
            """
            weights   8 tensors from %s
                      4 keep their initial values, as the file lacks them: last.gamma, last.beta,\
             last.moving_mean, last.moving_variance
                      4 of the file are left out, as the network lacks them: bn2.beta, bn2.gamma,\
             bn2.moving_mean, bn2.moving_variance
            """
                .formatted(weights));
    assertThat(new RunFiles(run).history()).hasSize(2);
  }

  @Test
  void weightsOfAnotherNetworkAreRefusedWithEveryDifference() {
    Path weights = folder.resolve("expected/checkpoints/step-00000006/model.safetensors");
    List<String> wider = new ArrayList<>(SMALL);
    wider.add("model.layers.conv1.filters=8");

    Command command =
        Command.run(train(folder.resolve("other"), wider, "--init", weights.toString()));

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error().lines()).hasSize(1);
    assertThat(command.error())
        .contains("conv1.weight is 16x3x3x3, the network has 8x3x3x3")
        .contains("bn1.moving_variance is 16, the network has 8")
        .contains("conv2.weight is 3x16x3x3, the network has 3x8x3x3");
    assertThat(folder.resolve("other")).doesNotExist();
  }

  static List<String> train(Path run, List<String> settings, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("train", CONFIGURATION.toString(), "--run", run.toString()));
    settings.forEach(setting -> arguments.addAll(List.of("--set", setting)));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private static void assertSameAs(RunFiles reference, Path run) throws IOException {
    reference.assertSameAs(new RunFiles(run));
  }
}
