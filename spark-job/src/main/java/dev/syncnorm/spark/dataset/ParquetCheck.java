package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.DataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * Looks into the first Parquet file of each folder before any work starts: whether its images are
 * found is a question to the user, not a fault of the files. What is wrong with the others is seen
 * when they are read.
 */
final class ParquetCheck {

  private ParquetCheck() {}

  /** Footers that are read here; the rest is checked as it is read. */
  private static final int MOST_FOOTERS = 32;

  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  static void check(Configuration configuration, ListedInputs listed, Optional<String> column)
      throws DataException {
    ImageStore store = new ImageStore(new HadoopFiles(configuration));
    Map<String, String> problems = new HashMap<>();
    List<String> lines = new ArrayList<>();
    boolean any = false;
    int footers = 0;
    for (FolderFiles folder : listed.folders()) {
      StoredImages first = first(folder);
      any |= first != null;
      if (first != null && footers++ < MOST_FOOTERS) {
        String problem = problem(store, first, configuration, column);
        if (problem != null && problems.putIfAbsent(problem, first.path()) == null) {
          lines.add("%s: %s".formatted(first.path(), problem));
        }
      }
    }
    if (column.isPresent() && !any) {
      lines.add(
          "--column is %s, but there is no Parquet file among the inputs; leave it out"
              .formatted(column.get()));
    }
    if (!lines.isEmpty()) {
      throw new DataException(lines);
    }
  }

  private static StoredImages first(FolderFiles folder) {
    for (StoredImages file : folder.files()) {
      if (file.kind() == FileKind.PARQUET) {
        return file;
      }
    }
    return null;
  }

  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  private static String problem(
      ImageStore store, StoredImages file, Configuration configuration, Optional<String> column) {
    try {
      ParquetColumn.find(ParquetImages.schema(store, file, configuration), column);
      return null;
    } catch (ParquetColumn.UnknownColumnException e) {
      return e.getMessage() + ", or name inputs without it, such as '/data/*.tar'";
    } catch (IOException | RuntimeException e) {
      return null; // a bad file, which is listed as such
    }
  }
}
