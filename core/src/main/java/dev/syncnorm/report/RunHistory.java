package dev.syncnorm.report;

import dev.syncnorm.report.HistoryRow.MovingStatistics;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/** The history of a run, read row by row into curves of a fixed size and a few numbers. */
final class RunHistory {

  /** A row of a network with a hundred thousand channels is shorter. */
  private static final int LONGEST_ROW = 16 << 20;

  private static final String NAME = "history.jsonl";
  private static final int COLUMNS = 1000;
  private static final int MOST_SUMS = 10_000;

  private final DoubleStream.Builder rates = DoubleStream.builder();
  private final Curves loss = new Curves(1, COLUMNS);
  private final Curves seconds = new Curves(1, COLUMNS);
  private Map<String, LayerCurves> layers = Map.of();
  private final Map<String, Waits> waits = new LinkedHashMap<>();
  private HistoryRow first;
  private HistoryRow last;
  private HistoryRow best;
  private long rows;
  private double totalSeconds;
  private long totalImages;

  /** How long the first contribution to a sum waited for the last, over the steps. */
  record Waits(long steps, double totalSeconds, double longestSeconds) {
    double meanSeconds() {
      return totalSeconds / steps;
    }

    private static Waits sum(Waits a, Waits b) {
      return new Waits(
          a.steps + b.steps,
          a.totalSeconds + b.totalSeconds,
          Math.max(a.longestSeconds, b.longestSeconds));
    }
  }

  private RunHistory() {}

  /**
   * Reads history.jsonl.
   *
   * @throws ReportException naming the first line that is wrong, or if there are no rows yet
   */
  static RunHistory read(RunFiles files) throws ReportException {
    RunHistory history = new RunHistory();
    String file = files.path(NAME);
    long line = 1;
    try (InputStream in = new BufferedInputStream(files.open(NAME), 1 << 16)) {
      Optional<byte[]> row = RunFiles.line(in, LONGEST_ROW);
      while (row.isPresent()) {
        history.add(HistoryRow.read(row.get()));
        line++;
        row = RunFiles.line(in, LONGEST_ROW);
      }
    } catch (NoSuchFileException e) {
      // As empty as a file without rows.
    } catch (IOException e) {
      throw new ReportException(
          "%s:%d: %s; expected a row that syncnorm wrote".formatted(file, line, e.getMessage()), e);
    }
    if (history.rows == 0) {
      throw new ReportException(
          "%s has no history yet; make the report after the first step".formatted(file));
    }
    return history;
  }

  private void add(HistoryRow row) throws IOException {
    if (rows == 0) {
      first = row;
      best = row;
    } else if (row.step() <= last.step()) {
      throw new IOException(
          "step is %d after step %d, expected a later one".formatted(row.step(), last.step()));
    }
    last = row;
    best = row.loss() < best.loss() ? row : best;
    rows++;
    totalSeconds += row.seconds();
    totalImages += row.images();
    if (row.seconds() > 0) {
      rates.add(row.images() / row.seconds());
    }
    loss.add(row.step(), row.loss());
    seconds.add(row.step(), row.seconds());
    for (Map.Entry<String, Double> sum : row.waitSeconds().entrySet()) {
      if (waits.size() == MOST_SUMS && !waits.containsKey(sum.getKey())) {
        throw new IOException("is the first with more than " + MOST_SUMS + " sums");
      }
      waits.merge(sum.getKey(), new Waits(1, sum.getValue(), sum.getValue()), Waits::sum);
    }
    if (!row.batchNorm().isEmpty()) {
      addStatistics(row);
    }
  }

  private void addStatistics(HistoryRow row) throws IOException {
    if (layers.isEmpty()) {
      layers = new TreeMap<>();
      for (Map.Entry<String, MovingStatistics> layer : row.batchNorm().entrySet()) {
        layers.put(
            layer.getKey(),
            new LayerCurves(layer.getValue().mean().length, row.batchNorm().size()));
      }
    }
    if (!layers.keySet().equals(row.batchNorm().keySet())) {
      throw new IOException(
          "has the batch norms %s, the rows before it %s"
              .formatted(row.batchNorm().keySet(), layers.keySet()));
    }
    for (Map.Entry<String, MovingStatistics> layer : row.batchNorm().entrySet()) {
      LayerCurves curves = layers.get(layer.getKey());
      if (layer.getValue().mean().length != curves.channels()) {
        throw new IOException(
            "batchNorm.%s has %d channels, the rows before it %d"
                .formatted(layer.getKey(), layer.getValue().mean().length, curves.channels()));
      }
      curves.add(row.step(), layer.getValue());
    }
  }

  /** The number of rows. */
  long rows() {
    return rows;
  }

  /** The first row. */
  HistoryRow first() {
    return first;
  }

  /** The last row. */
  HistoryRow last() {
    return last;
  }

  /** The first of the rows with the least loss. */
  HistoryRow best() {
    return best;
  }

  /** The seconds of all rows. */
  double totalSeconds() {
    return totalSeconds;
  }

  /** The images of all rows. */
  long totalImages() {
    return totalImages;
  }

  /** The median over the rows of images per second; empty if no step took any time. */
  Optional<Double> medianRate() {
    double[] sorted = rates.build().toArray();
    if (sorted.length == 0) {
      return Optional.empty();
    }
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return Optional.of(
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
  }

  /** By sum, in the order of a step; empty for a run of one worker. */
  Map<String, Waits> waits() {
    return waits;
  }

  /** The loss of each step. */
  Curves loss() {
    return loss;
  }

  /** The seconds of each step. */
  Curves seconds() {
    return seconds;
  }

  /** The moving statistics of each batch norm by its name. */
  Map<String, LayerCurves> layers() {
    return layers;
  }
}
