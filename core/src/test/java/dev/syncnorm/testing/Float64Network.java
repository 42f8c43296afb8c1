package dev.syncnorm.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * The oracle of the training tests: convolutions, batch norms and additions in float64, forward and
 * backward, as plain loops. It shares no code with the product: own indices, own padding, two-pass
 * moments, the whole batch at once.
 *
 * <p>Values are numbered: 0 is the image, i + 1 the output of layer i. Arrays are [image][channel,
 * row, column]. Loops run over rows so that the compiler can vectorise them; that is all that is
 * done for speed.
 */
public final class Float64Network {

  /** A layer. */
  public sealed interface Layer {
    /** Its name, which begins the names of its parameters. */
    String name();

    /** The values that it reads. */
    List<Integer> inputs();
  }

  /** A convolution of [channels, height, width]; padding is explicit. */
  public record Conv(
      String name,
      int input,
      int channels,
      int height,
      int width,
      int filters,
      int kernel,
      int stride,
      int dilation,
      int groups,
      int top,
      int bottom,
      int left,
      int right,
      boolean bias)
      implements Layer {
    @Override
    public List<Integer> inputs() {
      return List.of(input);
    }

    /** Rows of the output. */
    public int outHeight() {
      return (height + top + bottom - (kernel - 1) * dilation - 1) / stride + 1;
    }

    /** Columns of the output. */
    public int outWidth() {
      return (width + left + right - (kernel - 1) * dilation - 1) / stride + 1;
    }

    int weightAt(int out, int in, int row, int column) {
      return ((out * (channels / groups) + in) * kernel + row) * kernel + column;
    }

    /** The first output column whose input column exists for a tap. */
    int firstColumn(int tap) {
      int shift = left - tap * dilation;
      return shift <= 0 ? 0 : (shift + stride - 1) / stride;
    }

    /** The output column after the last one whose input column exists for a tap. */
    int endColumn(int tap) {
      int last = width - 1 + left - tap * dilation;
      return last < 0 ? 0 : Math.min(outWidth(), last / stride + 1);
    }
  }

  /** A batch norm over the whole batch. */
  public record Norm(String name, int input, int channels, double epsilon) implements Layer {
    @Override
    public List<Integer> inputs() {
      return List.of(input);
    }
  }

  /** max(x, 0). */
  public record Rectifier(String name, int input) implements Layer {
    @Override
    public List<Integer> inputs() {
      return List.of(input);
    }
  }

  /** A sum. */
  public record Sum(String name, List<Integer> inputs) implements Layer {}

  /** Changes stored values a little, to see what rounding them may do; see {@link #rounding}. */
  public interface Disturbance {
    /** Leaves everything exact. */
    Disturbance NONE =
        new Disturbance() {
          @Override
          public void disturb(double[][] values, double terms, int channels) {}

          @Override
          public double coefficient() {
            return 1;
          }
        };

    /**
     * Disturbs one tensor in place.
     *
     * @param terms how many rounded operations each value came of
     * @param channels with coefficients of their own that are rounded; 0 for none
     */
    void disturb(double[][] values, double terms, int channels);

    /** A factor next to 1 for a coefficient that all pixels of a channel share. */
    double coefficient();
  }

  /** One forward pass: all values, and each batch norm's mean and population variance. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Pass(double[][][] values, double[][] means, double[][] variances) {
    /** The network's output. */
    public double[][] output() {
      return values[values.length - 1];
    }

    /** Whether every rectifier passes the same values on as in another pass. */
    public boolean hasKinksOf(Pass other, List<Layer> layers) {
      for (int l = 0; l < layers.size(); l++) {
        if (layers.get(l) instanceof Rectifier rectifier) {
          double[][] x = values[rectifier.input()];
          double[][] y = other.values[rectifier.input()];
          for (int n = 0; n < x.length; n++) {
            for (int i = 0; i < x[n].length; i++) {
              if (x[n][i] > 0 != y[n][i] > 0) {
                return false;
              }
            }
          }
        }
      }
      return true;
    }

    /** The mean over all elements of the squared difference from the targets. */
    public double loss(double[][] targets) {
      double sum = 0;
      long elements = 0;
      for (int n = 0; n < targets.length; n++) {
        double part = 0;
        for (int i = 0; i < targets[n].length; i++) {
          double difference = output()[n][i] - targets[n][i];
          part += difference * difference;
        }
        sum += part;
        elements += targets[n].length;
      }
      return sum / elements;
    }
  }

  private final List<Layer> layers;

  /** A network whose output is that of its last layer; inputs come before what reads them. */
  public Float64Network(List<Layer> layers) {
    this.layers = List.copyOf(layers);
  }

  /** The layers. */
  public List<Layer> layers() {
    return layers;
  }

  /**
   * What float32 does to stored values, as a random model (Higham and Mary 2019: the rounding
   * errors of k operations add up as the root of k): each value moves by up to root(k) units of
   * 2^-24 of its size, or of the tensor's root mean square where that is larger. A batch norm also
   * has coefficients for each channel, which are off for all of its values alike: by two roundings
   * each, their own and that of the moments.
   */
  public static Disturbance rounding(long seed) {
    Random random = new Random(seed);
    return new Disturbance() {
      @Override
      public void disturb(double[][] values, double terms, int channels) {
        double typical = rootMeanSquare(values);
        double[] factor = new double[Math.max(channels, 1)];
        double[] shift = new double[factor.length];
        for (int c = 0; c < channels; c++) {
          factor[c] = coefficient() - 1;
          shift[c] = (coefficient() - 1) * typical;
        }
        double unit = Math.scalb(Math.sqrt(terms), -24);
        for (double[] image : values) {
          int pixels = image.length / factor.length;
          for (int i = 0; i < image.length; i++) {
            double size = Math.max(Math.abs(image[i]), typical);
            double common = factor[i / pixels] * image[i] + shift[i / pixels];
            image[i] += unit * size * (2 * random.nextDouble() - 1) + common;
          }
        }
      }

      @Override
      public double coefficient() {
        return 1 + Math.scalb(2 * (2 * random.nextDouble() - 1), -24);
      }
    };
  }

  private static double rootMeanSquare(double[][] values) {
    double squares = 0;
    long count = 0;
    for (double[] image : values) {
      for (double value : image) {
        squares += value * value;
      }
      count += image.length;
    }
    return Math.sqrt(squares / count);
  }

  /** A forward pass with the moments of the batch. */
  public Pass forward(Map<String, double[]> parameters, double[][] images, Disturbance disturb) {
    return forward(parameters, images, disturb, false);
  }

  /** A forward pass with the moving statistics. */
  public Pass inference(Map<String, double[]> parameters, double[][] images) {
    return forward(parameters, images, Disturbance.NONE, true);
  }

  private Pass forward(
      Map<String, double[]> parameters, double[][] images, Disturbance disturb, boolean moving) {
    double[][][] values = new double[layers.size() + 1][images.length][];
    double[][] means = new double[layers.size()][];
    double[][] variances = new double[layers.size()][];
    values[0] = images;
    for (int l = 0; l < layers.size(); l++) {
      double[][] y = values[l + 1];
      if (layers.get(l) instanceof Conv conv) {
        double[][] x = values[conv.input()];
        double[] weight = parameters.get(conv.name() + ".weight");
        double[] bias = parameters.getOrDefault(conv.name() + ".bias", new double[conv.filters()]);
        each(images.length, n -> y[n] = convolution(conv, x[n], weight, bias));
        disturb.disturb(y, conv.channels() / conv.groups() * conv.kernel() * conv.kernel(), 0);
      } else if (layers.get(l) instanceof Norm norm) {
        double[][] x = values[norm.input()];
        means[l] =
            moving ? parameters.get(norm.name() + ".moving_mean") : new double[norm.channels()];
        variances[l] =
            moving ? parameters.get(norm.name() + ".moving_variance") : new double[norm.channels()];
        if (!moving) {
          moments(norm, x, means[l], variances[l]);
        }
        Arrays.setAll(y, n -> new double[x[n].length]);
        normalize(norm, parameters, x, means[l], variances[l], y);
        disturb.disturb(y, 4, norm.channels());
      } else if (layers.get(l) instanceof Rectifier rectifier) {
        double[][] x = values[rectifier.input()];
        Arrays.setAll(y, n -> Arrays.stream(x[n]).map(v -> v > 0 ? v : 0).toArray());
      } else {
        List<Integer> inputs = layers.get(l).inputs();
        for (int n = 0; n < y.length; n++) {
          y[n] = new double[values[inputs.get(0)][n].length];
          for (int input : inputs) {
            for (int i = 0; i < y[n].length; i++) {
              y[n][i] += values[input][n][i];
            }
          }
        }
        disturb.disturb(y, inputs.size() - 1, 0);
      }
    }
    return new Pass(values, means, variances);
  }

  /** The gradients of the loss by parameter name. */
  public Map<String, double[]> gradients(
      Map<String, double[]> parameters, Pass pass, double[][] targets, Disturbance disturb) {
    int images = targets.length;
    double[][][] gradients = new double[layers.size() + 1][images][];
    for (int value = 0; value < gradients.length; value++) {
      for (int n = 0; n < images; n++) {
        gradients[value][n] = new double[pass.values()[value][n].length];
      }
    }
    double elements = (double) images * targets[0].length;
    for (int n = 0; n < images; n++) {
      for (int i = 0; i < targets[n].length; i++) {
        gradients[layers.size()][n][i] = 2 * (pass.output()[n][i] - targets[n][i]) / elements;
      }
    }
    Map<String, double[]> result = new LinkedHashMap<>();
    for (int l = layers.size() - 1; l >= 0; l--) {
      double[][] dy = gradients[l + 1];
      disturb.disturb(dy, 4, 0);
      if (layers.get(l) instanceof Conv conv) {
        backward(conv, parameters, pass.values()[conv.input()], dy, gradients, disturb, result);
      } else if (layers.get(l) instanceof Norm norm) {
        double[][] x = pass.values()[norm.input()];
        double[] gamma = parameters.get(norm.name() + ".gamma");
        double[] dGamma = new double[norm.channels()];
        double[] dBeta = new double[norm.channels()];
        double[][] dx = gradients[norm.input()];
        double[][] coefficients = new double[norm.channels()][3];
        for (double[] own : coefficients) {
          Arrays.setAll(own, i -> disturb.coefficient());
        }
        double[] mean = pass.means()[l];
        double[] variance = pass.variances()[l];
        each(
            norm.channels(),
            c ->
                backward(
                    norm,
                    c,
                    gamma[c],
                    mean[c],
                    variance[c],
                    coefficients[c],
                    x,
                    dy,
                    dx,
                    dGamma,
                    dBeta));
        disturb.disturb(dx, 4, 0);
        disturb.disturb(new double[][] {dGamma}, x[0].length / norm.channels(), 0);
        disturb.disturb(new double[][] {dBeta}, x[0].length / norm.channels(), 0);
        result.put(norm.name() + ".gamma", dGamma);
        result.put(norm.name() + ".beta", dBeta);
      } else if (layers.get(l) instanceof Rectifier rectifier) {
        for (int n = 0; n < images; n++) {
          for (int i = 0; i < dy[n].length; i++) {
            boolean on = pass.values()[rectifier.input()][n][i] > 0;
            gradients[rectifier.input()][n][i] += on ? dy[n][i] : 0;
          }
        }
      } else {
        for (int input : layers.get(l).inputs()) {
          for (int n = 0; n < images; n++) {
            for (int i = 0; i < dy[n].length; i++) {
              gradients[input][n][i] += dy[n][i];
            }
          }
        }
      }
      gradients[l + 1] = new double[0][];
    }
    return result;
  }

  private static void moments(Norm norm, double[][] x, double[] mean, double[] variance) {
    int pixels = x[0].length / norm.channels();
    double count = (double) x.length * pixels;
    each(
        norm.channels(),
        c -> {
          double sum = 0;
          for (double[] image : x) {
            for (int i = c * pixels; i < (c + 1) * pixels; i++) {
              sum += image[i];
            }
          }
          mean[c] = sum / count;
          double squares = 0;
          for (double[] image : x) {
            for (int i = c * pixels; i < (c + 1) * pixels; i++) {
              squares += (image[i] - mean[c]) * (image[i] - mean[c]);
            }
          }
          variance[c] = squares / count;
        });
  }

  private static void normalize(
      Norm norm,
      Map<String, double[]> parameters,
      double[][] x,
      double[] mean,
      double[] variance,
      double[][] y) {
    double[] gamma = parameters.get(norm.name() + ".gamma");
    double[] beta = parameters.get(norm.name() + ".beta");
    int pixels = x[0].length / norm.channels();
    each(
        norm.channels(),
        c -> {
          double root = Math.sqrt(variance[c] + norm.epsilon());
          for (int n = 0; n < x.length; n++) {
            for (int i = c * pixels; i < (c + 1) * pixels; i++) {
              y[n][i] = gamma[c] * ((x[n][i] - mean[c]) / root) + beta[c];
            }
          }
        });
  }

  private static void backward(
      Norm norm,
      int c,
      double gamma,
      double mean,
      double variance,
      double[] disturbed,
      double[][] x,
      double[][] dy,
      double[][] dx,
      double[] dGamma,
      double[] dBeta) {
    int pixels = x[0].length / norm.channels();
    double count = (double) x.length * pixels;
    double root = Math.sqrt(variance + norm.epsilon());
    for (int n = 0; n < x.length; n++) {
      for (int i = c * pixels; i < (c + 1) * pixels; i++) {
        dBeta[c] += dy[n][i];
        dGamma[c] += dy[n][i] * ((x[n][i] - mean) / root);
      }
    }
    for (int n = 0; n < x.length; n++) {
      for (int i = c * pixels; i < (c + 1) * pixels; i++) {
        double xHat = (x[n][i] - mean) / root;
        double projected =
            disturbed[1] * dBeta[c] / count + disturbed[2] * xHat * dGamma[c] / count;
        dx[n][i] += gamma / root * (disturbed[0] * dy[n][i] - projected);
      }
    }
  }

  private static double[] convolution(Conv conv, double[] x, double[] weight, double[] bias) {
    int pixels = conv.outHeight() * conv.outWidth();
    double[] y = new double[conv.filters() * pixels];
    for (int o = 0; o < conv.filters(); o++) {
      Arrays.fill(y, o * pixels, (o + 1) * pixels, bias[o]);
    }
    rows(
        conv,
        (at, from, yFrom, length) -> add(y, yFrom, 1, x, from, conv.stride(), weight[at], length));
    return y;
  }

  private static void backward(
      Conv conv,
      Map<String, double[]> parameters,
      double[][] x,
      double[][] dy,
      double[][][] gradients,
      Disturbance disturb,
      Map<String, double[]> result) {
    double[] weight = parameters.get(conv.name() + ".weight");
    double[][] weightGradients = new double[x.length][weight.length];
    double[][] dx = gradients[conv.input()];
    int stride = conv.stride();
    each(
        x.length,
        n -> {
          rows(
              conv,
              (at, from, yFrom, length) -> {
                weightGradients[n][at] += dot(dy[n], yFrom, x[n], from, stride, length);
                if (conv.input() > 0) {
                  add(dx[n], from, stride, dy[n], yFrom, 1, weight[at], length);
                }
              });
        });
    disturb.disturb(weightGradients, conv.outHeight() * conv.outWidth(), 0);
    if (conv.input() > 0) {
      disturb.disturb(dx, conv.filters() / conv.groups() * conv.kernel() * conv.kernel(), 0);
    }
    int pixels = conv.outHeight() * conv.outWidth();
    double[][] biasGradients = new double[x.length][conv.filters()];
    for (int n = 0; n < x.length; n++) {
      for (int i = 0; i < dy[n].length; i++) {
        biasGradients[n][i / pixels] += dy[n][i];
      }
    }
    disturb.disturb(biasGradients, pixels, 0);
    double[] weightGradient = new double[weight.length];
    double[] biasGradient = new double[conv.filters()];
    for (int n = 0; n < x.length; n++) {
      for (int i = 0; i < weight.length; i++) {
        weightGradient[i] += weightGradients[n][i];
      }
      for (int o = 0; o < conv.filters(); o++) {
        biasGradient[o] += biasGradients[n][o];
      }
    }
    result.put(conv.name() + ".weight", weightGradient);
    if (conv.bias()) {
      result.put(conv.name() + ".bias", biasGradient);
    }
  }

  /** A run of outputs of one row that one weight joins with inputs, a stride apart. */
  private interface RowAction {
    void accept(int weight, int input, int output, int length);
  }

  private static void rows(Conv conv, RowAction action) {
    int groupInputs = conv.channels() / conv.groups();
    int groupFilters = conv.filters() / conv.groups();
    for (int row = 0; row < conv.outHeight(); row++) {
      for (int o = 0; o < conv.filters(); o++) {
        int y = (o * conv.outHeight() + row) * conv.outWidth();
        for (int i = 0; i < groupInputs; i++) {
          int channel = o / groupFilters * groupInputs + i;
          for (int kr = 0; kr < conv.kernel(); kr++) {
            int inputRow = row * conv.stride() + kr * conv.dilation() - conv.top();
            if (inputRow < 0 || inputRow >= conv.height()) {
              continue;
            }
            int x = (channel * conv.height() + inputRow) * conv.width();
            for (int kc = 0; kc < conv.kernel(); kc++) {
              int first = conv.firstColumn(kc);
              int length = conv.endColumn(kc) - first;
              if (length > 0) {
                int column = first * conv.stride() + kc * conv.dilation() - conv.left();
                action.accept(conv.weightAt(o, i, kr, kc), x + column, y + first, length);
              }
            }
          }
        }
      }
    }
  }

  private static void add(
      double[] to,
      int at,
      int step,
      double[] from,
      int first,
      int fromStep,
      double by,
      int length) {
    if (step == 1 && fromStep == 1) {
      for (int i = 0; i < length; i++) {
        to[at + i] += by * from[first + i];
      }
    } else {
      for (int i = 0; i < length; i++) {
        to[at + i * step] += by * from[first + i * fromStep];
      }
    }
  }

  private static double dot(double[] a, int at, double[] b, int first, int step, int length) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = 0;
    for (; i + 3 < length; i += 4) {
      sum0 += a[at + i] * b[first + i * step];
      sum1 += a[at + i + 1] * b[first + (i + 1) * step];
      sum2 += a[at + i + 2] * b[first + (i + 2) * step];
      sum3 += a[at + i + 3] * b[first + (i + 3) * step];
    }
    for (; i < length; i++) {
      sum0 += a[at + i] * b[first + i * step];
    }
    return sum0 + sum1 + (sum2 + sum3);
  }

  private static void each(int count, IntConsumer action) {
    IntStream.range(0, count).parallel().forEach(action);
  }

  /** Copies of values in float64. */
  public static double[][] widened(float[][] values) {
    List<double[]> result = new ArrayList<>();
    for (float[] row : values) {
      result.add(widened(row));
    }
    return result.toArray(double[][]::new);
  }

  /** A copy of values in float64. */
  public static double[] widened(float[] values) {
    double[] result = new double[values.length];
    Arrays.setAll(result, i -> values[i]);
    return result;
  }
}
