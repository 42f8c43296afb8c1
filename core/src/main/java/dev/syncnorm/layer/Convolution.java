package dev.syncnorm.layer;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.kernel.ConvolutionGeometry;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.kernel.RowWindow;
import dev.syncnorm.layer.Parameter.Initializer;
import dev.syncnorm.layer.Parameter.Role;
import dev.syncnorm.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Two-dimensional convolution (cross-correlation) with zero padding.
 *
 * <p>forward: y = weight * x + bias, x [C, H, W], weight [O, C / groups, K, K], bias [O], y [O, H',
 * W'].
 *
 * <p>backward: dx = dy * flipped weight, dweight = sum over pixels of x dy, dbias = sum over pixels
 * of dy.
 *
 * <p>Weights start truncated normal with standard deviation sqrt(1.3 / ((fanIn + fanOut) / 2)),
 * which is Xavier's (Glorot and Bengio 2010) with the factor that makes up for the truncation;
 * biases start at 0.
 *
 * @param bias whether there is a bias
 * @param biasCancels whether the output feeds nothing but batch norms over the global batch,
 *     directly or through sums. The mean takes the bias out again, so its gradient is exactly 0 in
 *     exact arithmetic and is given as 0: its float32 rounding noise, divided by the square root of
 *     Adam's second moment, would move the bias by up to a learning rate a step.
 */
public record Convolution(
    String name, ConvolutionGeometry geometry, boolean bias, boolean biasCancels)
    implements ImageLayer {

  private static final float[] NO_BIAS = {};

  /** Reads filters, kernel, stride, dilation, groups, padding and bias; notes mistakes there. */
  static Convolution read(String name, Settings settings, List<Shape> inputs)
      throws ShapeException {
    Shape x = Layers.single("conv", inputs);
    int filters = settings.integer("filters", 1, 1 << 20);
    int kernel = settings.integer("kernel", 1, 1 << 12);
    int stride = settings.integer("stride", 1, 1, 1 << 12);
    int dilation = settings.integer("dilation", 1, 1, 1 << 12);
    int groups = settings.integer("groups", 1, 1, 1 << 20);
    boolean bias = settings.flag("bias", true);
    int[] padding = padding(settings, x, kernel, stride, dilation);
    try {
      ConvolutionGeometry geometry =
          new ConvolutionGeometry(
              x.channels(),
              x.height(),
              x.width(),
              filters,
              kernel,
              kernel,
              stride,
              dilation,
              groups,
              padding[0],
              padding[1],
              padding[2],
              padding[3]);
      geometry.outputShape();
      return new Convolution(name, geometry, bias, false);
    } catch (IllegalArgumentException e) {
      throw new ShapeException(e.getMessage());
    }
  }

  /** Top, bottom, left and right. */
  private static int[] padding(Settings settings, Shape x, int kernel, int stride, int dilation) {
    int reach = dilation * (kernel - 1) + 1;
    if (settings.isList("padding")) {
      return settings
          .optionalIntegers("padding", 4, 0)
          .map(p -> p.stream().mapToInt(Integer::intValue).toArray())
          .orElse(new int[4]);
    }
    if (settings.isNumber("padding")) {
      int all = settings.integer("padding", 0, 0, 1 << 12);
      return new int[] {all, all, all, all};
    }
    return switch (settings.optionalText("padding").orElse("same")) {
      case "valid" -> new int[4];
      case "same" -> {
        int rows = same(x.height(), reach, stride);
        int columns = same(x.width(), reach, stride);
        yield new int[] {rows / 2, rows - rows / 2, columns / 2, columns - columns / 2};
      }
      default -> {
        settings.wrong("padding", "same, valid, a number or [top, bottom, left, right]");
        yield new int[4];
      }
    };
  }

  /**
   * All padding of an extent so that the output has ceil(extent / stride) values; an odd value goes
   * to the end, as TensorFlow has it.
   */
  private static int same(int extent, int reach, int stride) {
    int outputs = (extent + stride - 1) / stride;
    return Math.max((outputs - 1) * stride + reach - extent, 0);
  }

  /** This layer where its output feeds nothing but batch norms. */
  public Convolution withBiasCancelling() {
    return new Convolution(name, geometry, bias, true);
  }

  @Override
  public String type() {
    return "conv";
  }

  @Override
  public Shape outputShape() {
    return geometry.outputShape();
  }

  @Override
  public List<Parameter> parameters() {
    Shape weight = geometry.weightShape();
    double fanIn = weight.extent(1) * weight.extent(2) * weight.extent(3);
    double fanOut = weight.extent(0) * weight.extent(2) * weight.extent(3);
    double standardDeviation = Math.sqrt(1.3 / ((fanIn + fanOut) / 2));
    Parameter weights =
        new Parameter(
            "weight", weight, Role.TRAINABLE, new Initializer.TruncatedNormal(standardDeviation));
    Parameter biases =
        new Parameter(
            "bias",
            Shape.of(geometry.outputChannels()),
            Role.TRAINABLE,
            new Initializer.Constant(0));
    return bias ? List.of(weights, biases) : List.of(weights);
  }

  /** Two for each weight that a value of the output is made of; the bias is where a sum begins. */
  @Override
  public double forwardOperations() {
    Shape weight = geometry.weightShape();
    return 2.0 * outputShape().size() * weight.extent(1) * weight.extent(2) * weight.extent(3);
  }

  @Override
  public RowWindow inputRows() {
    return geometry.inputRows();
  }

  @Override
  public Planes.Margins inputMargins() {
    return geometry.inputMargins();
  }

  @Override
  public void forward(
      Kernels kernels, float[][] parameters, Planes[] inputs, Planes output, int from, int to) {
    float[] biases = parameters.length > 1 ? parameters[1] : NO_BIAS;
    kernels.convolution(geometry, inputs[0], parameters[0], biases, output, from, to);
  }

  /** {@link #forward}, then a rectifier on the output. */
  public void rectifiedForward(
      Kernels kernels, float[][] parameters, Planes input, Planes output, int from, int to) {
    float[] biases = parameters.length > 1 ? parameters[1] : NO_BIAS;
    kernels.rectifiedConvolution(geometry, input, parameters[0], biases, output, from, to);
  }

  @Override
  public InputGradient inputGradientKind() {
    return InputGradient.OF_GRADIENT;
  }

  @Override
  public RowWindow outputGradientRows() {
    return geometry.outputGradientRows();
  }

  @Override
  public Planes.Margins outputGradientMargins() {
    return geometry.outputGradientMargins();
  }

  @Override
  public void inputGradient(
      Kernels kernels,
      float[][] parameters,
      int input,
      Optional<Planes> output,
      Planes outputGradient,
      Planes inputGradient,
      int from,
      int to) {
    kernels.convolutionInputGradient(
        geometry, outputGradient, parameters[0], inputGradient, from, to);
  }

  @Override
  public Optional<RowSums.OfTwo> parameterGradients(Kernels kernels) {
    boolean sumsBiases = bias && !biasCancels;
    RowSums.OfTwo sums =
        sumsBiases
            ? kernels.convolutionGradients(geometry)
            : kernels.convolutionWeightGradient(geometry);
    int biasOffset = geometry.weightShape().size();
    int channels = geometry.outputChannels();
    return Optional.of(
        new RowSums.OfTwo() {
          @Override
          public void begin() {
            sums.begin();
          }

          @Override
          public void add(Planes input, Planes outputGradient, int from, int to) {
            sums.add(input, outputGradient, from, to);
          }

          @Override
          public void finish(double[] gradients, int offset) {
            sums.finish(gradients, offset);
            int at = offset + biasOffset;
            if (bias && biasCancels) {
              Arrays.fill(gradients, at, at + channels, 0);
            }
          }
        });
  }
}
