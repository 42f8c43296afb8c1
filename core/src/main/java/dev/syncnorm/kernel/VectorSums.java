package dev.syncnorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The sums over pixels of {@link VectorKernels}: blocks of at most 512 pixels in sixteen float32
 * {@link Lanes}, then doubles. In a block a lane adds at most 32 values, so its relative error is
 * at most about 32 x 2^-24 of the sum of the magnitudes, and far less over many blocks.
 *
 * <p>Not thread-safe: keeps scratch memory.
 */
final class VectorSums {
  /** Pixels a float32 lane may see before it is emptied into doubles, times 16. */
  private static final int BLOCK = 512;

  private final float[] lanes = new float[2 * Lanes.COUNT];
  private final double[] totals = new double[2 * Lanes.COUNT];

  /** See {@link Kernels#channelSums}. */
  void channelSums(float[] x, int channels, int pixels, double[] sums, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      int start = channel * pixels;
      Arrays.fill(totals, 0);
      for (int from = 0; from < pixels; from += BLOCK) {
        sumBlock(x, start + from, Math.min(BLOCK, pixels - from), 0);
        Lanes.flush(lanes, Lanes.COUNT, totals, 0);
      }
      sums[offset + channel] = Lanes.fold(totals, 0);
    }
  }

  /**
   * See {@link Kernels#moments}. Within a block of 512 pixels about a pivot p: S1 = sum(x - p), S2
   * = sum((x - p)^2), hence the block's mean p + S1 / n and its centred sum of squares max(0, S2 -
   * S1^2 / n). Blocks are merged by the formula of Chan, Golub and LeVeque (Updating Formulae and a
   * Pairwise Algorithm for Computing Sample Variances, 1979): with delta = block mean - mean,
   *
   * <p>mean += delta n / (count + n); squares += block squares + delta^2 count n / (count + n).
   *
   * <p>The pivot is the mean so far, rounded to float32; in the first block it is that block's own
   * mean, taken about its first value. So no digits are lost far from zero, and in a constant
   * channel every difference is exactly 0.
   */
  void moments(float[] x, int channels, int pixels, double[] moments, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      int start = channel * pixels;
      double mean = 0;
      double squares = 0;
      for (int from = 0; from < pixels; from += BLOCK) {
        int n = Math.min(BLOCK, pixels - from);
        float pivot = from == 0 ? blockMean(x, start, n) : (float) mean;
        momentBlock(x, start + from, n, pivot);
        double sum = Lanes.fold(lanes, 0);
        double blockMean = pivot + sum / n;
        double blockSquares = Math.max(0, Lanes.fold(lanes, Lanes.COUNT) - sum * sum / n);
        if (from == 0) {
          mean = blockMean;
          squares = blockSquares;
        } else {
          double delta = blockMean - mean;
          double share = (double) n / (from + n);
          mean += delta * share;
          squares += blockSquares + delta * delta * from * share;
        }
      }
      moments[offset + channel] = mean;
      moments[offset + channels + channel] = squares;
    }
  }

  private float blockMean(float[] x, int start, int n) {
    sumBlock(x, start, n, x[start]);
    return (float) (x[start] + Lanes.fold(lanes, 0) / n);
  }

  /** See {@link Kernels#batchNormGradientSums}. */
  void batchNormGradientSums(
      float[] x, float[] dy, int channels, int pixels, float[] pivot, double[] sums, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      int start = channel * pixels;
      Arrays.fill(totals, 0);
      for (int from = 0; from < pixels; from += BLOCK) {
        gradientBlock(x, dy, start + from, Math.min(BLOCK, pixels - from), pivot[channel]);
        Lanes.flush(lanes, 2 * Lanes.COUNT, totals, 0);
      }
      sums[offset + channel] = Lanes.fold(totals, 0);
      sums[offset + channels + channel] = Lanes.fold(totals, Lanes.COUNT);
    }
  }

  /** See {@link Kernels#squaredError}. */
  double squaredError(float[] y, float[] target, int size) {
    Arrays.fill(totals, 0);
    for (int from = 0; from < size; from += BLOCK) {
      errorBlock(y, target, from, Math.min(BLOCK, size - from));
      Lanes.flush(lanes, Lanes.COUNT, totals, 0);
    }
    return Lanes.fold(totals, 0);
  }

  // Each block below writes its lanes; its last n mod 16 values are added to the lanes one by one.

  /** lanes[0, 16) = sums of x - pivot. */
  private void sumBlock(float[] x, int start, int n, float pivot) {
    int body = n - n % Lanes.COUNT;
    FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot);
    for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
      FloatVector sum = FloatVector.zero(Lanes.FLOATS);
      for (int i = lane; i < body; i += Lanes.COUNT) {
        sum = sum.add(FloatVector.fromArray(Lanes.FLOATS, x, start + i).sub(p));
      }
      sum.intoArray(lanes, lane);
    }
    for (int i = body; i < n; i++) {
      lanes[i - body] += x[start + i] - pivot;
    }
  }

  /** lanes[0, 16) = sums of x - pivot, lanes[16, 32) = sums of (x - pivot)^2. */
  private void momentBlock(float[] x, int start, int n, float pivot) {
    int body = n - n % Lanes.COUNT;
    FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot);
    for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
      FloatVector sum = FloatVector.zero(Lanes.FLOATS);
      FloatVector squares = FloatVector.zero(Lanes.FLOATS);
      for (int i = lane; i < body; i += Lanes.COUNT) {
        FloatVector d = FloatVector.fromArray(Lanes.FLOATS, x, start + i).sub(p);
        sum = sum.add(d);
        squares = d.fma(d, squares);
      }
      sum.intoArray(lanes, lane);
      squares.intoArray(lanes, Lanes.COUNT + lane);
    }
    for (int i = body; i < n; i++) {
      float d = x[start + i] - pivot;
      int lane = i - body;
      lanes[lane] += d;
      lanes[Lanes.COUNT + lane] = Math.fma(d, d, lanes[Lanes.COUNT + lane]);
    }
  }

  /** lanes[0, 16) = sums of dy, lanes[16, 32) = sums of dy (x - pivot). */
  private void gradientBlock(float[] x, float[] dy, int start, int n, float pivot) {
    int body = n - n % Lanes.COUNT;
    FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot);
    for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
      FloatVector sum = FloatVector.zero(Lanes.FLOATS);
      FloatVector products = FloatVector.zero(Lanes.FLOATS);
      for (int i = lane; i < body; i += Lanes.COUNT) {
        FloatVector d = FloatVector.fromArray(Lanes.FLOATS, x, start + i).sub(p);
        FloatVector g = FloatVector.fromArray(Lanes.FLOATS, dy, start + i);
        sum = sum.add(g);
        products = g.fma(d, products);
      }
      sum.intoArray(lanes, lane);
      products.intoArray(lanes, Lanes.COUNT + lane);
    }
    for (int i = body; i < n; i++) {
      float g = dy[start + i];
      int lane = i - body;
      lanes[lane] += g;
      lanes[Lanes.COUNT + lane] = Math.fma(g, x[start + i] - pivot, lanes[Lanes.COUNT + lane]);
    }
  }

  /** lanes[0, 16) = sums of (y - target)^2. */
  private void errorBlock(float[] y, float[] target, int start, int n) {
    int body = n - n % Lanes.COUNT;
    for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
      FloatVector sum = FloatVector.zero(Lanes.FLOATS);
      for (int i = lane; i < body; i += Lanes.COUNT) {
        FloatVector d =
            FloatVector.fromArray(Lanes.FLOATS, y, start + i)
                .sub(FloatVector.fromArray(Lanes.FLOATS, target, start + i));
        sum = d.fma(d, sum);
      }
      sum.intoArray(lanes, lane);
    }
    for (int i = body; i < n; i++) {
      float d = y[start + i] - target[start + i];
      lanes[i - body] = Math.fma(d, d, lanes[i - body]);
    }
  }
}
