package dev.syncnorm.network;

import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowWindow;
import dev.syncnorm.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one image goes through between two global sums, as tasks that work on runs of rows. The
 * image is cut into bands; for each band every task computes as many more rows as the tasks behind
 * it need, so that what one task writes is still in the cache when the next one reads it. A tensor
 * that no other phase needs is never there as a whole, only a {@link Buffer window} of its rows.
 *
 * <p>How many rows a band has follows from the size of the cache and has no effect on results.
 */
public final class RowProgram {

  /** What the windows of a phase may take of a core's second-level cache. */
  private static final long CACHE_BYTES = 512 << 10;

  /**
   * A tensor that a task reads.
   *
   * @param rows those that the task's rows are made of
   * @param margins zeros that the task reads around it
   */
  public record Read(int tensor, RowWindow rows, Planes.Margins margins) {}

  /**
   * A task.
   *
   * @param tensor that it writes, or -1 for a sum
   * @param rows how many rows it has to go through
   */
  public record Task(Operation operation, List<Read> reads, int tensor, int rows) {
    /** Copies the list. */
    public Task {
      reads = List.copyOf(reads);
    }
  }

  /**
   * The memory of a tensor of which this phase keeps a window only.
   *
   * @param rows in the window
   */
  public record Buffer(int tensor, Shape shape, Planes.Margins margins, int rows) {
    /** Floats of its array. */
    public int size() {
      return Planes.size(shape, margins, rows);
    }
  }

  private final List<Task> tasks;
  private final List<Buffer> buffers;
  private final Map<Integer, Integer> producers = new HashMap<>();
  private final int[][] ends;
  private final int[][] firsts;

  /**
   * Cuts an image into bands.
   *
   * @param tasks each after those whose tensors it reads
   * @param stored whether a tensor is kept as a whole
   * @param bandRows rows of the tallest tensor in a band, or 0 for as many as the cache holds
   */
  RowProgram(List<Task> tasks, StepTensors tensors, boolean[] stored, int bandRows) {
    this.tasks = List.copyOf(tasks);
    int tallest = tasks.stream().mapToInt(Task::rows).max().orElse(1);
    long bytesPerRow = 0;
    for (int t = 0; t < tasks.size(); t++) {
      int tensor = tasks.get(t).tensor();
      if (tensor >= 0 && !stored[tensor]) {
        producers.put(tensor, t);
        bytesPerRow += (long) Float.BYTES * tensors.shape(tensor).size() / tallest;
      }
    }
    int rows =
        bandRows > 0
            ? Math.min(bandRows, tallest)
            : (int) Math.max(1, Math.min(tallest, CACHE_BYTES / Math.max(1, bytesPerRow)));
    int bands = (tallest + rows - 1) / rows;
    ends = new int[bands][tasks.size()];
    firsts = new int[bands][producers.size()];
    for (int band = 0; band < bands; band++) {
      setEnds(band);
    }
    List<Buffer> windows = new ArrayList<>();
    producers.keySet().stream().sorted().forEach(tensor -> addBuffer(tensor, tensors, windows));
    buffers = List.copyOf(windows);
  }

  /** A sum goes on by its share of rows, and so does a stored tensor; a window as is needed. */
  private void setEnds(int band) {
    int[] end = ends[band];
    for (int t = tasks.size() - 1; t >= 0; t--) {
      Task task = tasks.get(t);
      if (!producers.containsKey(task.tensor())) {
        int share = (int) ((long) task.rows() * (band + 1) / ends.length);
        end[t] = Math.max(end[t], share);
      }
      for (Read read : task.reads()) {
        Integer producer = producers.get(read.tensor());
        if (producer != null && end[t] > 0) {
          int needed = Math.min(tasks.get(producer).rows(), read.rows().end(end[t]));
          end[producer] = Math.max(end[producer], needed);
        }
      }
    }
  }

  private void addBuffer(int tensor, StepTensors tensors, List<Buffer> windows) {
    int producer = producers.get(tensor);
    Planes.Margins margins = Planes.Margins.NONE;
    int rows = 0;
    for (Task task : tasks) {
      for (Read read : task.reads()) {
        margins = read.tensor() == tensor ? margins.max(read.margins()) : margins;
      }
    }
    for (int band = 0; band < ends.length; band++) {
      int first = end(band - 1, producer);
      int last = end(band, producer);
      for (int t = 0; t < tasks.size(); t++) {
        for (Read read : tasks.get(t).reads()) {
          if (read.tensor() == tensor && end(band - 1, t) < tasks.get(t).rows()) {
            first = Math.min(first, read.rows().first(end(band - 1, t)));
            last = Math.max(last, end(band, t) > 0 ? read.rows().end(end(band, t)) : 0);
          }
        }
      }
      firsts[band][windows.size()] = first;
      rows = Math.max(rows, last - first);
    }
    windows.add(new Buffer(tensor, tensors.shape(tensor), margins, rows));
  }

  /** The tasks in the order in which each band is driven through them. */
  public List<Task> tasks() {
    return tasks;
  }

  /** The windows. */
  public List<Buffer> buffers() {
    return buffers;
  }

  /** How many bands the image is cut into. */
  public int bands() {
    return ends.length;
  }

  /** How far a task has come when a band is done; 0 before the first, which is band 0. */
  public int end(int band, int task) {
    return band < 0 ? 0 : ends[band][task];
  }

  /** The first row that a window must hold in a band. */
  public int first(int band, int buffer) {
    return firsts[band][buffer];
  }

  /** How far a window is filled before a band. */
  public int filled(int band, int buffer) {
    return end(band - 1, producers.get(buffers.get(buffer).tensor()));
  }
}
