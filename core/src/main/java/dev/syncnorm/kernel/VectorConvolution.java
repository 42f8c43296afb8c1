package dev.syncnorm.kernel;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Convolution and its input gradient, the pixels in lanes.
 *
 * <p>Every value is one chain of fused multiply-adds, sum = fma(weight, input, sum), in the order
 * that {@link TapPlan} lists the taps, beginning with the bias:
 *
 * <p>y: bias (0 where there is none), then input channel of the group, kernel row, kernel column;
 *
 * <p>dx: 0, then output channel of the group, kernel row, kernel column, of those taps that the
 * stride lets reach the position.
 *
 * <p>Taps outside x (or dy) multiply a zero like any other value: an infinite or NaN weight makes
 * NaN at the borders too. Lanes never meet, so neither the width of the vectors nor how a row is
 * cut into blocks has an effect on the bits.
 *
 * <p>Not thread-safe: keeps scratch memory.
 */
final class VectorConvolution {
  private static final float[] NO_BIAS = {};

  private final Map<ConvolutionGeometry, TapPlan> forwardPlans = new HashMap<>();
  private final Map<ConvolutionGeometry, TapPlan> gradientPlans = new HashMap<>();
  private final PaddedPlanes planes = new PaddedPlanes();
  private float[] packed = new float[0];
  private float[] starts = new float[0];
  private float[] flat = new float[0];

  /** See {@link Kernels#convolution}. */
  void forward(ConvolutionGeometry g, float[] x, float[] weight, float[] bias, float[] y) {
    TapPlan plan = forwardPlan(g);
    int groupWeights = g.outputChannels() / g.groups() * channelWeights(g);
    for (int group = 0; group < g.groups(); group++) {
      setStarts(plan, bias, group * plan.targetChannels);
      run(plan, x, group, weight, group * groupWeights, channelWeights(g), y);
    }
  }

  /** The plan of {@link #forward}, which the weight gradient shares. */
  TapPlan forwardPlan(ConvolutionGeometry g) {
    return forwardPlans.computeIfAbsent(g, TapPlan::forward);
  }

  /** See {@link Kernels#convolutionInputGradient}. */
  void inputGradient(ConvolutionGeometry g, float[] dy, float[] weight, float[] dx) {
    TapPlan plan = gradientPlans.computeIfAbsent(g, TapPlan::inputGradient);
    int groupWeights = g.outputChannels() / g.groups() * channelWeights(g);
    setStarts(plan, NO_BIAS, 0);
    for (int group = 0; group < g.groups(); group++) {
      int kernelSize = g.kernelHeight() * g.kernelWidth();
      run(plan, dy, group, weight, group * groupWeights, kernelSize, dx);
    }
  }

  private static int channelWeights(ConvolutionGeometry g) {
    return g.inputChannels() / g.groups() * g.kernelHeight() * g.kernelWidth();
  }

  private void setStarts(TapPlan plan, float[] bias, int from) {
    if (starts.length < plan.targetChannels) {
      starts = new float[plan.targetChannels];
    }
    if (bias.length == 0) {
      Arrays.fill(starts, 0);
    } else {
      System.arraycopy(bias, from, starts, 0, plan.targetChannels);
    }
  }

  /**
   * One group.
   *
   * @param weightStep how far apart the weights of two target channels lie
   */
  private void run(
      TapPlan plan,
      float[] source,
      int group,
      float[] weight,
      int weightOffset,
      int weightStep,
      float[] target) {
    pack(plan, weight, weightOffset, weightStep);
    int allRows = plan.classes[0].rows();
    for (int firstRow = 0; firstRow < allRows; firstRow += plan.bandRows) {
      planes.fill(plan, source, group * plan.channels, firstRow);
      int packedOffset = 0;
      for (TapPlan.TargetClass c : plan.classes) {
        int rows = Math.min(plan.bandRows, c.rows() - firstRow);
        int count;
        for (int channel = 0; channel < plan.targetChannels && rows > 0; channel += count) {
          count = ConvolutionBlocks.channels(plan.targetChannels - channel);
          int at = packedOffset + channel * c.taps().length;
          int to = group * plan.targetChannels + channel;
          if (plan.step == 1 && c.columns() >= ConvolutionBlocks.COLUMNS) {
            rows(plan, c, firstRow, rows, channel, count, at, target, to);
          } else {
            flat(plan, c, firstRow, rows, channel, count, at, target, to);
          }
        }
        packedOffset += plan.targetChannels * c.taps().length;
      }
    }
  }

  /** Wide rows: each is one run, written where it belongs. */
  private void rows(
      TapPlan plan,
      TapPlan.TargetClass c,
      int firstRow,
      int rows,
      int channel,
      int count,
      int weights,
      float[] target,
      int targetChannel) {
    int planeSize = plan.targetHeight * plan.targetWidth;
    for (int row = 0; row < rows; row++) {
      int to = targetChannel * planeSize + (firstRow + row) * plan.targetWidth;
      ConvolutionBlocks.run(
          count,
          planes.values(),
          row * plan.pitch,
          c.columns(),
          c.taps(),
          packed,
          weights,
          starts,
          channel,
          target,
          to,
          planeSize);
    }
  }

  /** Narrow rows, or not neighbours in the target: the band is one run, spread out afterwards. */
  private void flat(
      TapPlan plan,
      TapPlan.TargetClass c,
      int firstRow,
      int rows,
      int channel,
      int count,
      int weights,
      float[] target,
      int targetChannel) {
    int used = (rows - 1) * plan.pitch + c.columns();
    int size =
        (used + ConvolutionBlocks.COLUMNS - 1)
            / ConvolutionBlocks.COLUMNS
            * ConvolutionBlocks.COLUMNS;
    if (flat.length < count * size) {
      flat = new float[count * size];
    }
    ConvolutionBlocks.run(
        count, planes.values(), 0, size, c.taps(), packed, weights, starts, channel, flat, 0, size);
    for (int k = 0; k < count; k++) {
      for (int row = 0; row < rows; row++) {
        int from = k * size + row * plan.pitch;
        int targetRow = c.row() + (firstRow + row) * plan.step;
        int to =
            ((targetChannel + k) * plan.targetHeight + targetRow) * plan.targetWidth + c.column();
        if (plan.step == 1) {
          System.arraycopy(flat, from, target, to, c.columns());
        } else {
          for (int column = 0; column < c.columns(); column++) {
            target[to + column * plan.step] = flat[from + column];
          }
        }
      }
    }
  }

  /** Weights in the order in which they are read: class, block of target channels, tap, channel. */
  private void pack(TapPlan plan, float[] weight, int offset, int step) {
    int size = 0;
    for (TapPlan.TargetClass c : plan.classes) {
      size += c.taps().length;
    }
    if (packed.length < size * plan.targetChannels) {
      packed = new float[size * plan.targetChannels];
    }
    int to = 0;
    for (TapPlan.TargetClass c : plan.classes) {
      int count;
      for (int channel = 0; channel < plan.targetChannels; channel += count) {
        count = ConvolutionBlocks.channels(plan.targetChannels - channel);
        for (int tap : c.weights()) {
          for (int k = 0; k < count; k++) {
            packed[to++] = weight[offset + tap + (channel + k) * step];
          }
        }
      }
    }
  }
}
