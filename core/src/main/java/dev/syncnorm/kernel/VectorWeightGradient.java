package dev.syncnorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The weight gradient: gradient[o, tap] = sum over positions of dy[o, position] x[position + tap].
 *
 * <p>Positions run over a band of rows as {@link TapPlan} lays it out, padding columns included,
 * where dy counts as 0. A position's number in its band mod 16 selects the float32 lane; lanes are
 * emptied into sixteen doubles after each 1024 positions, and these are folded after each band.
 * Bands and positions follow from the geometry alone, and so do the bits.
 *
 * <p>As a zero of dy meets values of x there, a NaN or infinity of x may make NaN of more taps of
 * its channel than it has a part in; never of fewer.
 *
 * <p>Not thread-safe: keeps scratch memory.
 */
final class VectorWeightGradient {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;

  /** Positions between two emptyings of the lanes: 64 values a lane. */
  private static final int CHUNK = 1024;

  private static final int ROWS = 4;
  private static final int COLUMNS = 3;

  private final PaddedPlanes inputs = new PaddedPlanes();
  private final PaddedPlanes outputs = new PaddedPlanes();
  private final float[] lanes = new float[ROWS * COLUMNS * Lanes.COUNT];
  private double[] totals = new double[0];

  /** See {@link Kernels#convolutionWeightGradient}. */
  void run(
      ConvolutionGeometry g, TapPlan plan, float[] x, float[] dy, double[] gradient, int offset) {
    int[] taps = plan.classes[0].taps();
    int[] channels = plan.targetPlanes;
    int size = channels.length * taps.length;
    Arrays.fill(gradient, offset, offset + g.groups() * size, 0);
    for (int group = 0; group < g.groups(); group++) {
      for (int firstRow = 0; firstRow < plan.targetHeight; firstRow += plan.bandRows) {
        inputs.fill(plan, x, group * plan.channels, firstRow);
        outputs.fillTargets(plan, dy, group * plan.targetChannels, firstRow);
        int rows = Math.min(plan.bandRows, plan.targetHeight - firstRow);
        int positions = (rows - 1) * plan.pitch + plan.targetWidth;
        if (swapped(channels.length, taps.length)) {
          band(inputs.values(), taps, outputs.values(), channels, positions);
          addTransposed(taps.length, channels.length, gradient, offset + group * size);
        } else {
          band(outputs.values(), channels, inputs.values(), taps, positions);
          addStraight(channels.length, taps.length, gradient, offset + group * size);
        }
      }
    }
  }

  /** The block is four by three: whether the taps fill the four with less waste. */
  private static boolean swapped(int channels, int taps) {
    return blocks(taps, ROWS) * blocks(channels, COLUMNS)
        < blocks(channels, ROWS) * blocks(taps, COLUMNS);
  }

  private static int blocks(int count, int size) {
    return (count + size - 1) / size;
  }

  /** Each of the rows of a with each of the rows of b, summed over a band into the totals. */
  private void band(float[] a, int[] aStarts, float[] b, int[] bStarts, int positions) {
    int blocksAcross = blocks(bStarts.length, COLUMNS);
    int blockLanes = lanes.length;
    int size = blocks(aStarts.length, ROWS) * blocksAcross * blockLanes;
    if (totals.length < size) {
      totals = new double[size];
    }
    Arrays.fill(totals, 0, size, 0);
    int padded = (positions + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
    for (int i = 0; i < aStarts.length; i += ROWS) {
      int to = i / ROWS * blocksAcross * blockLanes;
      for (int from = 0; from < padded; from += CHUNK) {
        int end = Math.min(padded, from + CHUNK);
        for (int j = 0; j < bStarts.length; j += COLUMNS) {
          block(a, aStarts, i, b, bStarts, j, from, end);
          Lanes.flush(lanes, blockLanes, totals, to + j / COLUMNS * blockLanes);
        }
      }
    }
  }

  private void addStraight(int rows, int columns, double[] gradient, int offset) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        gradient[offset + row * columns + column] += total(row, column, columns);
      }
    }
  }

  private void addTransposed(int rows, int columns, double[] gradient, int offset) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        gradient[offset + column * rows + row] += total(row, column, columns);
      }
    }
  }

  private double total(int row, int column, int columns) {
    int block = row / ROWS * blocks(columns, COLUMNS) + column / COLUMNS;
    int inBlock = row % ROWS * COLUMNS + column % COLUMNS;
    return Lanes.fold(totals, block * lanes.length + inBlock * Lanes.COUNT);
  }

  /**
   * lanes[(4 by 3 pairs), 16] = sums of the four rows of a from i with the three rows of b from j.
   * Where fewer are left the last one stands in, and its result is not read.
   */
  private void block(
      float[] a, int[] aStarts, int i, float[] b, int[] bStarts, int j, int from, int end) {
    int aLast = aStarts.length - 1;
    int bLast = bStarts.length - 1;
    int a0 = aStarts[i];
    int a1 = aStarts[Math.min(i + 1, aLast)];
    int a2 = aStarts[Math.min(i + 2, aLast)];
    int a3 = aStarts[Math.min(i + 3, aLast)];
    int b0 = bStarts[j];
    int b1 = bStarts[Math.min(j + 1, bLast)];
    int b2 = bStarts[Math.min(j + 2, bLast)];
    for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
      FloatVector s00 = FloatVector.zero(S);
      FloatVector s01 = FloatVector.zero(S);
      FloatVector s02 = FloatVector.zero(S);
      FloatVector s10 = FloatVector.zero(S);
      FloatVector s11 = FloatVector.zero(S);
      FloatVector s12 = FloatVector.zero(S);
      FloatVector s20 = FloatVector.zero(S);
      FloatVector s21 = FloatVector.zero(S);
      FloatVector s22 = FloatVector.zero(S);
      FloatVector s30 = FloatVector.zero(S);
      FloatVector s31 = FloatVector.zero(S);
      FloatVector s32 = FloatVector.zero(S);
      for (int p = from + lane; p < end; p += Lanes.COUNT) {
        FloatVector y0 = FloatVector.fromArray(S, b, b0 + p);
        FloatVector y1 = FloatVector.fromArray(S, b, b1 + p);
        FloatVector y2 = FloatVector.fromArray(S, b, b2 + p);
        FloatVector x0 = FloatVector.fromArray(S, a, a0 + p);
        s00 = x0.fma(y0, s00);
        s01 = x0.fma(y1, s01);
        s02 = x0.fma(y2, s02);
        FloatVector x1 = FloatVector.fromArray(S, a, a1 + p);
        s10 = x1.fma(y0, s10);
        s11 = x1.fma(y1, s11);
        s12 = x1.fma(y2, s12);
        FloatVector x2 = FloatVector.fromArray(S, a, a2 + p);
        s20 = x2.fma(y0, s20);
        s21 = x2.fma(y1, s21);
        s22 = x2.fma(y2, s22);
        FloatVector x3 = FloatVector.fromArray(S, a, a3 + p);
        s30 = x3.fma(y0, s30);
        s31 = x3.fma(y1, s31);
        s32 = x3.fma(y2, s32);
      }
      s00.intoArray(lanes, lane);
      s01.intoArray(lanes, lane + Lanes.COUNT);
      s02.intoArray(lanes, lane + 2 * Lanes.COUNT);
      s10.intoArray(lanes, lane + 3 * Lanes.COUNT);
      s11.intoArray(lanes, lane + 4 * Lanes.COUNT);
      s12.intoArray(lanes, lane + 5 * Lanes.COUNT);
      s20.intoArray(lanes, lane + 6 * Lanes.COUNT);
      s21.intoArray(lanes, lane + 7 * Lanes.COUNT);
      s22.intoArray(lanes, lane + 8 * Lanes.COUNT);
      s30.intoArray(lanes, lane + 9 * Lanes.COUNT);
      s31.intoArray(lanes, lane + 10 * Lanes.COUNT);
      s32.intoArray(lanes, lane + 11 * Lanes.COUNT);
    }
  }
}
