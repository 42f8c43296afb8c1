package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.training.RunFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs of {@code bin/syncnorm} that are stopped by signals and resumed end with the checkpoint of a
 * run that was never stopped.
 */
class ResumeIT {

  private static final Duration LIMIT = Duration.ofMinutes(3);

  private static final int EPOCHS = 200;

  @TempDir private static Path folder;
  private static RunFiles expected;

  @BeforeAll
  static void trainWithoutStop() throws IOException {
    Path run = folder.resolve("expected");
    CapturedProcess process = train("expected", run, "--workers", "2");
    assertThat(process.waitFor(LIMIT)).as(process::tails).isZero();
    expected = new RunFiles(run);
    assertThat(expected.history()).hasSize(2 * EPOCHS);
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aSignalStopsAtTheNextStepWithACheckpoint(String signal, int exitCode) throws IOException {
    Path run = folder.resolve(signal);
    CapturedProcess process = train(signal, run, "--workers", "1");
    new RunFiles(run).awaitSteps(7, process, LIMIT);

    process.signal(signal);

    assertThat(process.waitFor(LIMIT)).as(process::tails).isEqualTo(exitCode);
    int steps = new RunFiles(run).steps();
    assertThat(process.error())
        .contains("stopped after step " + steps + " as asked")
        .contains("--resume goes on");
    assertThat(run.resolve("checkpoints/step-%08d/manifest.json".formatted(steps))).exists();
    assertThat(steps).isLessThan(2 * EPOCHS);

    resumeToTheEnd(run, signal + "-resumed", "3");
  }

  @Test
  void aRunSurvivesSigkillAtAnyMoment() throws Exception {
    Path run = folder.resolve("killed");
    Random random = new Random(20261123);
    CapturedProcess process = train("killed-0", run, "--workers", "1");
    for (int kill = 1; kill <= 4; kill++) {
      int before = new RunFiles(run).steps();
      new RunFiles(run).awaitSteps(before + 3 + random.nextInt(6), process, LIMIT);
      // A checkpoint is written after each step: most of these moments lie in the middle of one.
      Thread.sleep(0, random.nextInt(1_000_000));
      process.kill();
      process.waitFor(LIMIT);
      process =
          train("killed-" + kill, run, "--resume", "--workers", Integer.toString(1 + kill % 3));
    }
    assertThat(process.waitFor(LIMIT)).as(process::tails).isZero();
    assertThat(process.output()).contains("resumed   after step ");
    assertSameAsExpected(run);
    assertTensorBoardFindsEveryStepOnce(run);
  }

  private static void assertTensorBoardFindsEveryStepOnce(Path run) throws IOException {
    String python = System.getenv("SYNCNORM_PYTHON");
    if (python == null) {
      return; // TensorBoardReaderTest, which is skipped, says what it takes
    }
    CapturedProcess reader =
        CapturedProcess.start(
            "read-events",
            List.of(
                python,
                Built.root().resolve("python/read_events.py").toString(),
                run.resolve("events").toString()),
            Map.of("PYTHONDONTWRITEBYTECODE", "1"),
            folder,
            folder);
    assertThat(reader.waitFor(LIMIT)).as(reader::tails).isZero();
    List<Integer> steps = new ArrayList<>();
    new ObjectMapper()
        .readTree(reader.output())
        .at("/scalars/loss")
        .forEach(event -> steps.add(event.path(0).asInt()));
    assertThat(steps).isEqualTo(IntStream.rangeClosed(1, 2 * EPOCHS).boxed().toList());
  }

  @Test
  void aDamagedCheckpointIsNamedAndTheOneBeforeItUsed() throws IOException {
    Path run = folder.resolve("damaged");
    CapturedProcess process = train("damaged", run, "--workers", "1");
    new RunFiles(run).awaitSteps(9, process, LIMIT);
    process.signal("TERM");
    process.waitFor(LIMIT);
    Path last;
    try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
      last = checkpoints.sorted().reduce((a, b) -> b).orElseThrow();
    }
    byte[] model = Files.readAllBytes(last.resolve("model.safetensors"));
    model[model.length - 3] ^= 1;
    Files.write(last.resolve("model.safetensors"), model);

    CapturedProcess resumed = resumeToTheEnd(run, "damaged-resumed", "1");

    assertThat(resumed.error())
        .contains(
            last
                + " is damaged: model.safetensors does not have the SHA-256 of its manifest;"
                + " using the one before it");
  }

  @Test
  void anotherConfigurationIsRefusedWithTheKeysThatDiffer() {
    Path run = folder.resolve("expected");

    CapturedProcess process =
        train("different", run, "--resume", "--set", "train.optimizer.learning-rate=0.5");

    assertThat(process.waitFor(LIMIT)).as(process::tails).isEqualTo(1);
    assertThat(process.error())
        .contains("train.optimizer.learning-rate was 0.001 and is 0.5 now; resume with the same");
  }

  @Test
  void aFolderWithoutARunIsNotResumed() {
    CapturedProcess process = train("none", folder.resolve("none"), "--resume");

    assertThat(process.waitFor(LIMIT)).as(process::tails).isEqualTo(1);
    assertThat(process.error()).contains("holds no run that could be resumed");
    assertThat(folder.resolve("none")).doesNotExist();
  }

  private static CapturedProcess resumeToTheEnd(Path run, String name, String workers)
      throws IOException {
    CapturedProcess process = train(name, run, "--resume", "--workers", workers);
    assertThat(process.waitFor(LIMIT)).as(process::tails).isZero();
    assertSameAsExpected(run);
    return process;
  }

  private static void assertSameAsExpected(Path run) throws IOException {
    expected.assertSameAs(new RunFiles(run));
    assertThat(run.resolve("images/before.png")).exists();
    assertThat(run.resolve("images/after.png")).exists();
  }

  private static CapturedProcess train(String name, Path run, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Built.root().resolve("bin/syncnorm").toString(),
                "train",
                Built.root().resolve("conf/seed.conf").toString(),
                "--run",
                run.toString()));
    for (String setting :
        List.of(
            "model.input.height=96",
            "model.input.width=96",
            "data.pixels.resize=[96,96]",
            "train.batch-size=3",
            "train.shuffle=true",
            "train.checkpoint-every=1",
            "train.epochs=" + EPOCHS)) {
      command.addAll(List.of("--set", setting));
    }
    command.addAll(List.of(more));
    return CapturedProcess.start(name, command, Map.of(), folder, folder);
  }
}
