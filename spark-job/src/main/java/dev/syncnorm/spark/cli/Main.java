package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.data.DataException;
import dev.syncnorm.report.ReportException;
import dev.syncnorm.training.TrainingException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;

/** The entry point of {@code bin/syncnorm} and of spark-submit. */
@Command(
    name = "syncnorm",
    description =
        "Batch-norm training and exact statistics for image data sets of any size, on Apache Spark.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {TrainCommand.class, StatsCommand.class, ReportCommand.class})
public final class Main {

  /** It is done. */
  static final int DONE = 0;

  /** Data, I/O, the cluster or numbers failed. */
  static final int FAILED = 1;

  /** The command line or the configuration is wrong. */
  static final int WRONG_USAGE = 2;

  /** Made by the command line's library. */
  Main() {}

  /** Runs a command and exits with its code. */
  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(out, err, arguments));
  }

  /** Runs a command and gives its exit code. */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine line = new CommandLine(new Main()).setOut(out).setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    // They tell their mistakes together with those of the configuration and of files.
    for (String command : List.of("train", "stats")) {
      line.getSubcommands().get(command).getCommandSpec().parser().collectErrors(true);
    }
    line.setParameterExceptionHandler((e, a) -> wrongUsage(e));
    line.setExecutionExceptionHandler((e, l, parsed) -> failed(e, l));
    if (arguments.length == 0) {
      line.usage(line.getErr());
      return WRONG_USAGE;
    }
    return line.execute(arguments);
  }

  private static int wrongUsage(ParameterException e) {
    PrintWriter err = e.getCommandLine().getErr();
    err.println("syncnorm: " + e.getMessage());
    err.println("syncnorm: see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return WRONG_USAGE;
  }

  private static int failed(Exception e, CommandLine line) {
    if (e instanceof ConfigurationException configuration) {
      print(line, configuration.mistakes());
      return WRONG_USAGE;
    }
    if (e instanceof DataException data) {
      print(line, data.problems());
    } else if (e instanceof TrainingException || e instanceof ReportException) {
      print(line, List.of(e.getMessage()));
    } else {
      print(line, List.of("it failed unexpectedly: " + e + "; --verbose shows where"));
    }
    if (verbose(line.getCommand())) {
      e.printStackTrace(line.getErr());
    }
    return FAILED;
  }

  /** A command that can tell more of an error. */
  interface Verbose {
    /** Whether stack traces are wanted. */
    boolean verbose();
  }

  private static boolean verbose(Object command) {
    return command instanceof Verbose told && told.verbose();
  }

  private static void print(CommandLine line, List<String> messages) {
    messages.forEach(message -> line.getErr().println("syncnorm: " + message));
    line.getErr().flush();
  }

  /** The version from the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"syncnorm " + (version == null ? "development" : version)};
    }
  }
}
