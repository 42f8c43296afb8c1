package dev.syncnorm.kernel;

import java.util.Arrays;

/**
 * The weight gradient: gradient[o, tap] = sum over positions of dy[o, position] x[position + tap].
 *
 * <p>A position's column mod 16 selects the float32 lane, in which positions are added row by row
 * and from left to right as fma(dy, x, lane). Lanes are folded into a double whenever {@link
 * #blockRows} rows of dy are complete, counted from row 0, and at the end: a lane adds at most 1024
 * products, or those of one row if that is longer. All of this follows from the geometry alone, and
 * so do the bits.
 *
 * <p>The sums of dy's channels, if they are wanted, are added in such lanes, too, and folded with
 * the others.
 *
 * <p>As lanes beyond the end of a row add zeros and a tap outside x is a zero of its margin, a NaN
 * or infinity of dy may make NaN of more taps than it has a part in; never of fewer.
 *
 * <p>Not thread-safe.
 */
final class VectorWeightGradient implements RowSums.OfTwo {
  /** Products a lane may add. */
  private static final int MOST_PRODUCTS = 1024;

  private final ConvolutionGeometry geometry;
  private final ConvolutionPlan plan;
  private final Source source;
  private final int groups;
  private final boolean channelSums;
  private final int weights;
  private final int blockRows;
  private final float[] lanes;
  private final double[] totals;
  private int next;

  /**
   * Sums of zero rows.
   *
   * @param plan the forward plan of the geometry
   * @param source memory that is used during {@link #add} only
   * @param channelSums whether the sums of dy's channels follow those of the weights
   */
  VectorWeightGradient(
      ConvolutionGeometry geometry, ConvolutionPlan plan, Source source, boolean channelSums) {
    this.geometry = geometry;
    this.plan = plan;
    this.source = source;
    groups = geometry.groups();
    blockRows = blockRows(geometry.outputWidth());
    this.channelSums = channelSums;
    weights = geometry.weightShape().size();
    int sums = sums(geometry, channelSums);
    lanes = new float[Math.multiplyExact(sums, Lanes.COUNT)];
    totals = new double[sums];
  }

  private static int sums(ConvolutionGeometry geometry, boolean channelSums) {
    return geometry.weightShape().size() + (channelSums ? geometry.outputChannels() : 0);
  }

  /** Bytes that the sums of a geometry keep, with those of channels. */
  static long bytes(ConvolutionGeometry geometry) {
    return (long) sums(geometry, true) * (Lanes.COUNT * Float.BYTES + Double.BYTES);
  }

  /** Rows of dy after which the lanes are folded. */
  static int blockRows(int width) {
    int vectors = (width + Lanes.COUNT - 1) / Lanes.COUNT;
    return Math.max(1, MOST_PRODUCTS / vectors);
  }

  @Override
  public void begin() {
    Arrays.fill(lanes, 0);
    Arrays.fill(totals, 0);
    next = 0;
  }

  @Override
  public void add(Planes x, Planes dy, int from, int to) {
    int rows;
    for (int row = from; row < to; row += rows) {
      int blockEnd = (row / blockRows + 1) * blockRows;
      rows = Math.min(Math.min(to, blockEnd) - row, plan.bandRows);
      for (int group = 0; group < groups; group++) {
        addRows(x, dy, group, row, rows);
      }
      if (row + rows == blockEnd) {
        fold();
      }
    }
    next = to;
  }

  private void addRows(Planes x, Planes dy, int group, int row, int rows) {
    if (plan.isCopied()) {
      source.copy(plan, x, group * plan.channels, row, rows);
    } else {
      source.use(x, group * plan.channels, row - plan.top, -plan.left);
    }
    Taps taps = plan.classes.get(0).taps();
    int[] offsets = taps.offsets(source);
    int width = geometry.outputWidth();
    int channels;
    for (int k = 0; k < plan.targetChannels; k += channels) {
      channels = VectorConvolution.channels(plan.targetChannels - k);
      int channel = group * plan.targetChannels + k;
      int count;
      for (int tap = 0; tap < offsets.length; tap += count) {
        count = taps(offsets.length - tap);
        boolean isLast = tap + count == offsets.length;
        WeightGradientBlocks.run(
            channels,
            count,
            dy.values(),
            dy.offset(channel, row),
            dy.plane(),
            dy.pitch(),
            source.values(),
            source.start(),
            source.rowStep(),
            offsets,
            tap,
            rows,
            width,
            lanes,
            (channel * offsets.length + tap) * Lanes.COUNT,
            offsets.length * Lanes.COUNT,
            channelSums && isLast ? (weights + channel) * Lanes.COUNT : -1);
      }
    }
  }

  /**
   * How many taps the next block should have when so many are left. Processors with vectors of 256
   * bits mostly have 16 registers for them, others 32. The last block also needs some for the sums
   * of channels.
   */
  private int taps(int left) {
    int most = Lanes.LENGTH == 8 ? 3 : 6;
    int count = left >= most ? most : left == 5 ? 3 : left;
    int mostOfLast = Lanes.LENGTH == 8 ? 2 : 4;
    return channelSums && count == left && count > mostOfLast ? (count + 1) / 2 : count;
  }

  private void fold() {
    for (int weight = 0; weight < totals.length; weight++) {
      totals[weight] += Lanes.fold(lanes, weight * Lanes.COUNT);
    }
    Arrays.fill(lanes, 0);
  }

  @Override
  public void finish(double[] gradient, int offset) {
    if (next % blockRows != 0) {
      fold();
    }
    System.arraycopy(totals, 0, gradient, offset, totals.length);
  }
}
