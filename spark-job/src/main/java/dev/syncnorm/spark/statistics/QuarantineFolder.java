package dev.syncnorm.spark.statistics;

import dev.syncnorm.data.DataException;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.HadoopFiles;
import dev.syncnorm.spark.dataset.Quarantine;
import dev.syncnorm.spark.dataset.Reasons;
import dev.syncnorm.spark.statistics.MeasuredPart.StagedCopy;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** The quarantine of a job that may have none. Used on the driver. */
final class QuarantineFolder implements AutoCloseable {

  /** Which no task decides. */
  private static final Comparator<StagedCopy> ORDER = Comparator.comparing(StagedCopy::staged);

  private final Configuration hadoop;
  private final Optional<String> written;
  private final Optional<Quarantine> quarantine;

  /**
   * Opens it.
   *
   * @throws DataException if it can't be, or lies in an input
   */
  QuarantineFolder(SparkSession session, StatisticsJob.Request request) throws DataException {
    this.hadoop = session.sparkContext().hadoopConfiguration();
    this.written = request.badInput().quarantine();
    try {
      if (written.isPresent()) {
        checkOutside(request.located());
      }
      this.quarantine =
          written.isPresent()
              ? Optional.of(new Quarantine(hadoop, written.get()))
              : Optional.empty();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void checkOutside(List<String> inputs) throws IOException, DataException {
    HadoopFiles files = new HadoopFiles(hadoop);
    String folder = files.qualified(written.orElseThrow()) + "/";
    for (String input : inputs) {
      // A glob's folder is what is before its first special character.
      String fixed = input.split("[*?\\[{]", 2)[0];
      String root = files.qualified(fixed.isEmpty() ? "." : fixed);
      boolean glob = fixed.length() < input.length();
      if (folder.startsWith(glob && fixed.endsWith("/") || !glob ? root + "/" : root)) {
        throw new DataException(
            List.of(
                "--quarantine %s lies in %s, where the next run would measure it; choose a folder outside"
                    .formatted(written.get(), input)));
      }
    }
  }

  /** Where tasks copy to, whole, as another machine may have other defaults; empty for nowhere. */
  String uri() throws DataException {
    if (written.isEmpty()) {
      return "";
    }
    try {
      Path folder = new Path(written.get());
      return folder.getFileSystem(hadoop).makeQualified(folder).toString();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Gives all copies their names, then writes the list. */
  void write(List<StagedCopy> staged, List<Rejection> rejections) throws DataException {
    if (quarantine.isEmpty() || rejections.isEmpty()) {
      return;
    }
    // Members of one name may be rejected for the same, and each has its copy.
    Map<Rejection, Queue<StagedCopy>> copies = new HashMap<>();
    for (StagedCopy copy : staged) {
      copies.computeIfAbsent(copy.rejection(), r -> new PriorityQueue<>(ORDER)).add(copy);
    }
    try {
      for (Rejection rejection : rejections) {
        Queue<StagedCopy> left = copies.get(rejection);
        if (left == null || left.isEmpty()) {
          quarantine.get().addUnreadable(rejection);
        } else {
          StagedCopy copy = left.remove();
          quarantine.get().addStaged(rejection, copy.name(), copy.staged());
        }
      }
      quarantine.get().writeList();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private DataException unwritable(IOException e) {
    return new DataException(List.of(unwritable(written.orElseThrow(), e)), e);
  }

  /** What is told of a folder that can't be written. */
  static String unwritable(String folder, IOException e) {
    return "--quarantine %s can't be written: %s; choose another folder"
        .formatted(folder, Reasons.of(e));
  }

  @Override
  public void close() throws DataException {
    if (quarantine.isPresent()) {
      try {
        quarantine.get().close();
      } catch (IOException e) {
        throw unwritable(e);
      }
    }
  }
}
