package dev.syncnorm.report;

import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.StoredFile;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Makes the page of a run. */
public final class RunReport {

  private static final int LONGEST_CONFIGURATION = 4 << 20;

  private RunReport() {}

  /**
   * Reads a run folder, of a run that has ended or not, and writes its page in place of one that
   * may be there.
   *
   * @throws ReportException if it is no run folder, has no history yet, or a file of it is broken;
   *     then nothing is written
   */
  public static void write(Folder run, StoredFile output) throws ReportException {
    RunFiles files = new RunFiles(run);
    RunHistory history = RunHistory.read(files);
    DataSummary data = DataSummary.read(files);
    List<Checkpoint> checkpoints = Checkpoint.list(files);
    byte[] configuration = files.read("config.conf", LONGEST_CONFIGURATION).orElse(new byte[0]);
    ReportPage page =
        new ReportPage(
            files.name(),
            history,
            data,
            checkpoints,
            Picture.read(files, "before"),
            Picture.read(files, "after"),
            Picture.read(files, "test"),
            new String(configuration, StandardCharsets.UTF_8));
    Page.write(page.html(), output);
  }
}
