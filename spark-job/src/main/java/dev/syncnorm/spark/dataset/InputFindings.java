package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.DataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLongArray;

/** What a listing has found in its inputs, and what was wrong with them. Thread-safe. */
final class InputFindings {

  private static final int MOST_PROBLEMS = 50;

  private final List<String> inputs;
  private final Map<Integer, List<String>> problems = new TreeMap<>();
  private final Collection<FolderFiles> found = new ConcurrentLinkedQueue<>();
  private final Map<String, FolderFiles.Collector> singles = new TreeMap<>();
  private final AtomicLongArray counts;
  private final AtomicLongArray others;
  private final AtomicLongArray hidden;

  InputFindings(List<String> inputs) {
    this.inputs = inputs;
    this.counts = new AtomicLongArray(inputs.size());
    this.others = new AtomicLongArray(inputs.size());
    this.hidden = new AtomicLongArray(inputs.size());
  }

  /**
   * An input can't be listed as it is.
   *
   * @param order the number of the input
   */
  synchronized void problem(int order, String line) {
    problems.computeIfAbsent(order, o -> new ArrayList<>()).add(line);
  }

  /** A file that an input names. */
  synchronized void file(int order, String path, long length, FileKind kind) {
    counts.incrementAndGet(order);
    int slash = path.lastIndexOf('/');
    // One collector for the files of one folder: a shell's pattern may name many thousands.
    singles
        .computeIfAbsent(
            "%010d%s".formatted(order, path.substring(0, slash)),
            folder -> new FolderFiles.Collector())
        .add(path.substring(slash + 1), length, kind);
  }

  /** What a folder holds. */
  void folder(FolderFiles files) {
    counts.addAndGet(files.order(), files.files().count());
    others.addAndGet(files.order(), files.passedOver().others());
    hidden.addAndGet(files.order(), files.passedOver().hidden());
    found.add(files);
  }

  /**
   * All that was found.
   *
   * @throws DataException with a line for each mistake, and for each input that has no images
   */
  ListedInputs all() throws DataException {
    for (Map.Entry<String, FolderFiles.Collector> single : singles.entrySet()) {
      int order = Integer.parseInt(single.getKey().substring(0, 10));
      String path = single.getKey().substring(10);
      String folder = path.isEmpty() ? "/" : path;
      found.add(
          single
              .getValue()
              .files(folder, identity(folder), order, InputPaths.child(folder, "").length()));
    }
    for (int order = 0; order < inputs.size(); order++) {
      if (counts.get(order) == 0 && !problems.containsKey(order)) {
        problem(order, nothing(order));
      }
    }
    List<String> lines = problems.values().stream().flatMap(List::stream).distinct().toList();
    if (!lines.isEmpty()) {
      throw new DataException(
          lines.size() <= MOST_PROBLEMS
              ? lines
              : first(lines, MOST_PROBLEMS, "%d more mistakes of this kind"));
    }
    return ListedInputs.distinct(found);
  }

  private static List<String> first(List<String> lines, int count, String more) {
    List<String> shown = new ArrayList<>(lines.subList(0, count));
    shown.add("and " + more.formatted(lines.size() - count));
    return shown;
  }

  private static String identity(String folder) {
    try {
      return folder.startsWith("/") ? new FolderLister.Local().identity(folder) : folder;
    } catch (IOException e) {
      return folder; // gone: what was listed of it is told when it is read
    }
  }

  private String nothing(int order) {
    String input = inputs.get(order);
    if (others.get(order) > 0) {
      return "%s has no images: its %d files have endings such as .txt and .json, which lie beside images; expected images, .tar or .parquet"
          .formatted(input, others.get(order));
    }
    if (hidden.get(order) > 0) {
      return "%s has no images; %d of its names begin with a dot or an underscore and are left out, unless one is named as an input"
          .formatted(input, hidden.get(order));
    }
    return InputPaths.wild(input)
        ? "%s matches nothing; expected a pattern such as '/data/*/*.jpg', in quotes, or a folder"
            .formatted(input)
        : "%s has no images; expected a folder with images, .tar or .parquet files below it"
            .formatted(input);
  }
}
