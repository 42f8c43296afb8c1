package dev.syncnorm.report;

import dev.syncnorm.statistics.StatisticsFile;
import dev.syncnorm.statistics.StatisticsFileException;
import dev.syncnorm.storage.StoredFile;

/** Makes the page of a stats.json. */
public final class StatisticsReport {

  private StatisticsReport() {}

  /** Where the page goes if nothing else is said: stats.html beside stats.json. */
  public static StoredFile besides(StoredFile statistics) {
    String name = statistics.name().replaceFirst("(?i)\\.json$", "");
    return new StoredFile(statistics.folder(), name + ".html");
  }

  /**
   * Reads a file of statistics and writes its page in place of one that may be there.
   *
   * @throws ReportException if the file can't be read or is damaged; then nothing is written
   */
  public static void write(StoredFile statistics, StoredFile output) throws ReportException {
    if (statistics.path().equals(output.path())) {
      throw new ReportException(
          "the report would replace %s, which it is about; choose another file with -o"
              .formatted(output.path()));
    }
    try {
      Page.write(new StatisticsPage(StatisticsFile.read(statistics)).html(), output);
    } catch (StatisticsFileException e) {
      throw new ReportException(e.getMessage(), e);
    }
  }
}
