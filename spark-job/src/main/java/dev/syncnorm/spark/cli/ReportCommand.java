package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.report.ReportException;
import dev.syncnorm.report.RunReport;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.StoredFile;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code syncnorm report RUN}. */
@Command(
    name = "report",
    description = "Shows a run as one page that needs nothing else: curves, pictures, data.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false)
final class ReportCommand implements Callable<Integer>, Main.Verbose {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "RUN",
      description = "The folder of a run, which may be still under way.")
  private String run;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The page to write. Default: report.html in the run folder.")
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
    Folder folder = paths.folder("RUN", run);
    StoredFile page =
        output != null ? paths.file("-o", output) : new StoredFile(folder, "report.html");
    RunReport.write(folder, page);
    spec.commandLine().getOut().println(page.path());
    spec.commandLine().getOut().flush();
    return Main.DONE;
  }
}
