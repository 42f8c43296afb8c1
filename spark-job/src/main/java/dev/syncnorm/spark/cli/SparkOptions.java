package dev.syncnorm.spark.cli;

import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options of every command that runs on Spark: where, and how much it tells. */
final class SparkOptions {

  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "Where Spark runs: local[N] (default: local[*]), or a cluster such as spark://host:7077.")
  private String master;

  @Option(
      names = "--quiet",
      description = "Prints the path of what was written only; if nothing was, the result only.")
  private boolean quiet;

  @Option(names = "--verbose", description = "Shows where an error came from.")
  private boolean verbose;

  /** Made by the command line's library. */
  SparkOptions() {}

  Optional<String> master() {
    return Optional.ofNullable(master);
  }

  boolean quiet() {
    return quiet;
  }

  boolean verbose() {
    return verbose;
  }

  /** The line of a terminal that shows how far it is; shows nothing where there is no terminal. */
  TerminalBar bar(PrintWriter err) {
    return new TerminalBar(err, !quiet && System.console() != null, System::nanoTime);
  }
}
