package dev.syncnorm.kernel;

import java.util.Arrays;

/**
 * Patch moments in float64: each sum is one chain of fused multiply-adds over the positions of the
 * output, row by row and from left to right.
 *
 * <p>For each row of the output the values that each tap reads are gathered into a row of doubles;
 * one more row holds ones, so that the sums are products, too. Then every three rows are multiplied
 * with every three that do not come before them. Without vectors: those of doubles would slow down
 * those of floats, see {@link Lanes}, and an image's patch moments are computed once.
 *
 * <p>Not thread-safe.
 */
final class GatheredPatchMoments implements RowSums.OfOne {
  private static final int BLOCK = 3;

  private final ConvolutionGeometry geometry;
  private final int taps;
  private final int width;

  /** The number of rows, filled up to whole blocks with rows of zeros. */
  private final int rows;

  private final double[] values;
  private final double[] totals;

  GatheredPatchMoments(ConvolutionGeometry geometry) {
    this.geometry = geometry;
    taps = geometry.inputChannels() * geometry.kernelHeight() * geometry.kernelWidth();
    width = geometry.outputWidth();
    rows = (taps + 1 + BLOCK - 1) / BLOCK * BLOCK;
    values = new double[rows * width];
    Arrays.fill(values, taps * width, (taps + 1) * width, 1);
    totals = new double[rows * rows];
  }

  @Override
  public void begin() {
    Arrays.fill(totals, 0);
  }

  @Override
  public void add(Planes x, int from, int to) {
    for (int row = from; row < to; row++) {
      gather(x, row);
      for (int a = 0; a < taps; a += BLOCK) {
        for (int b = a; b < rows; b += BLOCK) {
          multiply(a, b);
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
          for (int column = 0; column < width; column++) {
            values[to + column] = x.values()[at + column * g.stride() + kc * g.dilation()];
          }
          to += width;
        }
      }
    }
  }

  private void multiply(int firstA, int firstB) {
    int a = firstA * width;
    int b = firstB * width;
    int t = firstA * rows + firstB;
    double s00 = totals[t];
    double s01 = totals[t + 1];
    double s02 = totals[t + 2];
    double s10 = totals[t + rows];
    double s11 = totals[t + rows + 1];
    double s12 = totals[t + rows + 2];
    double s20 = totals[t + 2 * rows];
    double s21 = totals[t + 2 * rows + 1];
    double s22 = totals[t + 2 * rows + 2];
    for (int column = 0; column < width; column++) {
      double a0 = values[a + column];
      double a1 = values[a + width + column];
      double a2 = values[a + 2 * width + column];
      double b0 = values[b + column];
      double b1 = values[b + width + column];
      double b2 = values[b + 2 * width + column];
      s00 = Math.fma(a0, b0, s00);
      s01 = Math.fma(a0, b1, s01);
      s02 = Math.fma(a0, b2, s02);
      s10 = Math.fma(a1, b0, s10);
      s11 = Math.fma(a1, b1, s11);
      s12 = Math.fma(a1, b2, s12);
      s20 = Math.fma(a2, b0, s20);
      s21 = Math.fma(a2, b1, s21);
      s22 = Math.fma(a2, b2, s22);
    }
    totals[t] = s00;
    totals[t + 1] = s01;
    totals[t + 2] = s02;
    totals[t + rows] = s10;
    totals[t + rows + 1] = s11;
    totals[t + rows + 2] = s12;
    totals[t + 2 * rows] = s20;
    totals[t + 2 * rows + 1] = s21;
    totals[t + 2 * rows + 2] = s22;
  }

  @Override
  public void finish(double[] sums, int offset) {
    int to = offset + taps;
    for (int a = 0; a < taps; a++) {
      sums[offset + a] = totals[a * rows + taps];
      for (int b = a; b < taps; b++) {
        sums[to++] = totals[a * rows + b];
      }
    }
  }
}
