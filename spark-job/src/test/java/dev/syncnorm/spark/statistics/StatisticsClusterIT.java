package dev.syncnorm.spark.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.ImageFolder;
import dev.syncnorm.spark.testing.StandaloneCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Statistics by a real spark-submit on a standalone cluster: executors that are processes of their
 * own, that are killed, or that say nothing while others do their work. What each run must give is
 * the file of an embedded run with one core.
 */
class StatisticsClusterIT {

  private static final Duration LIMIT = Duration.ofMinutes(4);

  /** What Spark logs when a copy of a task is the first to finish: task, loser, winner. */
  private static final Pattern WON =
      Pattern.compile(
          "Killing attempt 0 for task (\\d+)\\.0 in .* on (\\S+) as the attempt 1"
              + " succeeded on (\\S+)");

  /** What it logs of a result that counts: attempt, tasks of the stage. */
  private static final Pattern FINISHED =
      Pattern.compile("Finished task (\\d+\\.\\d+) in .* \\(\\d+/(\\d+)\\)");

  @TempDir private static Path folder;
  private static StandaloneCluster cluster;
  private static ImageFolder images;
  private static String expected;

  @BeforeAll
  static void startClusterAndMeasureWithoutIt() throws IOException {
    images = new ImageFolder(folder.resolve("images")).badImages();
    byte[] large = new ImageFolder(folder).jpeg("large.jpg", 2500, 2000).bytes("large.jpg");
    for (int i = 0; i < 160; i++) {
      images.file("class%d/%03d.jpg".formatted(i % 4, i), large);
    }
    for (int i = 0; i < 40; i++) {
      images.png("small/%d.png".formatted(i), 20 + i, 30);
    }
    cluster = builder().start();
    List<String> command =
        new ArrayList<>(List.of(Built.root().resolve("bin/syncnorm").toString()));
    command.addAll(stats("expected.json", "--master", "local[1]"));
    CapturedProcess embedded = cluster.run("embedded", command);
    assertThat(embedded.waitFor(LIMIT)).as(embedded::tails).isZero();
    expected = json("expected.json");
    assertThat(expected).contains("\"accepted\" : 200", "\"rejected\" : 6");
  }

  private static StandaloneCluster.Builder builder() {
    StandaloneCluster.Builder builder =
        StandaloneCluster.builder().workers(2).cores(1).memory("2g");
    return System.getProperty("os.name").equals("Linux") ? builder.hosts() : builder;
  }

  @AfterAll
  static void closeCluster() {
    cluster.close();
  }

  @Test
  void twoExecutorsGiveTheSameBytesAndAQuarantine() throws IOException {
    ImageFolder quarantine = new ImageFolder(folder.resolve("quarantine"));

    CapturedProcess job =
        cluster.submit(
            List.of("--executor-memory", "1g"),
            stats("two.json", "--on-bad", "quarantine", "--quarantine", quarantine.path()));

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.output()).contains("images    200 accepted, 6 rejected (1 corrupt, 1 empty, ");
    assertThat(json("two.json")).isEqualTo(expected);
    assertThat(quarantine.names()).hasSize(7).contains("bad/bomb.png", "rejections.jsonl");
  }

  @Test
  void anExecutorKilledInTheMiddleChangesNoBit() throws Exception {
    CapturedProcess job =
        cluster.submit(
            List.of("--executor-memory", "1g", "--conf", "spark.dynamicAllocation.enabled=true"),
            stats("killed.json"));
    List<Long> executors = cluster.awaitExecutors(2);
    awaitTask(job, 3);

    cluster.kill(executors.get(0));

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.error()).contains("Lost executor");
    assertThat(json("killed.json")).isEqualTo(expected);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void ofTwoAttemptsAtATaskTheFirstToFinishIsCountedAndTheOtherIsNot() throws Exception {
    List<String> options = new ArrayList<>(List.of("--executor-memory", "1g"));
    for (String setting :
        List.of(
            "spark.speculation=true",
            "spark.speculation.quantile=0.1",
            "spark.speculation.multiplier=1.1",
            "spark.speculation.minTaskRuntime=100ms")) {
      options.addAll(List.of("--conf", setting));
    }
    CapturedProcess job = cluster.submit(options, stats("speculation.json"));
    List<Long> executors = cluster.awaitExecutors(2);
    awaitTask(job, 1); // the executor is at its second one of many

    cluster.suspend(executors.get(0));

    try {
      job.awaitError("a second attempt that won", log -> WON.matcher(log).find(), LIMIT);
    } finally {
      if (cluster.executorPids().contains(executors.get(0))) {
        cluster.resume(executors.get(0)); // what it still sends comes too late
      }
    }
    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    MatchResult won = WON.matcher(job.error()).results().findFirst().orElseThrow();
    assertThat(won.group(3)).as("Its host").isNotEqualTo(won.group(2));
    assertThat(job.error()).contains("Starting task %s.1 in ".formatted(won.group(1)));
    assertThat(finished(job))
        .contains(won.group(1) + ".1")
        .doesNotContain(won.group(1) + ".0")
        .extracting(attempt -> attempt.replaceFirst("\\..*", ""))
        .as("each task once")
        .doesNotHaveDuplicates()
        .hasSize(tasks(job));
    assertThat(json("speculation.json")).isEqualTo(expected);
  }

  @Test
  void aStopWhileThereAreNoExecutorsEndsAtOnceAndWritesNothing() {
    Path quarantine = folder.resolve("no-quarantine");
    CapturedProcess job =
        cluster.submit(
            List.of("--executor-memory", "64g"), // more than any worker has
            stats("stopped.json", "--on-bad", "quarantine", "--quarantine", quarantine.toString()));
    job.awaitError("a job that waits", log -> log.contains("Submitting "), LIMIT);

    job.signal("TERM");

    assertThat(job.waitFor(Duration.ofSeconds(45))).as(job::tails).isEqualTo(143);
    assertThat(job.error().lines().filter(line -> line.startsWith("syncnorm: ")))
        .containsExactly("syncnorm: stopped as asked; nothing was written");
    assertThat(folder.resolve("stopped.json")).doesNotExist();
    assertThat(quarantine).doesNotExist();
  }

  /** The attempts whose results Spark has taken, such as {@code 12.0}. */
  private static List<String> finished(CapturedProcess job) {
    return FINISHED.matcher(job.error()).results().map(found -> found.group(1)).toList();
  }

  private static int tasks(CapturedProcess job) {
    MatchResult any = FINISHED.matcher(job.error()).results().findFirst().orElseThrow();
    return Integer.parseInt(any.group(2));
  }

  private static void awaitTask(CapturedProcess job, int tasks) {
    job.awaitError(
        tasks + " tasks",
        log -> log.lines().filter(line -> line.contains("Finished task")).count() >= tasks,
        LIMIT);
  }

  private static List<String> stats(String output, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "stats",
                images.path(),
                "-o",
                folder.resolve(output).toString(),
                "--group-by",
                "parent"));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private static String json(String name) throws IOException {
    return Json.withoutTime(Files.readString(folder.resolve(name)));
  }
}
