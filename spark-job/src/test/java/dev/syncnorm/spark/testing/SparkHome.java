package dev.syncnorm.spark.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/**
 * A Spark installation: the one that SPARK_HOME names if it is a 4.1, else a folder of links to the
 * Maven jars. Also the environment in which its processes run.
 */
final class SparkHome {
  private static final String LOGGING =
      """
      appender.console.type = Console
      appender.console.name = console
      appender.console.target = SYSTEM_ERR
      appender.console.layout.type = PatternLayout
      appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
      rootLogger.level = info
      rootLogger.appenderRef.console.ref = console
      logger.jetty.name = org.sparkproject.jetty
      logger.jetty.level = warn
      logger.security.name = org.apache.spark.SecurityManager
      logger.security.level = warn
      """;

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

  private SparkHome() {}

  static Path inside(Path folder) {
    String installed = System.getenv("SPARK_HOME");
    if (installed != null && isSpark41(Path.of(installed))) {
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

  /** The environment of all processes, whose configuration and scratch space lie in the folder. */
  static Map<String, String> environment(Path folder, Path home) {
    Map<String, String> variables = new HashMap<>();
    // What the user's own Spark set-up says must not reach the test.
    System.getenv().keySet().stream()
        .filter(name -> name.startsWith("SPARK_") || name.startsWith("SYNCNORM_"))
        .forEach(name -> variables.put(name, ""));
    variables.put("JAVA_HOME", Built.javaHome().toString());
    variables.put("SPARK_HOME", home.toString());
    variables.put("SPARK_SCALA_VERSION", "2.13");
    variables.put("SPARK_CONF_DIR", configured(folder.resolve("conf")).toString());
    variables.put("SPARK_LOCAL_DIRS", folder.resolve("local").toString());
    variables.put("SPARK_LOCAL_IP", "127.0.0.1");
    variables.put("SPARK_DAEMON_MEMORY", "256m");
    // Its port is 6066 unless it is told otherwise.
    variables.put(
        "SPARK_MASTER_OPTS", "-Dspark.master.rest.enabled=true -Dspark.master.rest.port=0");
    return variables;
  }

  private static Path configured(Path folder) {
    try {
      Files.writeString(Folders.create(folder).resolve("log4j2.properties"), LOGGING);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isSpark41(Path home) {
    String[] jars =
        home.resolve("jars")
            .toFile()
            .list((folder, name) -> name.startsWith("spark-core_2.13-4.1."));
    return jars != null && jars.length == 1;
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
