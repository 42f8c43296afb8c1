package dev.syncnorm.spark.dataset;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Deals listed files out to tasks of about the same work: neighbours stay together, and tasks that
 * are large because of one archive begin first.
 *
 * <p>A tar archive is one task: where its members begin is only known by going through it, and a
 * search for the next header could take one inside a member for it. A Parquet file is cut by bytes;
 * each task takes the row groups whose middle is in its part.
 */
final class ReadPlan {

  /** No task is planned with more, but for one archive. */
  static final long MOST_BYTES = 64L << 20;

  private static final long FEWEST_BYTES = 1L << 20;
  private static final int MOST_FILES = 8192;
  private static final int TASKS_PER_CORE = 4;

  /** What a file costs besides its bytes: opening it, and the least that decoding it takes. */
  private static final long COST_OF_A_FILE = 8 << 10;

  private ReadPlan() {}

  static List<PackedFiles> of(ListedInputs listed, int cores) {
    long work = listed.bytes() + listed.count() * COST_OF_A_FILE;
    long target =
        Math.min(MOST_BYTES, Math.max(FEWEST_BYTES, work / ((long) TASKS_PER_CORE * cores)));
    List<PackedFiles> tasks = new ArrayList<>();
    PackedFiles.Writer writer = new PackedFiles.Writer();
    for (FolderFiles folder : listed.folders()) {
      for (StoredImages file : folder.files()) {
        for (StoredImages part : parts(file, target)) {
          long after = writer.bytes() + part.bytes() + (writer.count() + 1) * COST_OF_A_FILE;
          if (writer.count() > 0 && (after > target || writer.count() == MOST_FILES)) {
            tasks.add(writer.files());
            writer = new PackedFiles.Writer();
          }
          writer.add(part);
        }
      }
    }
    if (writer.count() > 0) {
      tasks.add(writer.files());
    }
    tasks.sort(
        Comparator.comparing((PackedFiles task) -> task.bytes() > 2 * target ? -task.bytes() : 0));
    return List.copyOf(tasks);
  }

  private static List<StoredImages> parts(StoredImages file, long target) {
    if (file.kind() != FileKind.PARQUET || file.length() <= target) {
      return List.of(file);
    }
    List<StoredImages> parts = new ArrayList<>();
    long count = (file.length() + target - 1) / target;
    for (long i = 0; i < count; i++) {
      parts.add(
          new StoredImages(
              file.path(),
              file.nameStart(),
              file.length(),
              file.kind(),
              part(file.length(), i, count),
              part(file.length(), i + 1, count)));
    }
    return parts;
  }

  /** {@code length i / count} without overflow: cuts at whole bytes, in equal parts. */
  private static long part(long length, long i, long count) {
    return length / count * i + length % count * i / count;
  }
}
