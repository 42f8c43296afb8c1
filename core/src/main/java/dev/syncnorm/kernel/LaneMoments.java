package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The moments of {@link VectorKernels}. Over eight blocks of {@link LaneSums} about a pivot p: S1 =
 * sum(x - p), S2 = sum((x - p)^2), hence their mean p + S1 / n and their centred sum of squares
 * max(0, S2 - S1^2 / n). These are merged by the formula of Chan, Golub and LeVeque (Updating
 * Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979): with delta = their mean
 * - mean,
 *
 * <p>mean += delta n / (count + n); squares += their squares + delta^2 count n / (count + n).
 *
 * <p>The pivot is the mean so far, rounded to float32; at first it is the mean of the first 512
 * pixels of row 0, taken about the first value. So no digits are lost far from zero, and in a
 * constant channel every difference is exactly 0.
 */
final class LaneMoments extends LaneSums implements RowSums.OfOne {
  private static final int GROUP = 8;

  private final float[] pivot;
  private final double[] mean;
  private final double[] squares;
  private int blocks;
  private int merged;

  LaneMoments(Shape shape) {
    super(shape, 2);
    pivot = new float[channels];
    mean = new double[channels];
    squares = new double[channels];
  }

  /** Bytes that the moments of a tensor with so many channels keep. */
  static long bytes(int channels) {
    return bytes(channels, 2) + (long) channels * (Float.BYTES + 2 * Double.BYTES);
  }

  @Override
  public void begin() {
    super.begin();
    Arrays.fill(mean, 0);
    Arrays.fill(squares, 0);
    blocks = 0;
    merged = 0;
  }

  @Override
  public void add(Planes x, int from, int to) {
    for (int channel = 0; from == 0 && channel < channels; channel++) {
      pivot[channel] = firstPivot(x.values(), x.offset(channel, 0), Math.min(BLOCK, width));
    }
    addRows(x, pivot, x, from, to);
  }

  private float firstPivot(float[] x, int at, int n) {
    block(x, at, x, at, n, x[at], 0);
    float first = (float) (x[at] + Lanes.fold(lanes, 0) / n);
    Arrays.fill(lanes, 0, 2 * Lanes.COUNT, 0);
    return first;
  }

  /** Sums of x - pivot, then sums of (x - pivot)^2. */
  @Override
  void block(float[] x, int xAt, float[] y, int yAt, int n, float pivot, int at) {
    int body = n - n % Lanes.COUNT;
    int second = at + Lanes.COUNT;
    FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot);
    for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
      FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, lanes, at + lane);
      FloatVector square = FloatVector.fromArray(Lanes.FLOATS, lanes, second + lane);
      for (int i = lane; i < body; i += Lanes.COUNT) {
        FloatVector d = FloatVector.fromArray(Lanes.FLOATS, x, xAt + i).sub(p);
        sum = sum.add(d);
        square = d.fma(d, square);
      }
      sum.intoArray(lanes, at + lane);
      square.intoArray(lanes, second + lane);
    }
    for (int i = body; i < n; i++) {
      float d = x[xAt + i] - pivot;
      int lane = i - body;
      lanes[at + lane] += d;
      lanes[second + lane] = Math.fma(d, d, lanes[second + lane]);
    }
  }

  @Override
  void blockEnds() {
    blocks++;
    if (blocks == GROUP || isComplete()) {
      for (int channel = 0; channel < channels; channel++) {
        merge(channel, seen() - merged);
      }
      Arrays.fill(totals, 0);
      blocks = 0;
      merged = seen();
    }
  }

  private void merge(int channel, int n) {
    double sum = total(channel, 0);
    double delta = pivot[channel] + sum / n - mean[channel];
    double share = (double) n / (merged + n);
    double centred = Math.max(0, total(channel, 1) - sum * sum / n);
    mean[channel] += delta * share;
    squares[channel] += centred + delta * delta * merged * share;
    pivot[channel] = (float) mean[channel];
  }

  @Override
  public void finish(double[] moments, int offset) {
    System.arraycopy(mean, 0, moments, offset, channels);
    System.arraycopy(squares, 0, moments, offset + channels, channels);
  }
}
