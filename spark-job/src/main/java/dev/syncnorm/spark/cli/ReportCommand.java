package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.report.ReportException;
import dev.syncnorm.report.RunReport;
import dev.syncnorm.report.StatisticsReport;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.StoredFile;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code syncnorm report RUN_OR_STATS}. */
@Command(
    name = "report",
    description =
        "Shows a run, or the statistics of a data set, as one page that needs nothing else: curves, pictures, histograms, data.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false)
final class ReportCommand implements Callable<Integer>, Main.Verbose {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "RUN_OR_STATS",
      description =
          "The folder of a run, which may be still under way, or a stats.json of `syncnorm stats`.")
  private String subject;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "The page to write. Default: report.html in the run folder; stats.html beside stats.json.")
  private String output;

  @Option(names = "--verbose", description = "Shows where an error came from.")
  private boolean verbose;

  @Override
  public boolean verbose() {
    return verbose;
  }

  @Override
  public Integer call() throws ConfigurationException, ReportException {
    CommandPaths paths = new CommandPaths();
    StoredFile file = paths.file("RUN_OR_STATS", subject);
    StoredFile page;
    if (isFile(file)) {
      page = output != null ? paths.newFile("-o", output) : StatisticsReport.besides(file);
      StatisticsReport.write(file, page);
    } else {
      Folder run = paths.folder("RUN_OR_STATS", subject);
      page = output != null ? paths.newFile("-o", output) : new StoredFile(run, "report.html");
      RunReport.write(run, page);
    }
    spec.commandLine().getOut().println(page.path());
    spec.commandLine().getOut().flush();
    return Main.DONE;
  }

  /** What can't be looked at is taken for a run, whose report says why. */
  private static boolean isFile(StoredFile file) {
    try {
      return file.kind() == Folder.Kind.FILE;
    } catch (IOException e) {
      return false;
    }
  }
}
