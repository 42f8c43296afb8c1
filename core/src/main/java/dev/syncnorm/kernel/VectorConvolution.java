package dev.syncnorm.kernel;

import java.util.HashMap;
import java.util.Map;

/**
 * Convolution and its input gradient, the pixels in lanes.
 *
 * <p>Every value is one chain of fused multiply-adds, sum = fma(weight, input, sum), in the order
 * that {@link ConvolutionPlan} lists the taps, beginning with the bias:
 *
 * <p>y: bias (0 where there is none), then input channel of the group, kernel row, kernel column;
 *
 * <p>dx: 0, then output channel of the group, kernel row, kernel column, of those taps that the
 * stride lets reach the position.
 *
 * <p>Taps outside x (or dy) multiply a zero like any other value: an infinite or NaN weight makes
 * NaN at the borders too. Lanes never meet, so neither the width of the vectors nor how an image is
 * cut into rows and a row into blocks has an effect on the bits.
 *
 * <p>Rows of about whole numbers of vectors are written where they belong. Otherwise several rows
 * at a time are computed as one run, with what lies between them, and their values copied from
 * there. A convolution with a stride copies what it reads into phases first, see {@link Source};
 * its input gradient is always copied.
 *
 * <p>Not thread-safe: keeps scratch memory.
 */
final class VectorConvolution {
  private static final float[] NO_BIAS = {};

  /** Positions of the rows that are computed as one run. */
  private static final int RUN = 2048;

  /** A block of the fewest vectors, which must not be wider than a run. */
  private static final int NARROWEST = 2 * Lanes.LENGTH;

  /** What copying a value costs, in fused multiply-adds. */
  private static final int COPY = 4;

  private static final int MOST_CHANNELS = 4;

  private final Map<ConvolutionGeometry, ConvolutionPlan> forwardPlans = new HashMap<>();
  private final Map<ConvolutionGeometry, ConvolutionPlan> gradientPlans = new HashMap<>();
  private final Source source = new Source();
  private float[] packed = new float[0];
  private float[] flat = new float[0];

  /**
   * See {@link Kernels#convolution}.
   *
   * @param rectified whether to write max(y, 0) if that can be done at once
   * @return whether that could be done
   */
  boolean forward(
      ConvolutionGeometry g,
      Planes x,
      float[] weight,
      float[] bias,
      boolean rectified,
      Planes y,
      int from,
      int to) {
    return run(forwardPlan(g), g, x, weight, channelWeights(g), bias, rectified, y, from, to);
  }

  /** The plan of {@link #forward}, which the weight gradient shares. */
  ConvolutionPlan forwardPlan(ConvolutionGeometry g) {
    ConvolutionPlan plan = forwardPlans.get(g);
    if (plan == null) {
      plan = ConvolutionPlan.forward(g);
      forwardPlans.put(g, plan);
    }
    return plan;
  }

  /** The source of {@link #forward}, which the weight gradient may use between calls. */
  Source source() {
    return source;
  }

  /** See {@link Kernels#convolutionInputGradient}. */
  void inputGradient(
      ConvolutionGeometry g, Planes dy, float[] weight, Planes dx, int from, int to) {
    ConvolutionPlan plan = gradientPlans.get(g);
    if (plan == null) {
      plan = ConvolutionPlan.inputGradient(g);
      gradientPlans.put(g, plan);
    }
    int step = g.kernelHeight() * g.kernelWidth();
    run(plan, g, dy, weight, step, NO_BIAS, false, dx, from, to);
  }

  private static int channelWeights(ConvolutionGeometry g) {
    return g.inputChannels() / g.groups() * g.kernelHeight() * g.kernelWidth();
  }

  /**
   * All groups and classes.
   *
   * @param weightStep how far apart the weights of two target channels lie
   * @return whether all values are rectified where that was asked for
   */
  private boolean run(
      ConvolutionPlan plan,
      ConvolutionGeometry g,
      Planes operand,
      float[] weight,
      int weightStep,
      float[] bias,
      boolean rectified,
      Planes target,
      int from,
      int to) {
    boolean allDirect = true;
    int groupWeights = g.outputChannels() / g.groups() * channelWeights(g);
    for (int group = 0; group < g.groups(); group++) {
      int channel = group * plan.targetChannels;
      for (ConvolutionPlan.TargetClass c : plan.classes) {
        int end = firstFrom(to, c.row(), plan.step);
        int rows;
        for (int row = firstFrom(from, c.row(), plan.step); row < end; row += rows) {
          rows = Math.min(plan.bandRows, end - row);
          if (plan.isCopied()) {
            source.copy(plan, operand, group * plan.channels, row, rows);
          } else {
            source.use(operand, group * plan.channels, row - plan.top, -plan.left);
          }
          pack(plan, c.taps(), weight, group * groupWeights, weightStep, bias, channel);
          if (isDirect(plan, c)) {
            direct(plan, c.taps(), rectified, target, channel, row, rows);
          } else {
            together(plan, c, target, channel, row, rows);
            allDirect = false;
          }
        }
      }
    }
    return allDirect || !rectified;
  }

  /** The first m with first + m step at or behind a row. */
  private static int firstFrom(int row, int first, int step) {
    return Math.max(0, Math.floorDiv(row - first + step - 1, step));
  }

  /**
   * Whether to write each row where it belongs, or several at once and copy them from there. The
   * former computes a last block that overlaps the one before, the latter what lies between rows.
   */
  private boolean isDirect(ConvolutionPlan plan, ConvolutionPlan.TargetClass c) {
    if (plan.step > 1 || c.columns() < NARROWEST) {
      return false;
    }
    int taps = c.taps().size();
    int computed = whole(c.columns());
    if (c.columns() < 2 * NARROWEST) {
      // Blocks of two vectors take about a quarter longer for a value than larger ones.
      computed += computed / 4;
    }
    return computed * taps <= source.rowStep() * taps + COPY * c.columns();
  }

  /** Each row is a run of its own, written where it belongs. */
  private void direct(
      ConvolutionPlan plan,
      Taps taps,
      boolean rectified,
      Planes target,
      int channel,
      int firstRow,
      int rows) {
    int[] offsets = taps.offsets(source);
    for (int row = 0; row < rows; row++) {
      int at = source.start() + row * source.rowStep();
      int count;
      for (int k = 0; k < plan.targetChannels; k += count) {
        count = channels(plan.targetChannels - k);
        blocks(
            count,
            at,
            plan.targetWidth,
            offsets,
            k * (1 + offsets.length),
            target.values(),
            target.offset(channel + k, firstRow + row),
            target.plane(),
            rectified);
      }
    }
  }

  /** Several rows are one run, and copied to where they belong. */
  private void together(
      ConvolutionPlan plan,
      ConvolutionPlan.TargetClass c,
      Planes target,
      int channel,
      int firstRow,
      int rows) {
    int[] offsets = c.taps().offsets(source);
    int step = source.rowStep();
    int together;
    for (int row = 0; row < rows; row += together) {
      together = Math.max(1, Math.min(rows - row, RUN / step));
      int size = whole((together - 1) * step + c.columns());
      int count;
      for (int k = 0; k < plan.targetChannels; k += count) {
        count = channels(plan.targetChannels - k);
        if (flat.length < count * size) {
          flat = new float[flatFloats(plan)];
        }
        blocks(
            count,
            source.start() + row * step,
            size,
            offsets,
            k * (1 + offsets.length),
            flat,
            0,
            size,
            false);
        for (int j = 0; j < count; j++) {
          for (int r = 0; r < together; r++) {
            int targetRow = c.row() + (firstRow + row + r) * plan.step;
            int to = target.offset(channel + k + j, targetRow) + c.column();
            spread(j * size + r * step, c.columns(), plan.step, target.values(), to);
          }
        }
      }
    }
  }

  /** A run in blocks of the most vectors, and a narrower one for what is left where that fits. */
  private void blocks(
      int count,
      int at,
      int size,
      int[] offsets,
      int weights,
      float[] target,
      int to,
      int plane,
      boolean rectified) {
    int vectors = mostVectors(count);
    int done = size / (vectors * Lanes.LENGTH) * vectors * Lanes.LENGTH;
    if (done > 0) {
      ConvolutionBlocks.run(
          count,
          vectors,
          source.values(),
          at,
          done,
          offsets,
          packed,
          weights,
          target,
          to,
          plane,
          rectified);
    }
    while (done < size) {
      // The fewest vectors for what is left, or the most that a run this short can hold.
      int left = size - done;
      vectors = 2;
      while (vectors * Lanes.LENGTH < left && 2 * vectors * Lanes.LENGTH <= size) {
        vectors *= 2;
      }
      int column = Math.min(done, size - vectors * Lanes.LENGTH);
      ConvolutionBlocks.run(
          count,
          vectors,
          source.values(),
          at + column,
          vectors * Lanes.LENGTH,
          offsets,
          packed,
          weights,
          target,
          to + column,
          plane,
          rectified);
      done = column + vectors * Lanes.LENGTH;
    }
  }

  private void spread(int from, int columns, int step, float[] target, int to) {
    if (step == 1) {
      System.arraycopy(flat, from, target, to, columns);
      return;
    }
    for (int column = 0; column < columns; column++) {
      target[to + column * step] = flat[from + column];
    }
  }

  /** A size rounded up to whole blocks of the fewest vectors. */
  private static int whole(int size) {
    return (size + NARROWEST - 1) / NARROWEST * NARROWEST;
  }

  /** Floats that a plan may need for the runs of {@link #together}. */
  static int flatFloats(ConvolutionPlan plan) {
    return MOST_CHANNELS * (Math.max(RUN, plan.classes.get(0).columns()) + NARROWEST);
  }

  /** Floats of the packed weights of a plan. */
  static int packedFloats(ConvolutionPlan plan) {
    int taps = plan.classes.stream().mapToInt(c -> c.taps().size()).max().orElse(0);
    return (1 + taps) * plan.targetChannels;
  }

  /** Weights in the order in which they are read: for each block its starts, then tap by tap. */
  private void pack(
      ConvolutionPlan plan,
      Taps taps,
      float[] weight,
      int offset,
      int step,
      float[] bias,
      int channel) {
    int[] weights = taps.weights();
    if (packed.length < (1 + weights.length) * plan.targetChannels) {
      packed = new float[packedFloats(plan)];
    }
    int count;
    for (int k = 0; k < plan.targetChannels; k += count) {
      count = channels(plan.targetChannels - k);
      int to = k * (1 + weights.length);
      for (int j = 0; j < count; j++) {
        packed[to + j] = bias.length == 0 ? 0 : bias[channel + k + j];
        int from = offset + (k + j) * step;
        for (int tap = 0; tap < weights.length; tap++) {
          packed[to + (1 + tap) * count + j] = weight[from + weights[tap]];
        }
      }
    }
  }

  /** How many target channels the next block should have when so many are left. */
  static int channels(int left) {
    return left <= 4 ? left : left == 5 || left == 6 || left == 9 ? 3 : 4;
  }

  /**
   * How many vectors a block of so many channels should have. Processors with vectors of 256 bits
   * mostly have 16 registers for them, others 32.
   */
  private static int mostVectors(int channels) {
    if (Lanes.LENGTH == 8) {
      return channels == 4 ? 2 : channels == 1 ? 8 : 4;
    }
    return channels == 4 ? 4 : 8;
  }
}
