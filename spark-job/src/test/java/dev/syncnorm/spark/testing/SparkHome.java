package dev.syncnorm.spark.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A Spark installation: the one that SPARK_HOME names if it is a 4.1, else a folder of links to the
 * Maven jars.
 */
final class SparkHome {
  private SparkHome() {}

  /**
   * Becomes the command that Spark's launcher prints: NUL and newline, then each word ended by NUL.
   */
  private static final String SPARK_CLASS =
      """
      #!/usr/bin/env bash
      set -euo pipefail
      home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
      command=()
      while IFS= read -r -d '' word; do
        word=${word#$'\\n'}
        [ -z "$word" ] && [ ${#command[@]} -eq 0 ] || command+=("$word")
      done < <("$JAVA_HOME/bin/java" -Xmx128m -cp "$home/jars/*" org.apache.spark.launcher.Main "$@")
      [ ${#command[@]} -gt 0 ] || { echo "Spark's launcher printed no command for: $*" >&2; exit 1; }
      exec "${command[@]}"
      """;

  private static final String SPARK_SUBMIT =
      """
      #!/usr/bin/env bash
      exec "$(dirname "${BASH_SOURCE[0]}")/spark-class" org.apache.spark.deploy.SparkSubmit "$@"
      """;

  static Path inside(Path folder) {
    String installed = System.getenv("SPARK_HOME");
    if (installed != null
        && Files.isRegularFile(Path.of(installed, "jars", "spark-core_2.13-4.1.0.jar"))) {
      return Path.of(installed);
    }
    try {
      Path home = folder.resolve("spark");
      Path jars = Files.createDirectories(home.resolve("jars"));
      for (Path jar : Built.sparkJars()) {
        Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
      }
      Path bin = Files.createDirectories(home.resolve("bin"));
      script(bin.resolve("spark-class"), SPARK_CLASS);
      script(bin.resolve("spark-submit"), SPARK_SUBMIT);
      return home;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
