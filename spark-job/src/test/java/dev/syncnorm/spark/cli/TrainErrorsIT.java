package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.spark.cli.TrainScene.Row;
import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.testing.StandaloneCluster;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The errors of {@link TrainErrorsTest} that take a JVM of their own or a cluster: one line, its
 * exit code, no file changed.
 */
class TrainErrorsIT {

  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";

  private static StandaloneCluster cluster;
  @TempDir private Path folder;
  @TempDir private Path logs;

  /** Runs a scene's command line. */
  private interface Way {
    CapturedProcess start(List<String> arguments, Path logs) throws IOException;
  }

  private record Case(Row row, Way way) {
    @Override
    public String toString() {
      return row.name();
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(
            new Row(
                "a JVM without the Vector API's module",
                Main.WRONG_USAGE,
                List.of(
                    "backend vector needs the JDK module jdk.incubator.vector; add"
                        + " --add-modules=jdk.incubator.vector to the JVM options"),
                scene -> {}),
            (arguments, logs) -> {
              List<String> options = new ArrayList<>(Built.jvmOptions());
              assertThat(options.remove(VECTOR_MODULE)).isTrue();
              return java(options, Built.sparkJars(), arguments, logs);
            }),
        new Case(
            new Row(
                "an unsupported Spark",
                Main.WRONG_USAGE,
                List.of(
                    "this is Spark 3.5.1, but syncnorm runs on Spark 4.1 (Scala 2.13) with Java 17;"
                        + " set SPARK_HOME to a Spark 4.1 installation and use its spark-submit"),
                scene -> {}),
            (arguments, logs) -> {
              // Where Spark reads its own version from, first on the class path.
              Path properties = logs.resolve("other/spark-version-info.properties");
              Files.createDirectories(properties.getParent());
              Files.writeString(
                  properties, "version=3.5.1\nuser=\nrevision=\nbranch=\ndate=\nurl=\n");
              List<Path> classPath = new ArrayList<>(List.of(properties.getParent()));
              classPath.addAll(Built.sparkJars());
              return java(Built.jvmOptions(), classPath, arguments, logs);
            }),
        new Case(
            new Row(
                "no Spark",
                Main.WRONG_USAGE,
                List.of(
                    "there is no Spark on the class path; run bin/syncnorm, or syncnorm.jar by the"
                        + " spark-submit of Spark 4.1"),
                scene -> {}),
            (arguments, logs) -> java(Built.jvmOptions(), List.of(), arguments, logs)),
        new Case(
            new Row(
                "a path that the executors can't see, even if bad images are skipped",
                Main.FAILED,
                List.of(
                    "/proc/self/cwd/driver-only/input/a.png is not visible to the executors on host"
                        + " <...>, which could read none of its 4 images (the first: <...>), but the"
                        + " driver reads it; use a path that every host sees, such as a shared file"
                        + " system, hdfs:// or s3a://, or copy the data to that host"),
                scene -> {
                  // The driver runs in the cluster's folder, an executor in one of its own.
                  Path workingFolder = Path.of("/proc/self/cwd");
                  assumeTrue(Files.exists(workingFolder), "not Linux");
                  new PairFolders(cluster.directory().resolve("driver-only"))
                      .pair("a", 8, 8)
                      .pair("b", 8, 8);
                  scene.set("data.input=" + workingFolder.resolve("driver-only/input"));
                  scene.set("data.target=" + workingFolder.resolve("driver-only/target"));
                  scene.with("--quiet", "--on-bad", "skip");
                }),
            (arguments, logs) -> submit(arguments)),
        new Case(
            new Row(
                "dynamic allocation",
                Main.WRONG_USAGE,
                List.of(
                    "spark.dynamicAllocation.enabled is true, but a training needs all of its"
                        + " executors from the first step to the last; set it to false, and"
                        + " spark.executor.instances to their number"),
                scene -> {}),
            (arguments, logs) -> submit(arguments, "spark.dynamicAllocation.enabled=true")),
        new Case(
            new Row(
                "more than an executor's heap has",
                Main.FAILED,
                List.of(
                    "the training needs <...> GiB, but the heap of an executor has 1.5 GiB: make"
                        + " model.input and data.pixels.resize smaller, or give more memory:"
                        + " SYNCNORM_SPARK_SUBMIT_OPTS='--executor-memory <...>g'"),
                scene -> {
                  scene.set("model.input.height=8192", "model.input.width=8192");
                  scene.with("--dry-run");
                }),
            (arguments, logs) -> submit(arguments, "spark.executor.memory=1536m")));
  }

  @BeforeAll
  static void startCluster() {
    cluster = StandaloneCluster.builder().workers(1).cores(1).memory("2g").start();
  }

  @AfterAll
  static void closeCluster() {
    cluster.close();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aMistakeGivesItsLineAndItsExitCodeAndChangesNoFile(Case mistaken) throws IOException {
    TrainScene scene = new TrainScene(folder);
    mistaken.row().mistake().make(scene);
    Map<String, String> before = scene.snapshot();

    CapturedProcess process = mistaken.way().start(scene.arguments(), logs);

    assertThat(process.waitFor(LIMIT)).as(process::tails).isEqualTo(mistaken.row().exitCode());
    List<String> ours =
        process.error().lines().filter(line -> line.startsWith("syncnorm: ")).toList();
    mistaken.row().check(ours, folder);
    assertThat(process.error()).doesNotContain("Exception in thread").doesNotContain("\tat dev.");
    if (!scene.arguments().contains("--dry-run")) {
      assertThat(process.output()).isEmpty();
    }
    assertThat(scene.snapshot()).isEqualTo(before);
  }

  private static CapturedProcess java(
      List<String> options, List<Path> more, List<String> arguments, Path logs) {
    List<String> command = new ArrayList<>(List.of(Built.java().toString()));
    command.addAll(options);
    command.add("-Dlog4j2.configurationFile=" + Built.root().resolve("conf/log4j2.properties"));
    command.add("-cp");
    command.add(
        Stream.concat(more.stream(), Stream.of(Built.jar()))
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(Main.class.getName());
    command.addAll(arguments);
    return CapturedProcess.start("java", command, Map.of(), logs, logs);
  }

  private static CapturedProcess submit(List<String> arguments, String... settings) {
    List<String> options = new ArrayList<>();
    for (String setting : settings) {
      options.addAll(List.of("--conf", setting));
    }
    return cluster.submit(options, arguments);
  }
}
