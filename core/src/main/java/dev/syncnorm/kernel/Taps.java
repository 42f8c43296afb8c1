package dev.syncnorm.kernel;

import java.util.List;

/**
 * The taps of a class of target positions, in the order in which they are added: for each how far
 * from a position's own place its source lies, counted in channels, phases, rows and columns. How
 * far that is in floats depends on the {@link Source}.
 *
 * <p>Keeps the offsets in the last source: not thread-safe.
 */
final class Taps {

  /** One tap of the kernel along one axis: the phase it reads and its distance in that phase. */
  record AxisTap(int kernelIndex, int phase, int distance) {}

  private final int[] channel;
  private final int[] phase;
  private final int[] row;
  private final int[] column;
  private final int[] weight;
  private final int[] offsets;

  /**
   * All taps of some channels.
   *
   * @param phases phases of columns beside each phase of rows
   * @param channelWeights how far apart the weights of two source channels lie
   * @param kernelWidth how far apart the weights of two rows of a kernel lie
   */
  Taps(
      int channels,
      List<AxisTap> rows,
      List<AxisTap> columns,
      int phases,
      int channelWeights,
      int kernelWidth) {
    int size = channels * rows.size() * columns.size();
    channel = new int[size];
    phase = new int[size];
    row = new int[size];
    column = new int[size];
    weight = new int[size];
    offsets = new int[size];
    int k = 0;
    for (int c = 0; c < channels; c++) {
      for (AxisTap r : rows) {
        for (AxisTap s : columns) {
          channel[k] = c;
          phase[k] = r.phase() * phases + s.phase();
          row[k] = r.distance();
          column[k] = s.distance();
          weight[k] = c * channelWeights + r.kernelIndex() * kernelWidth + s.kernelIndex();
          k++;
        }
      }
    }
  }

  /** Bytes of so many taps. */
  static long bytes(int size) {
    return 6L * Integer.BYTES * size;
  }

  int size() {
    return offsets.length;
  }

  /** The index of each tap's weight for the group's first target channel. */
  int[] weights() {
    return weight;
  }

  /** How far in floats from a position's own place in a source each tap lies. */
  int[] offsets(Source source) {
    for (int k = 0; k < offsets.length; k++) {
      offsets[k] =
          channel[k] * source.channelStep()
              + phase[k] * source.phaseStep()
              + row[k] * source.rowStep()
              + column[k];
    }
    return offsets;
  }
}
