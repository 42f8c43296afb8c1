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
 * <p>Fast where rows are at least two vectors wide and, for the input gradient, the stride is 1:
 * blocks are then written where they belong. Otherwise several rows at a time are computed as one
 * run, with what lies between them, and their values copied from there. A convolution with a stride
 * copies what it reads into phases first, see {@link Source}.
 *
 * <p>Not thread-safe: keeps scratch memory.
 */
final class VectorConvolution {
  private static final float[] NO_BIAS = {};

  /** Positions of the rows that are computed as one run. */
  private static final int RUN = 2048;

  /** A block of the fewest vectors, which must not be wider than a run. */
  private static final int NARROWEST = 2 * Lanes.LENGTH;

  private static final int MOST_CHANNELS = 4;

  private final Map<ConvolutionGeometry, ConvolutionPlan> forwardPlans = new HashMap<>();
  private final Map<ConvolutionGeometry, ConvolutionPlan> gradientPlans = new HashMap<>();
  private final Source source = new Source();
  private float[] packed = new float[0];
  private float[] flat = new float[0];

  /** See {@link Kernels#convolution}. */
  void forward(
      ConvolutionGeometry g, Planes x, float[] weight, float[] bias, Planes y, int from, int to) {
    run(forwardPlan(g), g, x, weight, channelWeights(g), bias, y, from, to);
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
    run(plan, g, dy, weight, g.kernelHeight() * g.kernelWidth(), NO_BIAS, dx, from, to);
  }

  private static int channelWeights(ConvolutionGeometry g) {
    return g.inputChannels() / g.groups() * g.kernelHeight() * g.kernelWidth();
  }

  /**
   * All groups and classes.
   *
   * @param weightStep how far apart the weights of two target channels lie
   */
  private void run(
      ConvolutionPlan plan,
      ConvolutionGeometry g,
      Planes operand,
      float[] weight,
      int weightStep,
      float[] bias,
      Planes target,
      int from,
      int to) {
    int groupWeights = g.outputChannels() / g.groups() * channelWeights(g);
    for (int group = 0; group < g.groups(); group++) {
      int channel = group * plan.targetChannels;
      for (ConvolutionPlan.TargetClass c : plan.classes) {
        int end = firstFrom(to, c.row(), plan.step);
        int rows;
        for (int row = firstFrom(from, c.row(), plan.step); row < end; row += rows) {
          rows = Math.min(plan.bandRows, end - row);
          pack(plan, c.taps(), weight, group * groupWeights, weightStep, bias, channel);
          if (plan.isCopied()) {
            source.copy(plan, operand, group * plan.channels, row, rows);
          } else {
            source.use(operand, group * plan.channels, row - plan.top, -plan.left);
          }
          if (plan.step == 1 && c.columns() >= NARROWEST) {
            wide(plan, c.taps(), target, channel, row, rows);
          } else {
            narrow(plan, c, target, channel, row, rows);
          }
        }
      }
    }
  }

  /** The first m with first + m step at or behind a row. */
  private static int firstFrom(int row, int first, int step) {
    return Math.max(0, Math.floorDiv(row - first + step - 1, step));
  }

  /** Each row is a run of its own, written where it belongs. */
  private void wide(
      ConvolutionPlan plan, Taps taps, Planes target, int channel, int firstRow, int rows) {
    int[] offsets = taps.offsets(source);
    for (int row = 0; row < rows; row++) {
      int at = source.start() + row * source.rowStep();
      int weights = 0;
      int count;
      for (int k = 0; k < plan.targetChannels; k += count) {
        count = channels(plan.targetChannels - k);
        ConvolutionBlocks.run(
            count,
            vectors(count, plan.targetWidth),
            source.values(),
            at,
            plan.targetWidth,
            offsets,
            packed,
            weights,
            target.values(),
            target.offset(channel + k, firstRow + row),
            target.plane());
        weights += count * (1 + offsets.length);
      }
    }
  }

  /** Several rows are one run, and spread out afterwards. */
  private void narrow(
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
      int weights = 0;
      int count;
      for (int k = 0; k < plan.targetChannels; k += count) {
        count = channels(plan.targetChannels - k);
        if (flat.length < count * size) {
          flat = new float[flatFloats(plan)];
        }
        ConvolutionBlocks.run(
            count,
            vectors(count, size),
            source.values(),
            source.start() + row * step,
            size,
            offsets,
            packed,
            weights,
            flat,
            0,
            size);
        weights += count * (1 + offsets.length);
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

  /** Floats that a plan needs for the runs of {@link #narrow}; 0 where it has none. */
  static int flatFloats(ConvolutionPlan plan) {
    int columns = plan.classes.get(0).columns();
    return plan.step == 1 && columns >= NARROWEST
        ? 0
        : MOST_CHANNELS * (Math.max(RUN, columns) + NARROWEST);
  }

  /** Floats of the packed weights of a plan. */
  static int packedFloats(ConvolutionPlan plan) {
    int taps = plan.classes.stream().mapToInt(c -> c.taps().size()).max().orElse(0);
    return (1 + taps) * plan.targetChannels;
  }

  /** How many target channels the next block should have when so many are left. */
  static int channels(int left) {
    return left <= 4 ? left : left == 5 || left == 6 || left == 9 ? 3 : 4;
  }

  /** How many vectors a block of so many channels should have in a run of this size. */
  private static int vectors(int channels, int size) {
    int most = channels == 4 ? 4 : 8;
    int vectors = 2;
    while (vectors < most && 2 * vectors * Lanes.LENGTH <= size) {
      vectors *= 2;
    }
    return vectors;
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
    if (packed.length < (1 + taps.size()) * plan.targetChannels) {
      packed = new float[packedFloats(plan)];
    }
    int to = 0;
    int count;
    for (int k = 0; k < plan.targetChannels; k += count) {
      count = channels(plan.targetChannels - k);
      for (int j = 0; j < count; j++) {
        packed[to++] = bias.length == 0 ? 0 : bias[channel + k + j];
      }
      for (int tap = 0; tap < taps.size(); tap++) {
        int at = offset + taps.weight(tap) + k * step;
        for (int j = 0; j < count; j++) {
          packed[to++] = weight[at + j * step];
        }
      }
    }
  }
}
