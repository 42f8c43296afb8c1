package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * {@link Kernels} through ND4J: convolutions by its operations conv2d, deconv2d and conv2d_bp,
 * which its native library hands to oneDNN, everything else by its array operations. One image and
 * one native thread a call, so results are the same bits on one kind of processor; on another
 * oneDNN chooses other algorithms.
 *
 * <p>Padding is written out before a convolution and cut off after a gradient; groups run one after
 * the other. A dilated kernel is written out too, with zeros between its taps, because ND4J's call
 * of oneDNN fails for dilations: there a NaN or infinity that lies between the taps spreads. ND4J
 * adds float32 values in float32, a million at a time: all sums over pixels here are therefore
 * taken in float64, channel by channel. Only the sums inside conv2d_bp are its own. Products and
 * sums are not fused: {@link #normalize} rounds twice more than its formula needs.
 *
 * <p>Meant for whole images, see {@link Backend#bandRows}. Runs of rows are computed one by one:
 * other than the interface promises, they round differently when an image is cut differently.
 */
public final class Nd4jKernels implements Kernels {
  private final NativeArray first = new NativeArray(DataType.FLOAT);
  private final NativeArray second = new NativeArray(DataType.FLOAT);
  private final NativeArray weights = new NativeArray(DataType.FLOAT);
  private final NativeArray biases = new NativeArray(DataType.FLOAT);
  private final NativeArray result = new NativeArray(DataType.FLOAT);
  private final NativeArray weightGradient = new NativeArray(DataType.FLOAT);
  private final NativeArray wide = new NativeArray(DataType.DOUBLE);
  private final NativeArray otherWide = new NativeArray(DataType.DOUBLE);
  private Thread thread;

  /** Loads the native library if no one has. */
  public Nd4jKernels() {
    load();
  }

  private static void load() {
    System.setProperty("org.nd4j.log.initialization", "false");
    Nd4j.getEnvironment().setMaxThreads(1);
    Nd4j.getEnvironment().setMaxMasterThreads(1);
  }

  /** Why the native library cannot be loaded, in one line; empty if it can. */
  static Optional<String> unavailable() {
    try {
      load();
      return Optional.empty();
    } catch (LinkageError | RuntimeException e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      return Optional.of(
          "backend nd4j could not load its native library (%s); use --backend vector"
              .formatted(cause.toString().lines().findFirst().orElse("")));
    }
  }

  @Override
  public void convolution(
      ConvolutionGeometry geometry,
      Planes x,
      float[] weight,
      float[] bias,
      Planes y,
      int from,
      int to) {
    ConvolutionGeometry g = geometry;
    useOneThread();
    int outputs = g.outputChannels() / g.groups();
    for (int group = 0; group < g.groups(); group++) {
      INDArray in = padded(g, x, group, from, to);
      INDArray w = groupWeights(g, weight, group);
      INDArray out = result.shaped(1, outputs, to - from, g.outputWidth());
      int channel = outputs * group;
      if (bias.length == 0) {
        run("conv2d", g, new INDArray[] {in, w}, out);
      } else {
        INDArray b = biases.copyOf(bias, channel, outputs);
        run("conv2d", g, new INDArray[] {in, w, b}, out);
      }
      write(result, y, channel, outputs, from, to);
    }
  }

  /** By deconv2d, which computes this gradient alone; conv2d_bp takes twice the time for both. */
  @Override
  public void convolutionInputGradient(
      ConvolutionGeometry geometry, Planes dy, float[] weight, Planes dx, int from, int to) {
    ConvolutionGeometry g = geometry;
    useOneThread();
    RowWindow window = g.outputGradientRows();
    int first = Math.max(0, window.first(from));
    int end = Math.min(g.outputHeight(), window.end(to));
    int height = (end - first - 1) * g.stride() + spread(g, g.kernelHeight());
    int width = (g.outputWidth() - 1) * g.stride() + spread(g, g.kernelWidth());
    int inputs = g.inputChannels() / g.groups();
    int outputs = g.outputChannels() / g.groups();
    clear(dx, from, to);
    for (int group = 0; group < g.groups() && first < end; group++) {
      INDArray in = read(second, dy, group * outputs, outputs, first, end);
      INDArray out = result.shaped(1, inputs, height, width);
      INDArray w = groupWeights(g, weight, group);
      in = in.reshape('c', 1, outputs, end - first, g.outputWidth());
      run("deconv2d", g, new INDArray[] {in, w}, out);
      int firstRow = first * g.stride() - g.top();
      cut(g, result.floats(), height, width, firstRow, group, dx, from, to);
    }
  }

  @Override
  public RowSums.OfTwo convolutionWeightGradient(ConvolutionGeometry geometry) {
    return new WeightGradient(geometry);
  }

  private final class WeightGradient extends Sums implements RowSums.OfTwo {
    private final ConvolutionGeometry g;

    WeightGradient(ConvolutionGeometry g) {
      super(g.weightShape().size());
      this.g = g;
    }

    @Override
    public void add(Planes x, Planes dy, int from, int to) {
      useOneThread();
      int outputs = g.outputChannels() / g.groups();
      for (int group = 0; group < g.groups(); group++) {
        INDArray in = padded(g, x, group, from, to);
        INDArray out = read(second, dy, group * outputs, outputs, from, to);
        out = out.reshape('c', 1, outputs, to - from, g.outputWidth());
        long[] shape = spreadShape(g);
        INDArray w = weights.shaped(shape).assign(0);
        INDArray dx = result.shaped(in.shape());
        INDArray dw = weightGradient.shaped(shape);
        run("conv2d_bp", g, new INDArray[] {in, w, out}, dx, dw);
        int size = weightCount(g);
        for (int i = 0; i < size; i++) {
          sums[group * size + i] += weightGradient.floats().get(spreadIndex(g, i));
        }
      }
    }
  }

  /** Sums of each run, added in double precision. */
  private abstract static class Sums implements RowSums {
    final double[] sums;

    Sums(int size) {
      sums = new double[size];
    }

    @Override
    public void begin() {
      Arrays.fill(sums, 0);
    }

    @Override
    public void finish(double[] target, int offset) {
      System.arraycopy(sums, 0, target, offset, sums.length);
    }
  }

  /** oneDNN asks OpenMP, whose number of threads is a setting of the calling thread. */
  private void useOneThread() {
    if (thread != Thread.currentThread()) {
      thread = Thread.currentThread();
      NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    }
  }

  /** Without padding and dilation of its own, in NCHW, with weights [out, in, height, width]. */
  private static void run(
      String name, ConvolutionGeometry g, INDArray[] inputs, INDArray... outputs) {
    int padding = 0;
    int dilation = 1;
    int explicitPadding = 0;
    int nchw = 0;
    int outputsFirst = 1;
    Nd4j.getExecutioner()
        .exec(
            DynamicCustomOp.builder(name)
                .addInputs(inputs)
                .addOutputs(outputs)
                .addIntegerArguments(
                    spread(g, g.kernelHeight()),
                    spread(g, g.kernelWidth()),
                    g.stride(),
                    g.stride(),
                    padding,
                    padding,
                    dilation,
                    dilation,
                    explicitPadding,
                    nchw,
                    outputsFirst)
                .build());
  }

  /** The size of a kernel with the zeros of its dilation. */
  private static int spread(ConvolutionGeometry g, int kernelSize) {
    return (kernelSize - 1) * g.dilation() + 1;
  }

  private static long[] spreadShape(ConvolutionGeometry g) {
    return new long[] {
      g.outputChannels() / g.groups(),
      g.inputChannels() / g.groups(),
      spread(g, g.kernelHeight()),
      spread(g, g.kernelWidth())
    };
  }

  /** Where weight {@code i} of a group lies among those of its spread kernels. */
  private static int spreadIndex(ConvolutionGeometry g, int i) {
    int column = i % g.kernelWidth() * g.dilation();
    int row = i / g.kernelWidth() % g.kernelHeight() * g.dilation();
    int kernel = i / g.kernelWidth() / g.kernelHeight();
    int width = spread(g, g.kernelWidth());
    return (kernel * spread(g, g.kernelHeight()) + row) * width + column;
  }

  /** The number of weights of a group. */
  private static int weightCount(ConvolutionGeometry g) {
    int inputs = g.inputChannels() / g.groups();
    return g.outputChannels() / g.groups() * inputs * g.kernelHeight() * g.kernelWidth();
  }

  private INDArray groupWeights(ConvolutionGeometry g, float[] weight, int group) {
    int size = weightCount(g);
    long[] shape = spreadShape(g);
    if (g.dilation() == 1) {
      return weights.copyOf(weight, group * size, shape);
    }
    INDArray view = weights.shaped(shape).assign(0);
    for (int i = 0; i < size; i++) {
      weights.floats().put(spreadIndex(g, i), weight[group * size + i]);
    }
    return view;
  }

  /** The rows of a group of x that some rows of y read, with the zeros of the padding around it. */
  private INDArray padded(ConvolutionGeometry g, Planes x, int group, int from, int to) {
    int channels = g.inputChannels() / g.groups();
    RowWindow window = g.inputRows();
    int firstRow = window.first(from);
    int height = window.end(to) - firstRow;
    int width = g.inputWidth() + g.left() + g.right();
    INDArray view = first.shaped(1, channels, height, width).assign(0);
    int begin = Math.max(0, firstRow);
    int end = Math.min(g.inputHeight(), window.end(to));
    for (int channel = 0; channel < channels; channel++) {
      for (int row = begin; row < end; row++) {
        int at = (channel * height + row - firstRow) * width + g.left();
        int source = x.offset(group * channels + channel, row);
        first.floats().put(at, x.values(), source, g.inputWidth());
      }
    }
    return view;
  }

  private static void clear(Planes planes, int from, int to) {
    for (int channel = 0; channel < planes.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        int at = planes.offset(channel, row);
        Arrays.fill(planes.values(), at, at + planes.shape().width(), 0);
      }
    }
  }

  /**
   * Copies what lies in the rows of dx out of the gradient of the padded x, as far as its outputs
   * reach.
   *
   * @param firstRow the row of x to which the first row of the source belongs
   */
  private static void cut(
      ConvolutionGeometry g,
      FloatBuffer source,
      int height,
      int width,
      int firstRow,
      int group,
      Planes dx,
      int from,
      int to) {
    int channels = g.inputChannels() / g.groups();
    int columns = Math.min(g.inputWidth(), width - g.left());
    for (int channel = 0; channel < channels && columns > 0; channel++) {
      for (int row = Math.max(from, firstRow); row < Math.min(to, firstRow + height); row++) {
        int at = (channel * height + row - firstRow) * width + g.left();
        source.get(at, dx.values(), dx.offset(group * channels + channel, row), columns);
      }
    }
  }

  /** Copies rows of some channels: [channels, values]. */
  private static INDArray read(
      NativeArray memory, Planes planes, int channel, int channels, int from, int to) {
    int width = planes.shape().width();
    INDArray view = memory.shaped(channels, (long) (to - from) * width);
    int at = 0;
    for (int c = channel; c < channel + channels; c++) {
      for (int row = from; row < to; row++) {
        memory.floats().put(at, planes.values(), planes.offset(c, row), width);
        at += width;
      }
    }
    return view;
  }

  private static INDArray read(NativeArray memory, Planes planes, int from, int to) {
    return read(memory, planes, 0, planes.shape().channels(), from, to);
  }

  /** Copies [channels, values] into rows of some channels. */
  private static void write(
      NativeArray memory, Planes planes, int channel, int channels, int from, int to) {
    int width = planes.shape().width();
    int at = 0;
    for (int c = channel; c < channel + channels; c++) {
      for (int row = from; row < to; row++) {
        memory.floats().get(at, planes.values(), planes.offset(c, row), width);
        at += width;
      }
    }
  }

  private static void write(NativeArray memory, Planes planes, int from, int to) {
    write(memory, planes, 0, planes.shape().channels(), from, to);
  }

  /** A channel's values in double precision. */
  private static INDArray widened(INDArray values, int channel, NativeArray wide) {
    INDArray row = values.getRow(channel);
    return wide.shaped(row.length()).assign(row);
  }

  private static double sum(INDArray values) {
    try (INDArray sum = values.sum()) {
      return sum.getDouble(0);
    }
  }

  @Override
  public RowSums.OfOne patchMoments(ConvolutionGeometry geometry) {
    return new GatheredPatchMoments(geometry);
  }

  @Override
  public RowSums.OfOne channelSums(Shape shape) {
    final class ChannelSums extends Sums implements RowSums.OfOne {
      ChannelSums() {
        super(shape.channels());
      }

      @Override
      public void add(Planes x, int from, int to) {
        INDArray values = read(first, x, from, to);
        for (int channel = 0; channel < sums.length; channel++) {
          sums[channel] += sum(widened(values, channel, wide));
        }
      }
    }

    return new ChannelSums();
  }

  /**
   * Two passes in float64 for each run, which Chan's formula merges; the sum of equal float32
   * values is exact there.
   */
  @Override
  public RowSums.OfOne moments(Shape shape) {
    int channels = shape.channels();
    final class Moments extends Sums implements RowSums.OfOne {
      private double count;

      Moments() {
        super(2 * channels);
      }

      @Override
      public void begin() {
        super.begin();
        count = 0;
      }

      @Override
      public void add(Planes x, int from, int to) {
        INDArray all = read(first, x, from, to);
        double n = (double) (to - from) * shape.width();
        for (int channel = 0; channel < channels; channel++) {
          INDArray values = widened(all, channel, wide);
          double mean = sum(values) / n;
          values.subi(mean);
          double delta = mean - sums[channel];
          double share = n / (count + n);
          sums[channel] += delta * share;
          sums[channels + channel] += sum(values.muli(values)) + delta * delta * count * share;
        }
        count += n;
      }
    }

    return new Moments();
  }

  @Override
  public RowSums.OfTwoAboutPivot batchNormGradientSums(Shape shape) {
    int channels = shape.channels();
    final class GradientSums extends Sums implements RowSums.OfTwoAboutPivot {
      GradientSums() {
        super(2 * channels);
      }

      @Override
      public void add(Planes x, float[] pivot, Planes dy, int from, int to) {
        INDArray inputs = read(first, x, from, to);
        INDArray gradients = read(second, dy, from, to);
        for (int channel = 0; channel < channels; channel++) {
          INDArray values = widened(inputs, channel, wide).subi((double) pivot[channel]);
          INDArray gradient = widened(gradients, channel, otherWide);
          sums[channel] += sum(gradient);
          sums[channels + channel] += sum(values.muli(gradient));
        }
      }
    }

    return new GradientSums();
  }

  @Override
  public RowSums.OfTwo squaredError(Shape shape) {
    final class SquaredError extends Sums implements RowSums.OfTwo {
      SquaredError() {
        super(1);
      }

      @Override
      public void add(Planes y, Planes target, int from, int to) {
        INDArray values = read(first, y, from, to);
        INDArray targets = read(second, target, from, to);
        for (int channel = 0; channel < shape.channels(); channel++) {
          INDArray difference = widened(values, channel, wide);
          difference.subi(widened(targets, channel, otherWide));
          sums[0] += sum(difference.muli(difference));
        }
      }
    }

    return new SquaredError();
  }

  @Override
  public void normalize(
      Planes x, float[] pivot, float[] scale, float[] shift, Planes y, int from, int to) {
    int channels = x.shape().channels();
    INDArray values = read(first, x, from, to);
    values.subiColumnVector(column(pivot, channels));
    values.muliColumnVector(column(scale, channels));
    values.addiColumnVector(column(shift, channels));
    write(first, y, from, to);
  }

  @Override
  public void batchNormInputGradient(
      Planes x,
      Planes dy,
      float[] pivot,
      float[] dyScale,
      float[] xScale,
      float[] shift,
      Planes dx,
      int from,
      int to) {
    int channels = x.shape().channels();
    INDArray values = read(first, x, from, to);
    values.subiColumnVector(column(pivot, channels));
    values.muliColumnVector(column(xScale, channels));
    values.addiColumnVector(column(shift, channels));
    INDArray gradient = read(second, dy, from, to);
    values.addi(gradient.muliColumnVector(column(dyScale, channels)));
    write(first, dx, from, to);
  }

  private INDArray column(float[] values, int channels) {
    return biases.copyOf(values, 0, channels, 1);
  }

  @Override
  public void add(Planes a, Planes b, Planes sum, int from, int to) {
    read(first, a, from, to).addi(read(second, b, from, to));
    write(first, sum, from, to);
  }

  /** In Java, where NaN is defined to stay; there is no arithmetic to hand over. */
  @Override
  public void relu(Planes x, Planes y, int from, int to) {
    for (int channel = 0; channel < x.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        int in = x.offset(channel, row);
        int out = y.offset(channel, row);
        for (int column = 0; column < x.shape().width(); column++) {
          y.values()[out + column] = Math.max(x.values()[in + column], 0);
        }
      }
    }
  }

  @Override
  public void reluGradient(Planes y, Planes dy, Planes dx, int from, int to) {
    for (int channel = 0; channel < y.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        int in = y.offset(channel, row);
        int gradient = dy.offset(channel, row);
        int out = dx.offset(channel, row);
        for (int column = 0; column < y.shape().width(); column++) {
          boolean isCutOff = y.values()[in + column] <= 0;
          dx.values()[out + column] = isCutOff ? 0 : dy.values()[gradient + column];
        }
      }
    }
  }

  @Override
  public void squaredErrorGradient(
      Planes y, Planes target, float factor, Planes dy, int from, int to) {
    read(first, y, from, to).subi(read(second, target, from, to)).muli(factor);
    write(first, dy, from, to);
  }
}
