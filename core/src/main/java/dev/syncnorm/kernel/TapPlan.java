package dev.syncnorm.kernel;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How one convolution reads its input: the layout of the padded copy of a band of rows ({@link
 * PaddedPlanes}), and for every tap of the kernel how far from an output's own position its input
 * lies in that copy. Rows of the copy follow each other, so a run of output positions may go on
 * from one row to the next; what it computes in the padding columns between is thrown away.
 *
 * <p>With a stride s the copy holds s x s phases, each with every s-th row and column, so that
 * neighbouring outputs read neighbouring inputs again. The input gradient of such a convolution has
 * s x s classes of target positions, each reached by its own taps.
 *
 * <p>Immutable; made once per geometry. All sizes are those of one group.
 */
final class TapPlan {
  /** Floats of the padded copy that should fit a core's second-level cache beside other data. */
  private static final int BAND_FLOATS = 128 * 1024;

  final int channels;
  final int height;
  final int width;
  final int stride;
  final int top;
  final int left;
  final int[] rowPhases;
  final int[] columnPhases;

  final int bandRows;
  final int rows;
  final int pitch;
  final int planeSize;

  final int targetChannels;
  final int targetHeight;
  final int targetWidth;
  final int step;
  final TargetClass[] classes;

  /** Where the planes of a padded copy of the target begin, for the weight gradient. */
  final int[] targetPlanes;

  /**
   * The target positions (row + m step, column + n step) for m below rows and n below columns.
   *
   * @param taps for each tap how far its input lies from position m pitch + n, in the order in
   *     which taps are added
   * @param weights for each tap the index of its weight for the group's first target channel
   */
  record TargetClass(int row, int column, int rows, int columns, int[] taps, int[] weights) {}

  /** One tap of the kernel along one axis: the phase it reads and its distance in that phase. */
  private record AxisTap(int kernelIndex, int phase, int distance) {}

  private TapPlan(
      ConvolutionGeometry g,
      boolean forward,
      int[] rowPhases,
      int[] columnPhases,
      int top,
      int left,
      int extraRows,
      int extraColumns) {
    int outputChannels = g.outputChannels() / g.groups();
    int inputChannels = g.inputChannels() / g.groups();
    channels = forward ? inputChannels : outputChannels;
    height = forward ? g.inputHeight() : g.outputHeight();
    width = forward ? g.inputWidth() : g.outputWidth();
    stride = forward ? g.stride() : 1;
    step = forward ? 1 : g.stride();
    this.top = top;
    this.left = left;
    this.rowPhases = rowPhases;
    this.columnPhases = columnPhases;
    targetChannels = forward ? outputChannels : inputChannels;
    targetHeight = forward ? g.outputHeight() : g.inputHeight();
    targetWidth = forward ? g.outputWidth() : g.inputWidth();
    pitch = (targetWidth - 1) / step + 1 + extraColumns;
    int allRows = (targetHeight - 1) / step + 1;
    long rowFloats = (long) channels * rowPhases.length * columnPhases.length * pitch;
    bandRows = (int) Math.max(1, Math.min(allRows, BAND_FLOATS / rowFloats - extraRows));
    rows = bandRows + extraRows;
    // One vector of zeros behind each plane: a run that ends there reads no other plane.
    planeSize = (rows * pitch + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT + Lanes.COUNT;
    classes = new TargetClass[Math.min(step, targetHeight) * Math.min(step, targetWidth)];
    targetPlanes = IntStream.range(0, targetChannels).map(channel -> channel * planeSize).toArray();
  }

  /** The plan of y from x: taps in the order input channel, kernel row, kernel column. */
  static TapPlan forward(ConvolutionGeometry g) {
    List<AxisTap> rowTaps = forwardTaps(g.kernelHeight(), g);
    List<AxisTap> columnTaps = forwardTaps(g.kernelWidth(), g);
    TapPlan plan =
        new TapPlan(
            g,
            true,
            phases(rowTaps),
            phases(columnTaps),
            g.top(),
            g.left(),
            maxDistance(rowTaps),
            maxDistance(columnTaps));
    plan.addClass(0, 0, rowTaps, columnTaps, g, 1);
    return plan;
  }

  /** The plan of dx from dy: taps in the order output channel, kernel row, kernel column. */
  static TapPlan inputGradient(ConvolutionGeometry g) {
    int s = g.stride();
    List<List<AxisTap>> rowTaps =
        IntStream.range(0, s)
            .mapToObj(r -> gradientTaps(g.kernelHeight(), r + g.top(), g))
            .toList();
    List<List<AxisTap>> columnTaps =
        IntStream.range(0, s)
            .mapToObj(c -> gradientTaps(g.kernelWidth(), c + g.left(), g))
            .toList();
    List<AxisTap> allRowTaps = rowTaps.stream().flatMap(List::stream).toList();
    List<AxisTap> allColumnTaps = columnTaps.stream().flatMap(List::stream).toList();
    int firstRow = minDistance(allRowTaps);
    int firstColumn = minDistance(allColumnTaps);
    TapPlan plan =
        new TapPlan(
            g,
            false,
            new int[] {0},
            new int[] {0},
            -firstRow,
            -firstColumn,
            maxDistance(allRowTaps) - firstRow,
            maxDistance(allColumnTaps) - firstColumn);
    int inputChannels = g.inputChannels() / g.groups();
    for (int r = 0; r < Math.min(s, g.inputHeight()); r++) {
      for (int c = 0; c < Math.min(s, g.inputWidth()); c++) {
        plan.addClass(
            r,
            c,
            moved(rowTaps.get(r), -firstRow),
            moved(columnTaps.get(c), -firstColumn),
            g,
            inputChannels);
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

  private static int[] phases(List<AxisTap> taps) {
    return taps.stream().mapToInt(AxisTap::phase).distinct().toArray();
  }

  private static int maxDistance(List<AxisTap> taps) {
    return taps.stream().mapToInt(AxisTap::distance).max().orElse(0);
  }

  private static int minDistance(List<AxisTap> taps) {
    return taps.stream().mapToInt(AxisTap::distance).min().orElse(0);
  }

  private static List<AxisTap> moved(List<AxisTap> taps, int by) {
    return taps.stream()
        .map(t -> new AxisTap(t.kernelIndex(), t.phase(), t.distance() + by))
        .toList();
  }

  private void addClass(
      int row,
      int column,
      List<AxisTap> rowTaps,
      List<AxisTap> columnTaps,
      ConvolutionGeometry g,
      int weightPlanes) {
    int kernelSize = g.kernelHeight() * g.kernelWidth();
    int[] taps = new int[channels * rowTaps.size() * columnTaps.size()];
    int[] weights = new int[taps.length];
    int t = 0;
    for (int channel = 0; channel < channels; channel++) {
      for (AxisTap r : rowTaps) {
        for (AxisTap c : columnTaps) {
          taps[t] =
              plane(channel, index(rowPhases, r.phase()), index(columnPhases, c.phase()))
                  + r.distance() * pitch
                  + c.distance();
          weights[t] =
              channel * weightPlanes * kernelSize
                  + r.kernelIndex() * g.kernelWidth()
                  + c.kernelIndex();
          t++;
        }
      }
    }
    int classRows = (targetHeight - 1 - row) / step + 1;
    int classColumns = (targetWidth - 1 - column) / step + 1;
    classes[row * Math.min(step, targetWidth) + column] =
        new TargetClass(row, column, classRows, classColumns, taps, weights);
  }

  private static int index(int[] phases, int phase) {
    return IntStream.range(0, phases.length).filter(i -> phases[i] == phase).findFirst().orElse(0);
  }

  /** Where a channel's phase begins in the padded copy; phases by their index, not their number. */
  int plane(int channel, int rowPhase, int columnPhase) {
    return ((channel * rowPhases.length + rowPhase) * columnPhases.length + columnPhase)
        * planeSize;
  }

  /** Floats of the padded copy. */
  int size() {
    return plane(channels, 0, 0);
  }
}
