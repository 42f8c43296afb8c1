package dev.syncnorm.statistics;

import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.StorageReasons;
import dev.syncnorm.storage.StoredFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;

/** The file stats.json, which docs/statistics.schema.json describes. Every sum in it is exact. */
public final class StatisticsFile {

  static final String FORMAT = "syncnorm/statistics";
  static final int VERSION = 1;

  private static final String EXPECTED =
      "expected a file that `syncnorm stats INPUT... -o stats.json` writes";

  private StatisticsFile() {}

  /**
   * The file's bytes: equal statistics have equal bytes, but for the time that they took.
   *
   * @throws IllegalArgumentException if the kinds of pixels have different numbers of channels
   */
  public static byte[] toJson(DataSetStatistics statistics) {
    return StatisticsWriter.write(statistics);
  }

  /**
   * Reads a file to its end and checks all that can be checked: what follows from the sums is
   * computed anew and compared.
   *
   * @param path names it in a mistake
   * @throws StatisticsFileException if it can't be read, is of a newer version or damaged
   */
  public static DataSetStatistics read(InputStream in, String path) throws StatisticsFileException {
    return new StatisticsReader(path).read(in);
  }

  /**
   * The same of a file on any storage.
   *
   * @throws StatisticsFileException if there is none, or as above
   */
  public static DataSetStatistics read(StoredFile file) throws StatisticsFileException {
    try {
      if (file.kind() == Kind.FOLDER) {
        throw new StatisticsFileException(file.path() + " is a folder; " + EXPECTED);
      }
      try (InputStream in = file.open()) {
        return read(in, file.path());
      }
    } catch (NoSuchFileException e) {
      throw new StatisticsFileException(file.path() + " does not exist; " + EXPECTED, e);
    } catch (IOException e) {
      throw unreadable(file.path(), e);
    }
  }

  static StatisticsFileException unreadable(String path, IOException e) {
    return new StatisticsFileException(
        "%s can't be read: %s".formatted(path, StorageReasons.of(e)), e);
  }
}
