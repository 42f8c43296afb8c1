package dev.syncnorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of {@link VectorConvolution}: 1, 3 or 4 target channels by 4 vectors of
 * neighbouring positions, the sums in named locals because only those stay in registers. A loop
 * body of 12 to 48 fused multiply-adds: the compiler falls off a cliff above about 72, and the
 * loop's own cost shows below 24.
 *
 * <p>For each position p below size and channel c below the count: y[to + c plane + p] = start[c]
 * with fma(w[tap, c], x[at + p + tap], .) in the order of the taps. The last block overlaps the one
 * before where size is no multiple of a block: it computes the same values again.
 */
final class ConvolutionBlocks {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.LENGTH;

  private ConvolutionBlocks() {}

  /** How many target channels the next block should have when so many are left. */
  static int channels(int left) {
    return left == 4 || left == 5 || left == 7 || left == 8 || left >= 10 ? 4 : left >= 3 ? 3 : 1;
  }

  /** Positions in a block of so many target channels. */
  static int columns(int count) {
    return 4 * L;
  }

  /** Runs the block for 4, 3 or 1 target channels; size is at least {@link #columns}. */
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

  /** Four target channels by four vectors, three taps at a time. */
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
    int tail = taps.length - taps.length % 3;
    for (int i = 0; i < size; i += 4 * L) {
      int column = Math.min(i, size - 4 * L);
      int from = at + column;
      FloatVector s00 = FloatVector.broadcast(S, start[sAt + 0]);
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
      for (int t = 0; t < tail; t += 3) {
        int p0 = from + taps[t];
        FloatVector x00 = FloatVector.fromArray(S, x, p0);
        FloatVector x01 = FloatVector.fromArray(S, x, p0 + L);
        FloatVector x02 = FloatVector.fromArray(S, x, p0 + 2 * L);
        FloatVector x03 = FloatVector.fromArray(S, x, p0 + 3 * L);
        FloatVector w00 = FloatVector.broadcast(S, w[k]);
        s00 = w00.fma(x00, s00);
        s01 = w00.fma(x01, s01);
        s02 = w00.fma(x02, s02);
        s03 = w00.fma(x03, s03);
        FloatVector w01 = FloatVector.broadcast(S, w[k + 1]);
        s10 = w01.fma(x00, s10);
        s11 = w01.fma(x01, s11);
        s12 = w01.fma(x02, s12);
        s13 = w01.fma(x03, s13);
        FloatVector w02 = FloatVector.broadcast(S, w[k + 2]);
        s20 = w02.fma(x00, s20);
        s21 = w02.fma(x01, s21);
        s22 = w02.fma(x02, s22);
        s23 = w02.fma(x03, s23);
        FloatVector w03 = FloatVector.broadcast(S, w[k + 3]);
        s30 = w03.fma(x00, s30);
        s31 = w03.fma(x01, s31);
        s32 = w03.fma(x02, s32);
        s33 = w03.fma(x03, s33);
        int p1 = from + taps[t + 1];
        FloatVector x10 = FloatVector.fromArray(S, x, p1);
        FloatVector x11 = FloatVector.fromArray(S, x, p1 + L);
        FloatVector x12 = FloatVector.fromArray(S, x, p1 + 2 * L);
        FloatVector x13 = FloatVector.fromArray(S, x, p1 + 3 * L);
        FloatVector w10 = FloatVector.broadcast(S, w[k + 4]);
        s00 = w10.fma(x10, s00);
        s01 = w10.fma(x11, s01);
        s02 = w10.fma(x12, s02);
        s03 = w10.fma(x13, s03);
        FloatVector w11 = FloatVector.broadcast(S, w[k + 5]);
        s10 = w11.fma(x10, s10);
        s11 = w11.fma(x11, s11);
        s12 = w11.fma(x12, s12);
        s13 = w11.fma(x13, s13);
        FloatVector w12 = FloatVector.broadcast(S, w[k + 6]);
        s20 = w12.fma(x10, s20);
        s21 = w12.fma(x11, s21);
        s22 = w12.fma(x12, s22);
        s23 = w12.fma(x13, s23);
        FloatVector w13 = FloatVector.broadcast(S, w[k + 7]);
        s30 = w13.fma(x10, s30);
        s31 = w13.fma(x11, s31);
        s32 = w13.fma(x12, s32);
        s33 = w13.fma(x13, s33);
        int p2 = from + taps[t + 2];
        FloatVector x20 = FloatVector.fromArray(S, x, p2);
        FloatVector x21 = FloatVector.fromArray(S, x, p2 + L);
        FloatVector x22 = FloatVector.fromArray(S, x, p2 + 2 * L);
        FloatVector x23 = FloatVector.fromArray(S, x, p2 + 3 * L);
        FloatVector w20 = FloatVector.broadcast(S, w[k + 8]);
        s00 = w20.fma(x20, s00);
        s01 = w20.fma(x21, s01);
        s02 = w20.fma(x22, s02);
        s03 = w20.fma(x23, s03);
        FloatVector w21 = FloatVector.broadcast(S, w[k + 9]);
        s10 = w21.fma(x20, s10);
        s11 = w21.fma(x21, s11);
        s12 = w21.fma(x22, s12);
        s13 = w21.fma(x23, s13);
        FloatVector w22 = FloatVector.broadcast(S, w[k + 10]);
        s20 = w22.fma(x20, s20);
        s21 = w22.fma(x21, s21);
        s22 = w22.fma(x22, s22);
        s23 = w22.fma(x23, s23);
        FloatVector w23 = FloatVector.broadcast(S, w[k + 11]);
        s30 = w23.fma(x20, s30);
        s31 = w23.fma(x21, s31);
        s32 = w23.fma(x22, s32);
        s33 = w23.fma(x23, s33);
        k += 12;
      }
      for (int t = tail; t < taps.length; t++) {
        int p0 = from + taps[t];
        FloatVector x00 = FloatVector.fromArray(S, x, p0);
        FloatVector x01 = FloatVector.fromArray(S, x, p0 + L);
        FloatVector x02 = FloatVector.fromArray(S, x, p0 + 2 * L);
        FloatVector x03 = FloatVector.fromArray(S, x, p0 + 3 * L);
        FloatVector w00 = FloatVector.broadcast(S, w[k]);
        s00 = w00.fma(x00, s00);
        s01 = w00.fma(x01, s01);
        s02 = w00.fma(x02, s02);
        s03 = w00.fma(x03, s03);
        FloatVector w01 = FloatVector.broadcast(S, w[k + 1]);
        s10 = w01.fma(x00, s10);
        s11 = w01.fma(x01, s11);
        s12 = w01.fma(x02, s12);
        s13 = w01.fma(x03, s13);
        FloatVector w02 = FloatVector.broadcast(S, w[k + 2]);
        s20 = w02.fma(x00, s20);
        s21 = w02.fma(x01, s21);
        s22 = w02.fma(x02, s22);
        s23 = w02.fma(x03, s23);
        FloatVector w03 = FloatVector.broadcast(S, w[k + 3]);
        s30 = w03.fma(x00, s30);
        s31 = w03.fma(x01, s31);
        s32 = w03.fma(x02, s32);
        s33 = w03.fma(x03, s33);
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

  /** Three target channels by four vectors, three taps at a time. */
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
    int tail = taps.length - taps.length % 3;
    for (int i = 0; i < size; i += 4 * L) {
      int column = Math.min(i, size - 4 * L);
      int from = at + column;
      FloatVector s00 = FloatVector.broadcast(S, start[sAt + 0]);
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
      for (int t = 0; t < tail; t += 3) {
        int p0 = from + taps[t];
        FloatVector x00 = FloatVector.fromArray(S, x, p0);
        FloatVector x01 = FloatVector.fromArray(S, x, p0 + L);
        FloatVector x02 = FloatVector.fromArray(S, x, p0 + 2 * L);
        FloatVector x03 = FloatVector.fromArray(S, x, p0 + 3 * L);
        FloatVector w00 = FloatVector.broadcast(S, w[k]);
        s00 = w00.fma(x00, s00);
        s01 = w00.fma(x01, s01);
        s02 = w00.fma(x02, s02);
        s03 = w00.fma(x03, s03);
        FloatVector w01 = FloatVector.broadcast(S, w[k + 1]);
        s10 = w01.fma(x00, s10);
        s11 = w01.fma(x01, s11);
        s12 = w01.fma(x02, s12);
        s13 = w01.fma(x03, s13);
        FloatVector w02 = FloatVector.broadcast(S, w[k + 2]);
        s20 = w02.fma(x00, s20);
        s21 = w02.fma(x01, s21);
        s22 = w02.fma(x02, s22);
        s23 = w02.fma(x03, s23);
        int p1 = from + taps[t + 1];
        FloatVector x10 = FloatVector.fromArray(S, x, p1);
        FloatVector x11 = FloatVector.fromArray(S, x, p1 + L);
        FloatVector x12 = FloatVector.fromArray(S, x, p1 + 2 * L);
        FloatVector x13 = FloatVector.fromArray(S, x, p1 + 3 * L);
        FloatVector w10 = FloatVector.broadcast(S, w[k + 3]);
        s00 = w10.fma(x10, s00);
        s01 = w10.fma(x11, s01);
        s02 = w10.fma(x12, s02);
        s03 = w10.fma(x13, s03);
        FloatVector w11 = FloatVector.broadcast(S, w[k + 4]);
        s10 = w11.fma(x10, s10);
        s11 = w11.fma(x11, s11);
        s12 = w11.fma(x12, s12);
        s13 = w11.fma(x13, s13);
        FloatVector w12 = FloatVector.broadcast(S, w[k + 5]);
        s20 = w12.fma(x10, s20);
        s21 = w12.fma(x11, s21);
        s22 = w12.fma(x12, s22);
        s23 = w12.fma(x13, s23);
        int p2 = from + taps[t + 2];
        FloatVector x20 = FloatVector.fromArray(S, x, p2);
        FloatVector x21 = FloatVector.fromArray(S, x, p2 + L);
        FloatVector x22 = FloatVector.fromArray(S, x, p2 + 2 * L);
        FloatVector x23 = FloatVector.fromArray(S, x, p2 + 3 * L);
        FloatVector w20 = FloatVector.broadcast(S, w[k + 6]);
        s00 = w20.fma(x20, s00);
        s01 = w20.fma(x21, s01);
        s02 = w20.fma(x22, s02);
        s03 = w20.fma(x23, s03);
        FloatVector w21 = FloatVector.broadcast(S, w[k + 7]);
        s10 = w21.fma(x20, s10);
        s11 = w21.fma(x21, s11);
        s12 = w21.fma(x22, s12);
        s13 = w21.fma(x23, s13);
        FloatVector w22 = FloatVector.broadcast(S, w[k + 8]);
        s20 = w22.fma(x20, s20);
        s21 = w22.fma(x21, s21);
        s22 = w22.fma(x22, s22);
        s23 = w22.fma(x23, s23);
        k += 9;
      }
      for (int t = tail; t < taps.length; t++) {
        int p0 = from + taps[t];
        FloatVector x00 = FloatVector.fromArray(S, x, p0);
        FloatVector x01 = FloatVector.fromArray(S, x, p0 + L);
        FloatVector x02 = FloatVector.fromArray(S, x, p0 + 2 * L);
        FloatVector x03 = FloatVector.fromArray(S, x, p0 + 3 * L);
        FloatVector w00 = FloatVector.broadcast(S, w[k]);
        s00 = w00.fma(x00, s00);
        s01 = w00.fma(x01, s01);
        s02 = w00.fma(x02, s02);
        s03 = w00.fma(x03, s03);
        FloatVector w01 = FloatVector.broadcast(S, w[k + 1]);
        s10 = w01.fma(x00, s10);
        s11 = w01.fma(x01, s11);
        s12 = w01.fma(x02, s12);
        s13 = w01.fma(x03, s13);
        FloatVector w02 = FloatVector.broadcast(S, w[k + 2]);
        s20 = w02.fma(x00, s20);
        s21 = w02.fma(x01, s21);
        s22 = w02.fma(x02, s22);
        s23 = w02.fma(x03, s23);
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

  /** One target channel by four vectors, three taps at a time. */
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
    int tail = taps.length - taps.length % 3;
    for (int i = 0; i < size; i += 4 * L) {
      int column = Math.min(i, size - 4 * L);
      int from = at + column;
      FloatVector s00 = FloatVector.broadcast(S, start[sAt]);
      FloatVector s01 = s00;
      FloatVector s02 = s00;
      FloatVector s03 = s00;
      int k = wAt;
      for (int t = 0; t < tail; t += 3) {
        int p0 = from + taps[t];
        FloatVector x00 = FloatVector.fromArray(S, x, p0);
        FloatVector x01 = FloatVector.fromArray(S, x, p0 + L);
        FloatVector x02 = FloatVector.fromArray(S, x, p0 + 2 * L);
        FloatVector x03 = FloatVector.fromArray(S, x, p0 + 3 * L);
        FloatVector w00 = FloatVector.broadcast(S, w[k]);
        s00 = w00.fma(x00, s00);
        s01 = w00.fma(x01, s01);
        s02 = w00.fma(x02, s02);
        s03 = w00.fma(x03, s03);
        int p1 = from + taps[t + 1];
        FloatVector x10 = FloatVector.fromArray(S, x, p1);
        FloatVector x11 = FloatVector.fromArray(S, x, p1 + L);
        FloatVector x12 = FloatVector.fromArray(S, x, p1 + 2 * L);
        FloatVector x13 = FloatVector.fromArray(S, x, p1 + 3 * L);
        FloatVector w10 = FloatVector.broadcast(S, w[k + 1]);
        s00 = w10.fma(x10, s00);
        s01 = w10.fma(x11, s01);
        s02 = w10.fma(x12, s02);
        s03 = w10.fma(x13, s03);
        int p2 = from + taps[t + 2];
        FloatVector x20 = FloatVector.fromArray(S, x, p2);
        FloatVector x21 = FloatVector.fromArray(S, x, p2 + L);
        FloatVector x22 = FloatVector.fromArray(S, x, p2 + 2 * L);
        FloatVector x23 = FloatVector.fromArray(S, x, p2 + 3 * L);
        FloatVector w20 = FloatVector.broadcast(S, w[k + 2]);
        s00 = w20.fma(x20, s00);
        s01 = w20.fma(x21, s01);
        s02 = w20.fma(x22, s02);
        s03 = w20.fma(x23, s03);
        k += 3;
      }
      for (int t = tail; t < taps.length; t++) {
        int p0 = from + taps[t];
        FloatVector x00 = FloatVector.fromArray(S, x, p0);
        FloatVector x01 = FloatVector.fromArray(S, x, p0 + L);
        FloatVector x02 = FloatVector.fromArray(S, x, p0 + 2 * L);
        FloatVector x03 = FloatVector.fromArray(S, x, p0 + 3 * L);
        FloatVector w00 = FloatVector.broadcast(S, w[k]);
        s00 = w00.fma(x00, s00);
        s01 = w00.fma(x01, s01);
        s02 = w00.fma(x02, s02);
        s03 = w00.fma(x03, s03);
        k += 1;
      }
      s00.intoArray(y, to + column);
      s01.intoArray(y, to + column + L);
      s02.intoArray(y, to + column + 2 * L);
      s03.intoArray(y, to + column + 3 * L);
    }
  }
}
