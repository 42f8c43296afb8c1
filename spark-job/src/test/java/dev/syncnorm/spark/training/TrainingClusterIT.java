package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.StandaloneCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training by a real spark-submit on a standalone cluster: a master and two workers as processes of
 * their own, the plugin coming from the application's jar, executors really killed. What each run
 * must give is the checkpoint of an embedded run with one thread.
 */
class TrainingClusterIT {

  private static final Duration LIMIT = Duration.ofMinutes(4);

  /** A stop takes a few seconds, most of them Spark's. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(45);

  private static final int EPOCHS = 30;

  @TempDir private static Path folder;
  private static StandaloneCluster cluster;
  private static RunFiles expected;

  @BeforeAll
  static void startClusterAndTrainWithoutIt() throws IOException {
    cluster = StandaloneCluster.builder().workers(2).cores(1).memory("2g").start();
    Path run = folder.resolve("expected");
    List<String> command =
        new ArrayList<>(List.of(Built.root().resolve("bin/syncnorm").toString()));
    command.addAll(
        training(
            run,
            "--workers",
            "1",
            "--set",
            "train.checkpoint-every=1",
            "--set",
            "train.keep-checkpoints=" + 2 * EPOCHS));
    CapturedProcess embedded = cluster.run("embedded", command);
    assertThat(embedded.waitFor(LIMIT)).as(embedded::tails).isZero();
    expected = new RunFiles(run);
    assertThat(expected.history()).hasSize(2 * EPOCHS);
  }

  @AfterAll
  static void closeCluster() {
    cluster.close();
  }

  @Test
  void twoExecutorsGiveTheSameBits() throws IOException {
    Path run = folder.resolve("two");

    CapturedProcess job = submit(run);

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.output()).contains("workers   2 x 1 thread, backend vector");
    assertSameAsExpected(run);
  }

  @Test
  void executorsKilledInTheMiddleOfStepsChangeNoBit() throws Exception {
    Path run = folder.resolve("killed");
    CapturedProcess job = submit(run);

    int[] afterSteps = {0, 4, 11, 19};
    int[] delaysMillis = {150, 3, 17, 29};
    for (int kill = 0; kill < afterSteps.length; kill++) {
      new RunFiles(run).awaitSteps(afterSteps[kill], job, LIMIT);
      List<Long> executors = cluster.awaitExecutors(2);
      Thread.sleep(delaysMillis[kill]);
      cluster.kill(executors.get(kill % 2));
    }

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.error()).contains("workers were lost, going on from the last commit");
    assertSameAsExpected(run);
  }

  @Test
  void anExecutorThatSaysNothingIsNamedAndReplaced() throws Exception {
    Path run = folder.resolve("silent");
    CapturedProcess job = submit(run, "--set", "train.worker-timeout=5 s");
    new RunFiles(run).awaitSteps(3, job, LIMIT);

    long executor = cluster.awaitExecutors(2).get(0);
    cluster.suspend(executor);

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.error())
        .containsPattern("worker [01] \\(executor \\d+ on \\S+\\) said nothing for \\d+ s")
        .containsPattern("is missing from sum \\d of step \\d+");
    assertSameAsExpected(run);
  }

  @Test
  void aStopWhileAllExecutorsAreLostLeavesACheckpointOfTheLastStep() throws Exception {
    Path run = folder.resolve("stopped");
    CapturedProcess job = submit(run, "--set", "train.checkpoint-every=1000");
    new RunFiles(run).awaitSteps(5, job, LIMIT);

    for (long executor : cluster.awaitExecutors(2)) {
      cluster.kill(executor);
    }
    job.signal("TERM");

    assertThat(job.waitFor(LIMIT)).as(job::tails).isEqualTo(143);
    int steps = new RunFiles(run).steps();
    assertThat(steps).isBetween(5, 2 * EPOCHS - 1);
    assertThat(job.error()).contains("stopped after step " + steps + " as asked");
    expected.assertHadSameAs(new RunFiles(run));
  }

  @Test
  void aStopWhileAnExecutorSaysNothingLeavesACheckpointOfTheLastStep() throws Exception {
    Path run = folder.resolve("stopped-silent");
    CapturedProcess job =
        submit(
            run,
            "--set",
            "train.checkpoint-every=1000",
            "--set",
            "train.worker-timeout=10 minutes");
    new RunFiles(run).awaitSteps(5, job, LIMIT);
    cluster.suspend(cluster.awaitExecutors(2).get(1));
    Thread.sleep(1000); // many times a step: now one is in progress, and stays so

    job.signal("TERM");

    assertThat(job.waitFor(STOP_LIMIT)).as(job::tails).isEqualTo(143);
    int steps = new RunFiles(run).steps();
    assertThat(steps).isBetween(5, 2 * EPOCHS - 1);
    assertThat(job.error()).contains("stopped after step " + steps + " as asked");
    expected.assertHadSameAs(new RunFiles(run));
  }

  @Test
  void aStopWhileExecutorsAreWaitedForEndsAtOnceAndWritesNothing() {
    Path run = folder.resolve("stopped-waiting");
    CapturedProcess job =
        submit(run, "--workers", "3", "--set", "train.wait-for-workers=10 minutes");
    job.awaitError(
        "two executors",
        log -> log.lines().filter(line -> line.contains("Registered executor")).count() == 2,
        LIMIT);

    job.signal("TERM");

    assertThat(job.waitFor(STOP_LIMIT)).as(job::tails).isEqualTo(143);
    assertThat(job.error()).contains("syncnorm: stopped as asked; nothing was written");
    assertThat(run).doesNotExist();
  }

  @Test
  void tooFewExecutorsAreAnErrorAndNotAHang() {
    Path run = folder.resolve("few");

    CapturedProcess job = submit(run, "--workers", "3", "--set", "train.wait-for-workers=20 s");

    assertThat(job.waitFor(LIMIT)).as(job::tails).isEqualTo(1);
    assertThat(job.error())
        .contains("2 of 3 workers could start within train.wait-for-workers = 20 s")
        .doesNotContain("Exception");
  }

  private static CapturedProcess submit(Path run, String... more) {
    return cluster.submit(List.of("--executor-memory", "1g"), training(run, more));
  }

  /** The seed network on the sample images, smaller so that the steps are quick. */
  private static List<String> training(Path run, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                Built.root().resolve("conf/seed.conf").toString(),
                "--run",
                run.toString()));
    for (String setting :
        List.of(
            "model.input.height=160",
            "model.input.width=192",
            "data.pixels.resize=[160,192]",
            "train.batch-size=3",
            "train.epochs=" + EPOCHS)) {
      arguments.addAll(List.of("--set", setting));
    }
    arguments.addAll(List.of(more));
    return arguments;
  }

  private static void assertSameAsExpected(Path run) throws IOException {
    expected.assertSameAs(new RunFiles(run));
  }
}
