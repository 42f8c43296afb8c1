package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.testing.StandaloneCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check of a data set by executors that are processes of their own. */
class DataScanClusterIT {

  private static final Duration LIMIT = Duration.ofMinutes(4);

  private static StandaloneCluster cluster;
  @TempDir private Path folder;

  @BeforeAll
  static void startCluster() {
    cluster = StandaloneCluster.builder().workers(1).cores(1).memory("2g").start();
  }

  @AfterAll
  static void closeCluster() {
    cluster.close();
  }

  @Test
  void executorsFindWhatIsBadAndTheDriverCopiesIt() {
    PairFolders data = new PairFolders(folder).pair("a", 8, 8).pair("b", 9, 9).pair("c", 8, 9);
    data.file("target/c.png", PairFolders.truncated(PairFolders.png(8, 9, 1)));

    CapturedProcess job =
        submit(
            data.configuration(),
            "--on-bad",
            "quarantine",
            "--quarantine",
            folder.resolve("bad").toString());

    assertThat(job.waitFor(LIMIT)).as(job::tails).isZero();
    assertThat(job.output()).contains("rejected  2 images (1 bad-partner, 1 truncated)");
    assertThat(data.files("bad")).containsOnlyKeys("rejections.jsonl", "target/c.png");
  }

  private CapturedProcess submit(Path configuration, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of("train", configuration.toString(), "--run", folder.resolve("run").toString()));
    arguments.addAll(List.of(options));
    return cluster.submit(List.of("--executor-memory", "1g"), arguments);
  }
}
