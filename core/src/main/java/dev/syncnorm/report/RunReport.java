package dev.syncnorm.report;

import dev.syncnorm.training.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
  public static void write(Path run, Path output) throws ReportException {
    RunFiles files = new RunFiles(run);
    RunHistory history = RunHistory.read(files.path("history.jsonl"));
    DataSummary data = DataSummary.read(files.path("index.json"));
    List<Checkpoint> checkpoints = Checkpoint.list(files);
    byte[] configuration = files.read("config.conf", LONGEST_CONFIGURATION).orElse(new byte[0]);
    Path folder = run.toAbsolutePath().normalize();
    ReportPage page =
        new ReportPage(
            folder.getFileName() == null ? folder.toString() : folder.getFileName().toString(),
            history,
            data,
            checkpoints,
            Picture.read(files, "before"),
            Picture.read(files, "after"),
            Picture.read(files, "test"),
            new String(configuration, StandardCharsets.UTF_8));
    byte[] html = page.html().getBytes(StandardCharsets.UTF_8);
    if (Files.isDirectory(output)) {
      throw new ReportException(
          "the report %s is a folder; give the name of a file with -o".formatted(output));
    }
    try {
      AtomicFiles.write(output.toAbsolutePath(), out -> out.write(html));
    } catch (IOException e) {
      throw new ReportException(
          "the report %s can't be written: %s %s; choose another file with -o"
              .formatted(
                  output, e.getClass().getSimpleName().replace("Exception", ""), e.getMessage()),
          e);
    }
  }
}
