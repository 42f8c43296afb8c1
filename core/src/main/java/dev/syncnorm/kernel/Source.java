package dev.syncnorm.kernel;

/**
 * Where the taps of a run of target rows are found: in the planes of an operand themselves, or,
 * where a stride keeps neighbouring targets from reading neighbouring values, in a copy of the rows
 * that the run reads. With a stride s the copy holds s x s phases, each with every s-th row and
 * column.
 *
 * <p>The memory of the copy is kept from call to call and grows to the largest that was asked for.
 */
final class Source {
  /** What a block of vectors may read behind the last row. */
  static final int SLACK = 8 * Lanes.COUNT;

  private float[] copy = new float[0];

  private float[] values = copy;
  private int start;
  private int channelStep;
  private int phaseStep;
  private int rowStep;

  /** The planes themselves; the first target row's own place is at this row and column. */
  void use(Planes planes, int channel, int row, int column) {
    values = planes.values();
    start = planes.offset(channel, row) + column;
    channelStep = planes.plane();
    phaseStep = 0;
    rowStep = planes.pitch();
  }

  /** A copy of what the target rows from {@code row} on read of some channels. */
  void copy(ConvolutionPlan plan, Planes planes, int channel, int row, int rows) {
    int stride = plan.stride;
    int copied = rows + plan.extraRows;
    rowStep = plan.phaseWidth;
    phaseStep = copied * rowStep;
    channelStep = stride * stride * phaseStep;
    start = 0;
    if (copy.length < plan.channels * channelStep + SLACK) {
      copy = new float[plan.channels * channelStep + SLACK];
    }
    values = copy;
    int to = 0;
    for (int c = 0; c < plan.channels; c++) {
      for (int phase = 0; phase < stride * stride; phase++) {
        for (int r = 0; r < copied; r++) {
          if (plan.reads(phase, r, rows)) {
            int sourceRow = (row + r) * stride + phase / stride - plan.top;
            int from = planes.offset(channel + c, sourceRow) + phase % stride - plan.left;
            copyRow(planes.values(), from, stride, to, plan.columns(phase % stride));
          }
          to += rowStep;
        }
      }
    }
  }

  private void copyRow(float[] from, int at, int stride, int to, int columns) {
    for (int k = 0; k < columns; k++) {
      copy[to + k] = from[at + k * stride];
    }
  }

  /** The array. */
  float[] values() {
    return values;
  }

  /** Where the first target row's own place is. */
  int start() {
    return start;
  }

  /** How far apart two channels lie. */
  int channelStep() {
    return channelStep;
  }

  /** How far apart two phases lie. */
  int phaseStep() {
    return phaseStep;
  }

  /** How far apart the rows of two neighbouring target rows lie. */
  int rowStep() {
    return rowStep;
  }
}
