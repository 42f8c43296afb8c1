package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.Folders;
import dev.syncnorm.spark.testing.StandaloneCluster;
import dev.syncnorm.spark.testing.Waiting;
import dev.syncnorm.spark.training.RunFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code bin/syncnorm} in cluster deploy mode on a standalone cluster: the driver, too, is a
 * process that a worker starts. Configuration, data and run folder lie behind a {@code viewfs:}
 * mount of a folder that all of them see.
 */
class ClusterModeIT {

  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final int EPOCHS = 150;
  private static final String MOUNT = "spark.hadoop.fs.viewfs.mounttable.cluster.link./shared";

  @TempDir private static Path folder;
  private static Path shared;
  private static StandaloneCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    shared = Folders.create(folder.resolve("shared"));
    copy(Built.root().resolve("conf/seed.conf"), shared.resolve("conf/seed.conf"));
    try (Stream<Path> files = Files.walk(Built.root().resolve("data"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        copy(file, shared.resolve(Built.root().relativize(file).toString()));
      }
    }
    cluster =
        StandaloneCluster.builder()
            .workers(2)
            .cores(2)
            .memory("2g")
            .environment(
                "SYNCNORM_SPARK_SUBMIT_OPTS",
                ("--deploy-mode cluster --driver-memory 512m --executor-memory 512m"
                        + " --executor-cores 1 --total-executor-cores 2"
                        + " --conf spark.standalone.submit.waitAppCompletion=true"
                        + " --conf spark.ui.enabled=false --conf %s=%s")
                    .formatted(MOUNT, shared.toUri()))
            .start();
  }

  @AfterAll
  static void closeCluster() {
    cluster.close();
  }

  @Test
  void aRunThatIsStoppedKilledAndResumedOnTheClusterEndsWithTheSameBits() throws IOException {
    RunFiles run = new RunFiles(shared.resolve("runs/one"));
    String uri = "viewfs://cluster/shared/runs/one";

    CapturedProcess first = train("viewfs://cluster/shared/conf/seed.conf", "--run", uri);
    String driver = cluster.awaitDriver(first);
    awaitOutput(driver, "epoch 5/", first);
    CapturedProcess kill =
        cluster.run(
            "kill",
            List.of(
                cluster.sparkHome().resolve("bin/spark-submit").toString(),
                "--master",
                cluster.restUrl(),
                "--kill",
                driver));
    assertThat(kill.waitFor(LIMIT)).as(kill::tails).isZero();
    awaitState(first, "KILLED");
    int steps = run.steps();
    assertThat(steps).isBetween(10, 2 * EPOCHS - 1);
    assertThat(shared.resolve("runs/one/checkpoints"))
        .isDirectoryContaining(path -> path.endsWith("step-%08d".formatted(steps)));

    CapturedProcess second =
        train("viewfs://cluster/shared/conf/seed.conf", "--run", uri, "--resume");
    awaitOutput(cluster.awaitDriver(second), "epoch " + (steps / 2 + 3) + "/", second);
    cluster.kill(cluster.driverPid());
    awaitState(second, "FAILED");

    CapturedProcess third =
        train("viewfs://cluster/shared/conf/seed.conf", "--run", uri, "--resume");
    awaitState(third, "FINISHED");
    assertThat(cluster.driverOutput(cluster.awaitDriver(third)))
        .contains(
            "resumed   after step " + steps + "\n", "workers   2 x 1 thread", "\n" + uri + "\n");

    expected().assertSameAs(run);
    assertThat(shared.resolve("runs/one/images/after.png")).isNotEmptyFile();
  }

  @Test
  void pathsThatOnlyOneMachineMaySeeAreOneLineEach() {
    String conf = shared.resolve("conf/seed.conf").toString();

    CapturedProcess job =
        train(conf, "--run", "file:" + folder.resolve("local"), "--init", "w.safetensors");

    awaitState(job, "FAILED");
    String reason =
        ", a file: path, but in cluster deploy mode the driver runs on a machine of the cluster;"
            + " give a Hadoop URI that all of them reach, such as hdfs://, s3a://, or viewfs:// for"
            + " a shared mount";
    assertThat(cluster.driverError(cluster.awaitDriver(job)).lines())
        .filteredOn(line -> line.startsWith("syncnorm: "))
        .containsExactly(
            "syncnorm: --run is file:" + folder.resolve("local") + reason,
            "syncnorm: --init is w.safetensors" + reason,
            "syncnorm: CONF is " + conf + reason);
    assertThat(folder.resolve("local")).doesNotExist();
  }

  private static RunFiles expected() {
    Path run = folder.resolve("expected");
    List<String> arguments =
        new ArrayList<>(List.of("train", shared.resolve("conf/seed.conf").toString()));
    arguments.addAll(List.of("--run", run.toString(), "--workers", "1", "--quiet"));
    arguments.addAll(settings());
    Command command = Command.run(arguments);
    assertThat(command.exitCode()).as(command.error()).isZero();
    return new RunFiles(run);
  }

  private static CapturedProcess train(String conf, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Built.root().resolve("bin/syncnorm").toString(),
                "train",
                conf,
                "--master",
                cluster.masterUrl()));
    command.addAll(List.of(more));
    command.addAll(settings());
    return cluster.run("train", command);
  }

  private static List<String> settings() {
    List<String> settings = new ArrayList<>();
    for (String setting :
        List.of(
            "model.input.height=96",
            "model.input.width=96",
            "data.pixels.resize=[96,96]",
            "train.batch-size=3",
            "train.checkpoint-every=1000", // only when it is stopped, and at the end
            "train.epochs=" + EPOCHS)) {
      settings.addAll(List.of("--set", setting));
    }
    return settings;
  }

  /** The history of a run that is not on a local disk lags behind, so it is what was printed. */
  private static void awaitOutput(String driver, String text, CapturedProcess job) {
    Waiting.until(
        text,
        () -> {
          assertThat(job.isAlive()).as(() -> job.tails() + cluster.logs()).isTrue();
          return cluster.driverOutput(driver).contains(text);
        },
        LIMIT,
        () -> job.tails() + cluster.logs());
  }

  /** spark-submit itself ends with 0 however the driver has ended. */
  private static void awaitState(CapturedProcess job, String state) {
    Waiting.until(
        "the end of the job", () -> !job.isAlive(), LIMIT, () -> job.tails() + cluster.logs());
    assertThat(job.error())
        .as(() -> job.tails() + cluster.logs())
        .containsPattern("State of driver:? driver-\\d+-\\d+ is " + state + ", exiting");
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to);
  }
}
