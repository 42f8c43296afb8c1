package dev.syncnorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The patch moments of {@link VectorKernels}, in float64 throughout: the column mod 16 selects one
 * of sixteen lanes, in which products are added by fused multiply-add row by row and from left to
 * right; lanes are folded at the end as {@link Lanes#fold(double[], int)} has it.
 *
 * <p>Each row of the output is gathered once, a row of doubles for each tap; products are taken of
 * one tap with four others at a time. Not thread-safe.
 */
final class VectorPatchMoments implements RowSums.OfOne {
  private static final VectorSpecies<Double> D = Lanes.DOUBLES;
  private static final int L = D.length();

  /** Taps that one tap is multiplied with at a time. */
  private static final int GROUP = 4;

  private final ConvolutionGeometry geometry;
  private final int taps;
  private final int pitch;

  /** The taps' rows, one behind the other; behind the last a row of ones and rows of zeros. */
  private final double[] rows;

  /** By tap, for it and each tap behind it and the ones, sixteen lanes; groups are filled up. */
  private final double[] totals;

  private final int[] starts;

  VectorPatchMoments(ConvolutionGeometry geometry) {
    this.geometry = geometry;
    taps = geometry.inputChannels() * geometry.kernelHeight() * geometry.kernelWidth();
    int width = geometry.outputWidth();
    pitch = (width + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
    rows = new double[(taps + GROUP) * pitch];
    Arrays.fill(rows, taps * pitch, taps * pitch + width, 1);
    starts = new int[taps + 1];
    for (int tap = 0; tap < taps; tap++) {
      starts[tap + 1] = starts[tap] + groups(tap) * GROUP * Lanes.COUNT;
    }
    totals = new double[starts[taps]];
  }

  /** Groups of the tap itself, the taps behind it and the ones. */
  private int groups(int tap) {
    return (taps + 1 - tap + GROUP - 1) / GROUP;
  }

  @Override
  public void begin() {
    Arrays.fill(totals, 0);
  }

  @Override
  public void add(Planes x, int from, int to) {
    for (int row = from; row < to; row++) {
      gather(x, row);
      for (int tap = 0; tap < taps; tap++) {
        int others = tap * pitch;
        int at = starts[tap];
        for (int group = 0; group < groups(tap); group++) {
          for (int lane = 0; lane < Lanes.COUNT; lane += L) {
            multiply(tap * pitch, others, at, lane);
          }
          others += GROUP * pitch;
          at += GROUP * Lanes.COUNT;
        }
      }
    }
  }

  private void gather(Planes x, int row) {
    ConvolutionGeometry g = geometry;
    int to = 0;
    for (int channel = 0; channel < g.inputChannels(); channel++) {
      for (int kr = 0; kr < g.kernelHeight(); kr++) {
        int at = x.offset(channel, row * g.stride() + kr * g.dilation() - g.top()) - g.left();
        for (int kc = 0; kc < g.kernelWidth(); kc++) {
          for (int column = 0; column < g.outputWidth(); column++) {
            rows[to + column] = x.values()[at + column * g.stride() + kc * g.dilation()];
          }
          to += pitch;
        }
      }
    }
  }

  private void multiply(int one, int others, int at, int lane) {
    int second = at + lane + Lanes.COUNT;
    int third = second + Lanes.COUNT;
    int fourth = third + Lanes.COUNT;
    DoubleVector s0 = DoubleVector.fromArray(D, totals, at + lane);
    DoubleVector s1 = DoubleVector.fromArray(D, totals, second);
    DoubleVector s2 = DoubleVector.fromArray(D, totals, third);
    DoubleVector s3 = DoubleVector.fromArray(D, totals, fourth);
    for (int column = lane; column < pitch; column += Lanes.COUNT) {
      DoubleVector a = DoubleVector.fromArray(D, rows, one + column);
      int b = others + column;
      s0 = a.fma(DoubleVector.fromArray(D, rows, b), s0);
      s1 = a.fma(DoubleVector.fromArray(D, rows, b + pitch), s1);
      s2 = a.fma(DoubleVector.fromArray(D, rows, b + 2 * pitch), s2);
      s3 = a.fma(DoubleVector.fromArray(D, rows, b + 3 * pitch), s3);
    }
    s0.intoArray(totals, at + lane);
    s1.intoArray(totals, second);
    s2.intoArray(totals, third);
    s3.intoArray(totals, fourth);
  }

  @Override
  public void finish(double[] sums, int offset) {
    int to = offset + taps;
    for (int tap = 0; tap < taps; tap++) {
      int count = taps - tap;
      for (int other = 0; other < count; other++) {
        sums[to++] = Lanes.fold(totals, starts[tap] + other * Lanes.COUNT);
      }
      sums[offset + tap] = Lanes.fold(totals, starts[tap] + count * Lanes.COUNT);
    }
  }
}
