package dev.syncnorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of {@link VectorConvolution}: 1, 3 or 4 target channels by 4 vectors of
 * neighbouring positions, the sums in named locals because only those stay in registers.
 *
 * <p>For each position p below size and channel c below the count: y[to + c plane + p] = start[c]
 * with fma(w[tap, c], x[at + p + tap], .) in the order of the taps. The last block overlaps the one
 * before where size is no multiple of a block: it computes the same values again.
 *
 * <p>The sums must pass through one loop only. Unrolling over the taps gains a tenth, but with a
 * second loop for the taps that are left, HotSpot 17 keeps the sums in objects on the heap as soon
 * as geometries mix, and is ten times slower.
 */
final class ConvolutionBlocks {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.LENGTH;

  /** Positions in a block, and the fewest that a run may have. */
  static final int COLUMNS = 4 * L;

  private ConvolutionBlocks() {}

  /** How many target channels the next block should have when so many are left. */
  static int channels(int left) {
    return left == 4 || left == 5 || left == 7 || left == 8 || left >= 10 ? 4 : left >= 3 ? 3 : 1;
  }

  /** Runs the block for 4, 3 or 1 target channels; size is at least {@link #COLUMNS}. */
  static void run(
      int count,
      float[] x,
      int at,
      int size,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int sAt,
      float[] y,
      int to,
      int plane) {
    switch (count) {
      case 4 -> four(x, at, size, taps, w, wAt, start, sAt, y, to, plane);
      case 3 -> three(x, at, size, taps, w, wAt, start, sAt, y, to, plane);
      default -> one(x, at, size, taps, w, wAt, start, sAt, y, to, plane);
    }
  }

  /** Four target channels by four vectors. */
  private static void four(
      float[] x,
      int at,
      int size,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int sAt,
      float[] y,
      int to,
      int plane) {
    for (int i = 0; i < size; i += COLUMNS) {
      int column = Math.min(i, size - COLUMNS);
      int from = at + column;
      FloatVector s00 = FloatVector.broadcast(S, start[sAt]);
      FloatVector s01 = s00;
      FloatVector s02 = s00;
      FloatVector s03 = s00;
      FloatVector s10 = FloatVector.broadcast(S, start[sAt + 1]);
      FloatVector s11 = s10;
      FloatVector s12 = s10;
      FloatVector s13 = s10;
      FloatVector s20 = FloatVector.broadcast(S, start[sAt + 2]);
      FloatVector s21 = s20;
      FloatVector s22 = s20;
      FloatVector s23 = s20;
      FloatVector s30 = FloatVector.broadcast(S, start[sAt + 3]);
      FloatVector s31 = s30;
      FloatVector s32 = s30;
      FloatVector s33 = s30;
      int k = wAt;
      for (int tap : taps) {
        FloatVector x0 = FloatVector.fromArray(S, x, from + tap);
        FloatVector x1 = FloatVector.fromArray(S, x, from + tap + L);
        FloatVector x2 = FloatVector.fromArray(S, x, from + tap + 2 * L);
        FloatVector x3 = FloatVector.fromArray(S, x, from + tap + 3 * L);
        FloatVector w0 = FloatVector.broadcast(S, w[k]);
        s00 = w0.fma(x0, s00);
        s01 = w0.fma(x1, s01);
        s02 = w0.fma(x2, s02);
        s03 = w0.fma(x3, s03);
        FloatVector w1 = FloatVector.broadcast(S, w[k + 1]);
        s10 = w1.fma(x0, s10);
        s11 = w1.fma(x1, s11);
        s12 = w1.fma(x2, s12);
        s13 = w1.fma(x3, s13);
        FloatVector w2 = FloatVector.broadcast(S, w[k + 2]);
        s20 = w2.fma(x0, s20);
        s21 = w2.fma(x1, s21);
        s22 = w2.fma(x2, s22);
        s23 = w2.fma(x3, s23);
        FloatVector w3 = FloatVector.broadcast(S, w[k + 3]);
        s30 = w3.fma(x0, s30);
        s31 = w3.fma(x1, s31);
        s32 = w3.fma(x2, s32);
        s33 = w3.fma(x3, s33);
        k += 4;
      }
      s00.intoArray(y, to + column);
      s01.intoArray(y, to + column + L);
      s02.intoArray(y, to + column + 2 * L);
      s03.intoArray(y, to + column + 3 * L);
      s10.intoArray(y, to + plane + column);
      s11.intoArray(y, to + plane + column + L);
      s12.intoArray(y, to + plane + column + 2 * L);
      s13.intoArray(y, to + plane + column + 3 * L);
      s20.intoArray(y, to + 2 * plane + column);
      s21.intoArray(y, to + 2 * plane + column + L);
      s22.intoArray(y, to + 2 * plane + column + 2 * L);
      s23.intoArray(y, to + 2 * plane + column + 3 * L);
      s30.intoArray(y, to + 3 * plane + column);
      s31.intoArray(y, to + 3 * plane + column + L);
      s32.intoArray(y, to + 3 * plane + column + 2 * L);
      s33.intoArray(y, to + 3 * plane + column + 3 * L);
    }
  }

  /** Three target channels by four vectors. */
  private static void three(
      float[] x,
      int at,
      int size,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int sAt,
      float[] y,
      int to,
      int plane) {
    for (int i = 0; i < size; i += COLUMNS) {
      int column = Math.min(i, size - COLUMNS);
      int from = at + column;
      FloatVector s00 = FloatVector.broadcast(S, start[sAt]);
      FloatVector s01 = s00;
      FloatVector s02 = s00;
      FloatVector s03 = s00;
      FloatVector s10 = FloatVector.broadcast(S, start[sAt + 1]);
      FloatVector s11 = s10;
      FloatVector s12 = s10;
      FloatVector s13 = s10;
      FloatVector s20 = FloatVector.broadcast(S, start[sAt + 2]);
      FloatVector s21 = s20;
      FloatVector s22 = s20;
      FloatVector s23 = s20;
      int k = wAt;
      for (int tap : taps) {
        FloatVector x0 = FloatVector.fromArray(S, x, from + tap);
        FloatVector x1 = FloatVector.fromArray(S, x, from + tap + L);
        FloatVector x2 = FloatVector.fromArray(S, x, from + tap + 2 * L);
        FloatVector x3 = FloatVector.fromArray(S, x, from + tap + 3 * L);
        FloatVector w0 = FloatVector.broadcast(S, w[k]);
        s00 = w0.fma(x0, s00);
        s01 = w0.fma(x1, s01);
        s02 = w0.fma(x2, s02);
        s03 = w0.fma(x3, s03);
        FloatVector w1 = FloatVector.broadcast(S, w[k + 1]);
        s10 = w1.fma(x0, s10);
        s11 = w1.fma(x1, s11);
        s12 = w1.fma(x2, s12);
        s13 = w1.fma(x3, s13);
        FloatVector w2 = FloatVector.broadcast(S, w[k + 2]);
        s20 = w2.fma(x0, s20);
        s21 = w2.fma(x1, s21);
        s22 = w2.fma(x2, s22);
        s23 = w2.fma(x3, s23);
        k += 3;
      }
      s00.intoArray(y, to + column);
      s01.intoArray(y, to + column + L);
      s02.intoArray(y, to + column + 2 * L);
      s03.intoArray(y, to + column + 3 * L);
      s10.intoArray(y, to + plane + column);
      s11.intoArray(y, to + plane + column + L);
      s12.intoArray(y, to + plane + column + 2 * L);
      s13.intoArray(y, to + plane + column + 3 * L);
      s20.intoArray(y, to + 2 * plane + column);
      s21.intoArray(y, to + 2 * plane + column + L);
      s22.intoArray(y, to + 2 * plane + column + 2 * L);
      s23.intoArray(y, to + 2 * plane + column + 3 * L);
    }
  }

  /** One target channel by four vectors. */
  private static void one(
      float[] x,
      int at,
      int size,
      int[] taps,
      float[] w,
      int wAt,
      float[] start,
      int sAt,
      float[] y,
      int to,
      int plane) {
    for (int i = 0; i < size; i += COLUMNS) {
      int column = Math.min(i, size - COLUMNS);
      int from = at + column;
      FloatVector s00 = FloatVector.broadcast(S, start[sAt]);
      FloatVector s01 = s00;
      FloatVector s02 = s00;
      FloatVector s03 = s00;
      int k = wAt;
      for (int tap : taps) {
        FloatVector x0 = FloatVector.fromArray(S, x, from + tap);
        FloatVector x1 = FloatVector.fromArray(S, x, from + tap + L);
        FloatVector x2 = FloatVector.fromArray(S, x, from + tap + 2 * L);
        FloatVector x3 = FloatVector.fromArray(S, x, from + tap + 3 * L);
        FloatVector w0 = FloatVector.broadcast(S, w[k]);
        s00 = w0.fma(x0, s00);
        s01 = w0.fma(x1, s01);
        s02 = w0.fma(x2, s02);
        s03 = w0.fma(x3, s03);
        k++;
      }
      s00.intoArray(y, to + column);
      s01.intoArray(y, to + column + L);
      s02.intoArray(y, to + column + 2 * L);
      s03.intoArray(y, to + column + 3 * L);
    }
  }
}
