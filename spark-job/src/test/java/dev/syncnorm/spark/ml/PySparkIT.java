package dev.syncnorm.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PySpark with the built jar: the one of the Python that {@code SYNCNORM_PYTHON} names, whose
 * package brings a whole Spark. Skipped without it.
 */
class PySparkIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final String INTERACTIVE =
      """
      import sys
      from pyspark.errors import AnalysisException
      from pyspark.sql import SparkSession, functions as F

      jar, folder = sys.argv[1:]
      spark = (
          SparkSession.builder.master("local[2]")
          .config("spark.ui.enabled", "false")
          .config("spark.jars", jar)
          .config("spark.sql.extensions", "dev.syncnorm.spark.ml.SyncnormExtensions")
          .getOrCreate()
      )
      images = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(folder)
      moments = images.agg(F.call_function("image_moments", F.col("content")).alias("m")).first().m
      print(moments.images, moments.rejected, moments.rejectedByCause, moments["sum"][0])
      try:
          images.selectExpr("image_moments(content, map('resise', '8x8'))")
      except AnalysisException as e:
          print(e.getCondition(), str(e))
      """;

  private static String python;
  @TempDir private static Path folder;

  @BeforeAll
  static void findPySparkAndWriteImages() throws IOException {
    python = System.getenv("SYNCNORM_PYTHON");
    assumeTrue(python != null, "SYNCNORM_PYTHON is not set: it names a Python with pyspark 4.1");
    // pyspark-client, which speaks to a Spark Connect server, has no context.
    assumeTrue(
        run("version", "-c", "import pyspark.core.context, pyspark; print(pyspark.__version__)")
            .output()
            .startsWith("4.1."),
        "the Python of SYNCNORM_PYTHON has no pyspark 4.1");
    for (String label : LabelledImages.LABELS) {
      Path images = Files.createDirectories(folder.resolve("images").resolve(label));
      int number = 0;
      for (BufferedImage picture : LabelledImages.pictures(label)) {
        Files.write(images.resolve(number++ + ".png"), ImageFiles.encode(picture, "png"));
      }
    }
    Files.writeString(folder.resolve("images/dog/notes.jpg"), "no image");
  }

  @Test
  void theExampleRunsBySparkSubmit() throws IOException {
    String home =
        run("home", "-c", "import os, pyspark; print(os.path.dirname(pyspark.__file__))")
            .output()
            .strip();
    CapturedProcess submit =
        start(
            "submit",
            List.of(
                home + "/bin/spark-submit",
                "--master",
                "local[2]",
                "--conf",
                "spark.ui.enabled=false",
                "--jars",
                Built.jar().toString(),
                "--conf",
                "spark.sql.extensions=" + SyncnormExtensions.class.getName(),
                Built.root().resolve("python/image_moments.py").toString(),
                folder.resolve("images").toString()));

    assertThat(submit.waitFor(LIMIT)).as(submit::tails).isZero();
    List<String> lines = submit.output().lines().toList();
    assertThat(lines).hasSize(LabelledImages.LABELS.size());
    for (int i = 0; i < lines.size(); i++) {
      JsonNode row = new ObjectMapper().readTree(lines.get(i));
      String label = LabelledImages.LABELS.get(i);
      ExactMoments exact = new ExactMoments(LabelledImages.pictures(label));
      assertThat(row.path("label").asText()).isEqualTo(label);
      assertThat(row.path("images").asInt()).isEqualTo(9);
      assertThat(row.path("rejectedByCause").path("not-an-image").asInt())
          .isEqualTo(label.equals("dog") ? 1 : 0);
      for (int c = 0; c < 3; c++) {
        assertThat(row.path("mean").path(c).asDouble()).isEqualTo(exact.mean(c));
        assertThat(row.path("std").path(c).asDouble())
            .isEqualTo(exact.populationStandardDeviation(c));
      }
    }
  }

  @Test
  void aSessionOfPlainPythonCallsTheFunctionAndCatchesItsErrors() throws IOException {
    Path script = Files.writeString(folder.resolve("interactive.py"), INTERACTIVE);

    CapturedProcess process =
        run(
            "interactive",
            script.toString(),
            Built.jar().toString(),
            folder.resolve("images").toString());

    assertThat(process.waitFor(LIMIT)).as(process::tails).isZero();
    ExactMoments exact =
        new ExactMoments(
            LabelledImages.LABELS.stream()
                .flatMap(label -> LabelledImages.pictures(label).stream())
                .toList());
    List<String> lines = process.output().lines().toList();
    assertThat(lines.get(0)).isEqualTo("27 1 {'not-an-image': 1} " + exact.sum(0));
    assertThat(lines.get(1))
        .startsWith("INVALID_PARAMETER_VALUE.PATTERN ")
        .contains("there is no option 'resise'; the options are channels, crop, ");
  }

  private static CapturedProcess run(String name, String... arguments) {
    List<String> command = new ArrayList<>(List.of(python));
    command.addAll(List.of(arguments));
    CapturedProcess process = start(name, command);
    process.waitFor(LIMIT);
    return process;
  }

  private static CapturedProcess start(String name, List<String> command) {
    Map<String, String> environment = new HashMap<>();
    // What the user's own Spark set-up says must not reach the test.
    System.getenv().keySet().stream()
        .filter(variable -> variable.matches("(SPARK|PYSPARK|SYNCNORM)_.*"))
        .forEach(variable -> environment.put(variable, ""));
    environment.put("JAVA_HOME", Built.java().getParent().getParent().toString());
    environment.put("PYSPARK_PYTHON", python);
    environment.put("PYTHONDONTWRITEBYTECODE", "1");
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    environment.put("SPARK_LOCAL_DIRS", folder.resolve("local").toString());
    return CapturedProcess.start(name, command, environment, folder, folder);
  }
}
