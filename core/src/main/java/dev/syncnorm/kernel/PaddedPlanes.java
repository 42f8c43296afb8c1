package dev.syncnorm.kernel;

import java.util.Arrays;

/**
 * A copy of a band of rows of some channels, with the zeros of the padding written out, so that the
 * loops over it need no branches. {@link TapPlan} defines its layout. The memory is kept from call
 * to call and grows to the largest that was asked for.
 */
final class PaddedPlanes {
  /** Floats that a run of the largest block may read behind the last plane. */
  private static final int SLACK = 8 * Lanes.COUNT;

  private float[] values = new float[0];

  /** The copy that {@link #fill} wrote last. */
  float[] values() {
    return values;
  }

  /** Copies the rows that the band of target rows from {@code firstRow} reads. */
  void fill(TapPlan plan, float[] source, int firstChannel, int firstRow) {
    reserve(plan.size());
    for (int channel = 0; channel < plan.channels; channel++) {
      int from = (firstChannel + channel) * plan.height * plan.width;
      for (int r = 0; r < plan.rowPhases.length; r++) {
        for (int c = 0; c < plan.columnPhases.length; c++) {
          int plane = plan.plane(channel, r, c);
          for (int row = 0; row < plan.rows; row++) {
            int sourceRow = (firstRow + row) * plan.stride + plan.rowPhases[r] - plan.top;
            int to = plane + row * plan.pitch;
            if (sourceRow < 0 || sourceRow >= plan.height) {
              Arrays.fill(values, to, to + plan.pitch, 0);
            } else {
              int at = from + sourceRow * plan.width;
              copyRow(plan, source, at, plan.columnPhases[c] - plan.left, to);
            }
          }
          Arrays.fill(values, plane + plan.rows * plan.pitch, plane + plan.planeSize, 0);
        }
      }
    }
  }

  /** Copies the rows of outputs that belong to the plan's input, with zeros between the rows. */
  void fillTargets(TapPlan plan, float[] source, int firstChannel, int firstRow) {
    reserve(plan.targetChannels * plan.planeSize);
    int rows = Math.min(plan.bandRows, plan.targetHeight - firstRow);
    for (int channel = 0; channel < plan.targetChannels; channel++) {
      int at = ((firstChannel + channel) * plan.targetHeight + firstRow) * plan.targetWidth;
      int to = plan.targetPlanes[channel];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(source, at, values, to, plan.targetWidth);
        Arrays.fill(values, to + plan.targetWidth, to + plan.pitch, 0);
        at += plan.targetWidth;
        to += plan.pitch;
      }
      Arrays.fill(values, to, plan.targetPlanes[channel] + plan.planeSize, 0);
    }
  }

  private void reserve(int size) {
    if (values.length < size + SLACK) {
      values = new float[size + SLACK];
    }
    Arrays.fill(values, size, size + SLACK, 0);
  }

  /** values[to + k] = source[at + first + k stride] where that lies in the row, otherwise 0. */
  private void copyRow(TapPlan plan, float[] source, int at, int first, int to) {
    int stride = plan.stride;
    int begin = Math.min(plan.pitch, Math.max(0, -Math.floorDiv(first, stride)));
    int end = Math.max(begin, Math.min(plan.pitch, -Math.floorDiv(first - plan.width, stride)));
    Arrays.fill(values, to, to + begin, 0);
    if (stride == 1) {
      System.arraycopy(source, at + first + begin, values, to + begin, end - begin);
    } else {
      for (int k = begin; k < end; k++) {
        values[to + k] = source[at + first + k * stride];
      }
    }
    Arrays.fill(values, to + end, to + plan.pitch, 0);
  }
}
