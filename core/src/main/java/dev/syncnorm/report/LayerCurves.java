package dev.syncnorm.report;

import dev.syncnorm.report.HistoryRow.MovingStatistics;
import java.util.stream.IntStream;

/**
 * The moving statistics of one batch norm. Of many channels an even choice has its own curves; the
 * least and the greatest over all channels are always kept.
 */
final class LayerCurves {

  private static final int COLUMNS = 240;
  private static final int MOST_OF_A_LAYER = 48;
  private static final int LEAST_OF_A_LAYER = 8;

  /** Keeps the page of a deep network at a few megabytes. */
  private static final int MOST_OF_A_NETWORK = 960;

  private final int channels;
  private final int[] shown;
  private final Curves mean;
  private final Curves variance;

  LayerCurves(int channels, int layers) {
    this.channels = channels;
    int most = Math.max(LEAST_OF_A_LAYER, Math.min(MOST_OF_A_LAYER, MOST_OF_A_NETWORK / layers));
    int count = Math.min(channels, most);
    shown = IntStream.range(0, count).map(i -> (int) ((long) i * channels / count)).toArray();
    mean = new Curves(count + 2, COLUMNS);
    variance = new Curves(count + 2, COLUMNS);
  }

  void add(long step, MovingStatistics values) {
    mean.add(step, chosen(values.mean()));
    variance.add(step, chosen(values.variance()));
  }

  private double[] chosen(double[] values) {
    double[] chosen = new double[shown.length + 2];
    for (int i = 0; i < shown.length; i++) {
      chosen[i] = values[shown[i]];
    }
    double least = values[0];
    double greatest = values[0];
    for (double value : values) {
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
    chosen[shown.length] = least;
    chosen[shown.length + 1] = greatest;
    return chosen;
  }

  /** All channels of the layer. */
  int channels() {
    return channels;
  }

  /** The channels that have a curve; those of the curves i of {@link #mean}. */
  int[] shown() {
    return shown.clone();
  }

  /** A curve for each shown channel, then the least and the greatest of all channels. */
  Curves mean() {
    return mean;
  }

  /** As {@link #mean}. */
  Curves variance() {
    return variance;
  }
}
