package dev.syncnorm.spark.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandaloneClusterIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private static StandaloneCluster cluster;
  private static Path application;

  @TempDir private Path folder;

  @BeforeAll
  static void startCluster() {
    cluster = StandaloneCluster.builder().workers(2).cores(1).memory("1g").start();
    application = TestJar.of(cluster.directory().resolve("waiting.jar"), WaitingApplication.class);
  }

  @AfterAll
  static void closeCluster() {
    cluster.close();
    assertThat(cluster.directory()).doesNotExist();
  }

  @Test
  void aJobFinishesThoughOneOfTwoExecutorsIsKilled() throws IOException {
    CapturedProcess job = submitWaiting(4);
    awaitRunningTasks(2, job);
    List<Long> executors = cluster.awaitExecutors(2);
    assertThat(cluster.executorPids(0)).hasSize(1).isSubsetOf(executors);

    cluster.kill(executors.get(0));
    assertThat(cluster.executorPids()).doesNotContain(executors.get(0));
    Files.writeString(folder.resolve("go"), "");

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.output()).isEqualTo("sum 6\n");
  }

  @Test
  void aJobFinishesOnTheWorkerThatJoinsForOneThatWasKilled() throws IOException {
    CapturedProcess job = submitWaiting(2);
    awaitRunningTasks(2, job);

    int added = cluster.addWorker();
    cluster.killWorker(added - 1);
    Waiting.until(
        "an executor on the new worker",
        () -> cluster.executorPids(added).size() == 1,
        LIMIT,
        cluster::logs);
    Files.writeString(folder.resolve("go"), "");

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.output()).isEqualTo("sum 1\n");
  }

  @Test
  void aSuspendedExecutorGoesOnWhereItStopped() throws IOException {
    CapturedProcess job = submitWaiting(2);
    awaitRunningTasks(2, job);
    long executor = cluster.awaitExecutors(2).get(0);

    cluster.suspend(executor);
    Files.writeString(folder.resolve("go"), "");
    assertThatThrownBy(() -> job.waitFor(Duration.ofSeconds(2)))
        .hasMessageContaining("still runs after 2 s");
    cluster.resume(executor);

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.output()).isEqualTo("sum 1\n");
  }

  @Test
  void foreignProcessesAreLeftAlone() {
    long foreign = ProcessHandle.current().pid();

    assertThatThrownBy(() -> cluster.kill(foreign))
        .hasMessageContaining("not one of this cluster's");
    assertThatThrownBy(() -> cluster.suspend(foreign))
        .hasMessageContaining("not one of this cluster's");
  }

  private CapturedProcess submitWaiting(int tasks) {
    return cluster.submit(
        application,
        WaitingApplication.class.getName(),
        List.of("--executor-memory", "512m"),
        List.of(folder.toString(), Integer.toString(tasks)));
  }

  private void awaitRunningTasks(int count, CapturedProcess job) {
    Waiting.until(
        count + " running tasks",
        () -> {
          String[] files = folder.toFile().list((parent, name) -> name.startsWith("running-"));
          return files != null && files.length >= count;
        },
        LIMIT,
        () -> job.tails() + cluster.logs());
  }
}
