package dev.syncnorm.kernel;

import dev.syncnorm.kernel.Taps.AxisTap;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How one convolution, or its input gradient, reads its operand: which taps reach which target
 * positions, and for every tap how far from a target's own place its value lies.
 *
 * <p>With a stride s a convolution reads a {@link Source} of s x s phases, so that neighbouring
 * targets read neighbouring values again. Its input gradient has s x s classes of target positions,
 * each reached by its own taps.
 *
 * <p>Made once per geometry. All sizes are those of one group.
 */
final class ConvolutionPlan {
  /** Floats of a copied source that should fit a core's second-level cache beside other data. */
  private static final int BAND_FLOATS = 128 * 1024;

  final int channels;
  final int targetChannels;
  final int targetWidth;

  /** How far apart neighbouring targets read, in rows and columns of the operand. */
  final int stride;

  /** How far apart the targets of a class lie. */
  final int step;

  /** Where in the operand target (0, 0) of a class has its own place, negated. */
  final int top;

  final int left;

  /** How many more rows than targets a run of rows reads of a phase. */
  final int extraRows;

  /** Floats of a row of a phase. */
  final int phaseWidth;

  /** Target rows whose source is copied at once. */
  final int bandRows;

  final List<TargetClass> classes = new ArrayList<>();

  /** For each phase of rows the distances of the taps that read it. */
  private final int[][] phaseRows;

  /** For each phase of columns how many of them are read. */
  private final int[] phaseColumns;

  /**
   * The target positions (row + m step, column + n step) for n below columns.
   *
   * @param taps in the order in which they are added
   */
  record TargetClass(int row, int column, int columns, Taps taps) {}

  private ConvolutionPlan(
      ConvolutionGeometry g, boolean forward, List<AxisTap> rowTaps, List<AxisTap> columnTaps) {
    int outputs = g.outputChannels() / g.groups();
    int inputs = g.inputChannels() / g.groups();
    channels = forward ? inputs : outputs;
    targetChannels = forward ? outputs : inputs;
    targetWidth = forward ? g.outputWidth() : g.inputWidth();
    stride = forward ? g.stride() : 1;
    step = forward ? 1 : g.stride();
    top = forward ? g.top() : 0;
    left = forward ? g.left() : 0;
    phaseRows =
        IntStream.range(0, stride)
            .mapToObj(
                phase ->
                    rowTaps.stream()
                        .filter(tap -> tap.phase() == phase)
                        .mapToInt(AxisTap::distance)
                        .toArray())
            .toArray(int[][]::new);
    extraRows = rowTaps.stream().mapToInt(AxisTap::distance).max().orElse(0);
    phaseColumns =
        IntStream.range(0, stride).map(phase -> phaseColumns(columnTaps, phase)).toArray();
    phaseWidth = IntStream.of(phaseColumns).max().orElse(0);
    long rowFloats = (long) channels * stride * stride * phaseWidth;
    bandRows =
        isCopied() ? (int) Math.max(1, BAND_FLOATS / rowFloats - extraRows) : Integer.MAX_VALUE;
  }

  private int phaseColumns(List<AxisTap> columnTaps, int phase) {
    return columnTaps.stream()
        .filter(tap -> tap.phase() == phase)
        .mapToInt(tap -> targetWidth + tap.distance())
        .max()
        .orElse(0);
  }

  /** The plan of y from x: taps in the order input channel, kernel row, kernel column. */
  static ConvolutionPlan forward(ConvolutionGeometry g) {
    List<AxisTap> rows = forwardTaps(g.kernelHeight(), g);
    List<AxisTap> columns = forwardTaps(g.kernelWidth(), g);
    ConvolutionPlan plan = new ConvolutionPlan(g, true, rows, columns);
    int kernelSize = g.kernelHeight() * g.kernelWidth();
    Taps taps = new Taps(plan.channels, rows, columns, plan.stride, kernelSize, g.kernelWidth());
    plan.classes.add(new TargetClass(0, 0, plan.targetWidth, taps));
    return plan;
  }

  /** The plan of dx from dy: taps in the order output channel, kernel row, kernel column. */
  static ConvolutionPlan inputGradient(ConvolutionGeometry g) {
    ConvolutionPlan plan = new ConvolutionPlan(g, false, List.of(), List.of());
    int channelWeights = plan.targetChannels * g.kernelHeight() * g.kernelWidth();
    for (int r = 0; r < Math.min(g.stride(), g.inputHeight()); r++) {
      List<AxisTap> rows = gradientTaps(g.kernelHeight(), r + g.top(), g);
      for (int c = 0; c < Math.min(g.stride(), g.inputWidth()); c++) {
        List<AxisTap> columns = gradientTaps(g.kernelWidth(), c + g.left(), g);
        Taps taps = new Taps(plan.channels, rows, columns, 1, channelWeights, g.kernelWidth());
        int count = (plan.targetWidth - 1 - c) / plan.step + 1;
        plan.classes.add(new TargetClass(r, c, count, taps));
      }
    }
    return plan;
  }

  /** Output position m reads padded input m stride + k dilation. */
  private static List<AxisTap> forwardTaps(int kernelSize, ConvolutionGeometry g) {
    return IntStream.range(0, kernelSize)
        .mapToObj(k -> new AxisTap(k, k * g.dilation() % g.stride(), k * g.dilation() / g.stride()))
        .toList();
  }

  /** Input position first + m stride (in the padded input) reads output m + distance by tap k. */
  private static List<AxisTap> gradientTaps(int kernelSize, int first, ConvolutionGeometry g) {
    return IntStream.range(0, kernelSize)
        .filter(k -> Math.floorMod(first - k * g.dilation(), g.stride()) == 0)
        .mapToObj(k -> new AxisTap(k, 0, (first - k * g.dilation()) / g.stride()))
        .toList();
  }

  /** Whether the operand is copied into phases. */
  boolean isCopied() {
    return stride > 1;
  }

  /** Whether a run of target rows reads a row of a phase. */
  boolean reads(int phase, int row, int rows) {
    boolean reads = false;
    for (int distance : phaseRows[phase / stride]) {
      reads |= distance <= row && row < distance + rows;
    }
    return reads && phaseColumns[phase % stride] > 0;
  }

  /** How many columns of a phase of columns are read. */
  int columns(int columnPhase) {
    return phaseColumns[columnPhase];
  }

  /** Floats of the copied source of the largest band of so many rows; 0 where nothing is copied. */
  long copiedFloats(int rows) {
    long floats = (long) channels * stride * stride * phaseWidth;
    return isCopied() ? floats * (Math.min(rows, bandRows) + extraRows) + Source.SLACK : 0;
  }
}
