package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The sums over pixels of {@link VectorKernels}, channel by channel: blocks of at most 512 pixels
 * in sixteen float32 {@link Lanes}, then sixteen doubles, which are folded at the end.
 *
 * <p>A row wider than 512 pixels is cut into blocks from its first pixel on; of narrower ones as
 * many as fit make a block, counted from row 0. A pixel's column mod 16 selects the lane, in which
 * pixels are added row by row and from left to right. In a block of whole rows of whole lanes a
 * lane adds at most 32 values, and at most 512 if rows are narrower than 16, so its relative error
 * is at most about as many times 2^-24 of the sum of the magnitudes, and far less over many blocks.
 *
 * <p>Not thread-safe.
 */
abstract class LaneSums implements RowSums {
  /** The most pixels that float32 lanes may see before they are emptied into doubles. */
  static final int BLOCK = 512;

  final int channels;
  final int width;

  /** Sums of each channel: each has sixteen lanes. */
  private final int kinds;

  private final int blockRows;
  private final int pixels;
  private int seen;
  final float[] lanes;
  final double[] totals;

  LaneSums(Shape shape, int kinds) {
    channels = shape.channels();
    width = shape.width();
    pixels = shape.pixels();
    this.kinds = kinds;
    blockRows = Math.max(1, BLOCK / width);
    lanes = new float[channels * kinds * Lanes.COUNT];
    totals = new double[lanes.length];
  }

  /** Bytes that the sums of a tensor with so many channels keep. */
  static long bytes(int channels, int kinds) {
    return (long) channels * kinds * Lanes.COUNT * (Float.BYTES + Double.BYTES);
  }

  @Override
  public void begin() {
    Arrays.fill(lanes, 0);
    Arrays.fill(totals, 0);
    seen = 0;
  }

  /** Adds n neighbouring pixels of a channel to its lanes, the first pixel to lane 0. */
  abstract void block(float[] x, int xAt, float[] y, int yAt, int n, float pivot, int lanesAt);

  /** What else is to be done when a block of all channels is in doubles. */
  void blockEnds() {}

  /** Adds rows; what a sum does not need may be anything. */
  final void addRows(Planes x, float[] pivot, Planes y, int from, int to) {
    for (int row = from; row < to; row++) {
      for (int column = 0; column < width; column += BLOCK) {
        int n = Math.min(BLOCK, width - column);
        for (int channel = 0; channel < channels; channel++) {
          block(
              x.values(),
              x.offset(channel, row) + column,
              y.values(),
              y.offset(channel, row) + column,
              n,
              pivot[channel],
              channel * kinds * Lanes.COUNT);
        }
        seen += n;
        if ((row + 1) % blockRows == 0 || isComplete()) {
          Lanes.flush(lanes, totals, 0, lanes.length);
          blockEnds();
        }
      }
    }
  }

  /** The pixels of a channel that were added so far. */
  final int seen() {
    return seen;
  }

  /** Whether all pixels were added. */
  final boolean isComplete() {
    return seen == pixels;
  }

  /** The sum of a kind over the blocks in doubles. */
  final double total(int channel, int kind) {
    return Lanes.fold(totals, (channel * kinds + kind) * Lanes.COUNT);
  }

  /** Each kind, channel by channel. */
  @Override
  public void finish(double[] sums, int offset) {
    for (int kind = 0; kind < kinds; kind++) {
      for (int channel = 0; channel < channels; channel++) {
        sums[offset + kind * channels + channel] = total(channel, kind);
      }
    }
  }

  /** See {@link Kernels#channelSums}. */
  static final class OfChannels extends LaneSums implements RowSums.OfOne {
    private final float[] zeros;

    OfChannels(Shape shape) {
      super(shape, 1);
      zeros = new float[channels];
    }

    @Override
    public void add(Planes x, int from, int to) {
      addRows(x, zeros, x, from, to);
    }

    @Override
    void block(float[] x, int xAt, float[] y, int yAt, int n, float pivot, int at) {
      int body = n - n % Lanes.COUNT;
      for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
        FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, lanes, at + lane);
        for (int i = lane; i < body; i += Lanes.COUNT) {
          sum = sum.add(FloatVector.fromArray(Lanes.FLOATS, x, xAt + i));
        }
        sum.intoArray(lanes, at + lane);
      }
      for (int i = body; i < n; i++) {
        lanes[at + i - body] += x[xAt + i];
      }
    }
  }

  /** See {@link Kernels#batchNormGradientSums}: x is the input, y the gradient. */
  static final class OfGradient extends LaneSums implements RowSums.OfTwoAboutPivot {
    OfGradient(Shape shape) {
      super(shape, 2);
    }

    @Override
    public void add(Planes x, float[] pivot, Planes dy, int from, int to) {
      addRows(x, pivot, dy, from, to);
    }

    @Override
    void block(float[] x, int xAt, float[] y, int yAt, int n, float pivot, int at) {
      int body = n - n % Lanes.COUNT;
      int products = at + Lanes.COUNT;
      FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot);
      for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
        FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, lanes, at + lane);
        FloatVector product = FloatVector.fromArray(Lanes.FLOATS, lanes, products + lane);
        for (int i = lane; i < body; i += Lanes.COUNT) {
          FloatVector d = FloatVector.fromArray(Lanes.FLOATS, x, xAt + i).sub(p);
          FloatVector g = FloatVector.fromArray(Lanes.FLOATS, y, yAt + i);
          sum = sum.add(g);
          product = g.fma(d, product);
        }
        sum.intoArray(lanes, at + lane);
        product.intoArray(lanes, products + lane);
      }
      for (int i = body; i < n; i++) {
        float g = y[yAt + i];
        int lane = i - body;
        lanes[at + lane] += g;
        lanes[products + lane] = Math.fma(g, x[xAt + i] - pivot, lanes[products + lane]);
      }
    }
  }

  /** See {@link Kernels#squaredError}: channels are added from the first to the last. */
  static final class OfSquaredError extends LaneSums implements RowSums.OfTwo {
    private final float[] zeros;

    OfSquaredError(Shape shape) {
      super(shape, 1);
      zeros = new float[channels];
    }

    @Override
    public void add(Planes y, Planes target, int from, int to) {
      addRows(y, zeros, target, from, to);
    }

    @Override
    void block(float[] x, int xAt, float[] y, int yAt, int n, float pivot, int at) {
      int body = n - n % Lanes.COUNT;
      for (int lane = 0; lane < Lanes.COUNT; lane += Lanes.LENGTH) {
        FloatVector sum = FloatVector.fromArray(Lanes.FLOATS, lanes, at + lane);
        for (int i = lane; i < body; i += Lanes.COUNT) {
          FloatVector d =
              FloatVector.fromArray(Lanes.FLOATS, x, xAt + i)
                  .sub(FloatVector.fromArray(Lanes.FLOATS, y, yAt + i));
          sum = d.fma(d, sum);
        }
        sum.intoArray(lanes, at + lane);
      }
      for (int i = body; i < n; i++) {
        float d = x[xAt + i] - y[yAt + i];
        lanes[at + i - body] = Math.fma(d, d, lanes[at + i - body]);
      }
    }

    @Override
    public void finish(double[] sums, int offset) {
      sums[offset] = 0;
      for (int channel = 0; channel < channels; channel++) {
        sums[offset] += total(channel, 0);
      }
    }
  }
}
