package dev.syncnorm.kernel;

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
      ConvolutionGeometry geometry, float[] x, float[] weight, float[] bias, float[] y) {
    ConvolutionGeometry g = geometry;
    useOneThread();
    long outputs = g.outputChannels() / g.groups();
    int plane = g.outputHeight() * g.outputWidth();
    for (int group = 0; group < g.groups(); group++) {
      INDArray in = padded(g, x, group);
      INDArray w = groupWeights(g, weight, group);
      INDArray out = result.shaped(1, outputs, g.outputHeight(), g.outputWidth());
      int channel = (int) outputs * group;
      if (bias.length == 0) {
        run("conv2d", g, new INDArray[] {in, w}, out);
      } else {
        INDArray b = biases.copyOf(bias, channel, outputs);
        run("conv2d", g, new INDArray[] {in, w, b}, out);
      }
      result.floats().get(0, y, channel * plane, (int) outputs * plane);
    }
  }

  /** By deconv2d, which computes this gradient alone; conv2d_bp takes twice the time for both. */
  @Override
  public void convolutionInputGradient(
      ConvolutionGeometry geometry, float[] dy, float[] weight, float[] dx) {
    ConvolutionGeometry g = geometry;
    useOneThread();
    int height = (g.outputHeight() - 1) * g.stride() + spread(g, g.kernelHeight());
    int width = (g.outputWidth() - 1) * g.stride() + spread(g, g.kernelWidth());
    long inputs = g.inputChannels() / g.groups();
    Arrays.fill(dx, 0, g.inputChannels() * g.inputHeight() * g.inputWidth(), 0);
    for (int group = 0; group < g.groups(); group++) {
      INDArray out = result.shaped(1, inputs, height, width);
      INDArray w = groupWeights(g, weight, group);
      run("deconv2d", g, new INDArray[] {groupOutputs(g, dy, group), w}, out);
      cut(g, result.floats(), height, width, group, dx);
    }
  }

  @Override
  public void convolutionWeightGradient(
      ConvolutionGeometry geometry, float[] x, float[] dy, double[] gradient, int offset) {
    ConvolutionGeometry g = geometry;
    useOneThread();
    for (int group = 0; group < g.groups(); group++) {
      INDArray in = padded(g, x, group);
      INDArray out = groupOutputs(g, dy, group);
      long[] shape = spreadShape(g);
      INDArray w = weights.shaped(shape).assign(0);
      INDArray dx = result.shaped(in.shape());
      INDArray dw = weightGradient.shaped(shape);
      run("conv2d_bp", g, new INDArray[] {in, w, out}, dx, dw);
      int size = weightCount(g);
      for (int i = 0; i < size; i++) {
        gradient[offset + group * size + i] = weightGradient.floats().get(spreadIndex(g, i));
      }
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

  private INDArray groupOutputs(ConvolutionGeometry g, float[] dy, int group) {
    int outputs = g.outputChannels() / g.groups();
    int size = outputs * g.outputHeight() * g.outputWidth();
    return second.copyOf(dy, group * size, 1, outputs, g.outputHeight(), g.outputWidth());
  }

  /** A group of x with the zeros of the padding around it. */
  private INDArray padded(ConvolutionGeometry g, float[] x, int group) {
    int channels = g.inputChannels() / g.groups();
    int height = g.inputHeight() + g.top() + g.bottom();
    int width = g.inputWidth() + g.left() + g.right();
    INDArray view = first.shaped(1, channels, height, width);
    if (height * width > g.inputHeight() * g.inputWidth()) {
      view.assign(0);
    }
    for (int channel = 0; channel < channels; channel++) {
      for (int row = 0; row < g.inputHeight(); row++) {
        int from = ((group * channels + channel) * g.inputHeight() + row) * g.inputWidth();
        int to = (channel * height + row + g.top()) * width + g.left();
        first.floats().put(to, x, from, g.inputWidth());
      }
    }
    return view;
  }

  /**
   * Copies what lies in x out of the gradient of the padded x, as far as its last outputs reach.
   */
  private static void cut(
      ConvolutionGeometry g, FloatBuffer source, int height, int width, int group, float[] dx) {
    int channels = g.inputChannels() / g.groups();
    int rows = Math.min(g.inputHeight(), height - g.top());
    int columns = Math.min(g.inputWidth(), width - g.left());
    for (int channel = 0; channel < channels && columns > 0; channel++) {
      for (int row = 0; row < rows; row++) {
        int to = ((group * channels + channel) * g.inputHeight() + row) * g.inputWidth();
        int from = (channel * height + row + g.top()) * width + g.left();
        source.get(from, dx, to, columns);
      }
    }
  }

  @Override
  public void channelSums(float[] x, int channels, int pixels, double[] sums, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      sums[offset + channel] = sum(widened(x, channel * pixels, pixels));
    }
  }

  /** Two passes in float64; the sum of equal float32 values is exact there. */
  @Override
  public void moments(float[] x, int channels, int pixels, double[] moments, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      INDArray values = widened(x, channel * pixels, pixels);
      double mean = sum(values) / pixels;
      values.subi(mean);
      moments[offset + channel] = mean;
      moments[offset + channels + channel] = sum(values.muli(values));
    }
  }

  @Override
  public void batchNormGradientSums(
      float[] x, float[] dy, int channels, int pixels, float[] pivot, double[] sums, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      INDArray values = widened(x, channel * pixels, pixels).subi((double) pivot[channel]);
      INDArray gradient = otherWide.shaped(pixels);
      gradient.assign(second.copyOf(dy, channel * pixels, pixels));
      sums[offset + channel] = sum(gradient);
      sums[offset + channels + channel] = sum(values.muli(gradient));
    }
  }

  @Override
  public double squaredError(float[] y, float[] target, int size) {
    if (size == 0) {
      return 0;
    }
    INDArray difference = widened(y, 0, size);
    INDArray other = otherWide.shaped(size);
    other.assign(second.copyOf(target, 0, size));
    difference.subi(other);
    return sum(difference.muli(difference));
  }

  private INDArray widened(float[] x, int from, int size) {
    return wide.shaped(size).assign(first.copyOf(x, from, size));
  }

  private static double sum(INDArray values) {
    try (INDArray sum = values.sum()) {
      return sum.getDouble(0);
    }
  }

  @Override
  public void normalize(
      float[] x, int channels, int pixels, float[] pivot, float[] scale, float[] shift, float[] y) {
    INDArray values = first.copyOf(x, 0, channels, pixels);
    values.subiColumnVector(column(pivot, channels));
    values.muliColumnVector(column(scale, channels));
    values.addiColumnVector(column(shift, channels));
    first.floats().get(0, y, 0, channels * pixels);
  }

  @Override
  public void batchNormInputGradient(
      float[] x,
      float[] dy,
      int channels,
      int pixels,
      float[] pivot,
      float[] dyScale,
      float[] xScale,
      float[] shift,
      float[] dx) {
    INDArray values = first.copyOf(x, 0, channels, pixels);
    values.subiColumnVector(column(pivot, channels));
    values.muliColumnVector(column(xScale, channels));
    values.addiColumnVector(column(shift, channels));
    INDArray gradient = second.copyOf(dy, 0, channels, pixels);
    values.addi(gradient.muliColumnVector(column(dyScale, channels)));
    first.floats().get(0, dx, 0, channels * pixels);
  }

  private INDArray column(float[] values, int channels) {
    return biases.copyOf(values, 0, channels, 1);
  }

  @Override
  public void add(float[] a, float[] b, int size, float[] sum) {
    if (size > 0) {
      first.copyOf(a, 0, size).addi(second.copyOf(b, 0, size));
      first.floats().get(0, sum, 0, size);
    }
  }

  @Override
  public void squaredErrorGradient(float[] y, float[] target, int size, float factor, float[] dy) {
    if (size > 0) {
      first.copyOf(y, 0, size).subi(second.copyOf(target, 0, size)).muli(factor);
      first.floats().get(0, dy, 0, size);
    }
  }
}
