package dev.syncnorm.layer;

import static dev.syncnorm.testing.Deviations.assertWithin;
import static dev.syncnorm.testing.WholeImages.empty;
import static dev.syncnorm.testing.WholeImages.packed;
import static dev.syncnorm.testing.WholeImages.planes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.ConvolutionGeometry;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.network.Network;
import dev.syncnorm.testing.Golden;
import dev.syncnorm.testing.InProcessTraining;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The layer as the configuration makes it, against PyTorch in float64.
 *
 * <p>A sum of n fused products in float32 is off by at most n 2^-24 of the sum of their magnitudes
 * (Higham 2002, section 3.1); the magnitudes are summed here by a naive loop.
 */
class ConvolutionGoldenTest {

  private static final double UNIT = Math.scalb(1.0, -24);

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      for (Backend backend : Backend.values()) {
        if (backend.unavailable().isEmpty()) {
          cases.add(Arguments.of(i, backend, false));
          cases.add(Arguments.of(i, backend, true));
        }
      }
    }
    return cases.stream();
  }

  /** The magnitudes that were summed for each value. */
  private static final class Magnitudes {
    final double[] y;
    final double[] dx;
    final double[] dWeight;

    /** One image's, from the definition of a convolution with the padding of the golden file. */
    Magnitudes(Golden golden, float[] x, float[] dy) {
      int[] in = golden.shape("x");
      int[] out = golden.shape("y");
      int[] kernel = golden.shape("weight");
      int stride = golden.metadata("stride").asInt();
      int top = golden.metadata("padding_top_bottom_left_right").get(0).asInt();
      int left = golden.metadata("padding_top_bottom_left_right").get(2).asInt();
      int groupFilters = out[1] / golden.metadata("groups").asInt();
      float[] weight = golden.floats("weight");
      y = new double[out[1] * out[2] * out[3]];
      dx = new double[x.length];
      dWeight = new double[weight.length];
      if (golden.has("bias")) {
        Arrays.setAll(y, i -> Math.abs(golden.floats("bias")[i / (out[2] * out[3])]));
      }
      for (int o = 0; o < out[1]; o++) {
        for (int i = 0; i < kernel[1]; i++) {
          for (int r = 0; r < out[2]; r++) {
            for (int c = 0; c < out[3]; c++) {
              for (int kr = 0; kr < kernel[2]; kr++) {
                for (int kc = 0; kc < kernel[3]; kc++) {
                  int row = r * stride + kr - top;
                  int column = c * stride + kc - left;
                  if (row >= 0 && row < in[2] && column >= 0 && column < in[3]) {
                    int channel = o / groupFilters * kernel[1] + i;
                    int xAt = (channel * in[2] + row) * in[3] + column;
                    int yAt = (o * out[2] + r) * out[3] + c;
                    int wAt = ((o * kernel[1] + i) * kernel[2] + kr) * kernel[3] + kc;
                    y[yAt] += Math.abs((double) weight[wAt] * x[xAt]);
                    dx[xAt] += Math.abs((double) weight[wAt] * dy[yAt]);
                    dWeight[wAt] += Math.abs((double) x[xAt] * dy[yAt]);
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "conv2d_{0}, {1}, padding as a list: {2}")
  @MethodSource("cases")
  void outputAndGradientsAgree(int number, Backend backend, boolean paddingAsList) {
    Golden golden = Golden.read("conv2d_" + number);
    Convolution layer = layer(golden, paddingAsList);
    Kernels kernels = backend.create();
    float[] weight = golden.floats("weight");
    float[][] parameters =
        golden.has("bias") ? new float[][] {weight, golden.floats("bias")} : new float[][] {weight};
    int outputs = layer.outputShape().size();
    int images = golden.shape("x")[0];
    double[] gradients = new double[weight.length + golden.shape("y")[1]];
    double[] weightTolerance = new double[weight.length];
    double[] biasMagnitudes = new double[golden.shape("y")[1]];
    for (int n = 0; n < images; n++) {
      float[] x = golden.image("x", n);
      float[] dy = golden.image("grad_y", n);
      Magnitudes magnitudes = new Magnitudes(golden, x, dy);
      Planes input = planes(layer.geometry().inputShape(), layer.inputMargins(), x);
      Planes output = empty(layer.outputShape());
      layer.forward(
          kernels, parameters, new Planes[] {input}, output, 0, layer.outputShape().height());
      float[] y = packed(output);
      int products = weight.length / golden.shape("y")[1] + 1;
      assertWithin("y", y, image(golden, "y", n), times(magnitudes.y, products * UNIT));
      Planes outputGradient = planes(layer.outputShape(), layer.outputGradientMargins(), dy);
      Planes inputGradient = empty(layer.geometry().inputShape());
      layer.inputGradient(
          kernels,
          parameters,
          0,
          Optional.empty(),
          outputGradient,
          inputGradient,
          0,
          layer.geometry().inputHeight());
      float[] dx = packed(inputGradient);
      double[] part = new double[gradients.length];
      addGradients(layer, kernels, input, outputGradient, part);
      int backwardProducts = weight.length / golden.shape("weight")[1] + 1;
      double[] expected = image(golden, "grad_x", n);
      assertWithin("dx", dx, expected, times(magnitudes.dx, backwardProducts * UNIT));
      int pixels = layer.outputShape().pixels();
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] += part[i];
      }
      for (int i = 0; i < weight.length; i++) {
        weightTolerance[i] += magnitudes.dWeight[i] * pixels * UNIT;
      }
      for (int i = 0; i < outputs; i++) {
        biasMagnitudes[i / pixels] += Math.abs(dy[i]) * pixels * UNIT;
      }
    }
    double[] expected = golden.doubles("grad_weight");
    for (int i = 0; i < weight.length; i++) {
      assertThat(Math.abs(gradients[i] - expected[i]))
          .as("dWeight[%s]", i)
          .isLessThanOrEqualTo(weightTolerance[i] + 1e-12);
    }
    for (int i = 0; i < biasMagnitudes.length; i++) {
      double bias = golden.has("bias") ? golden.doubles("grad_bias")[i] : 0;
      assertThat(Math.abs(gradients[weight.length + i] - bias))
          .as("dBias[%s]", i)
          .isLessThanOrEqualTo(golden.has("bias") ? biasMagnitudes[i] + 1e-12 : 0);
    }
  }

  @Test
  void biasBeforeABatchNormHasAGradientOfExactlyZero() {
    Golden golden = Golden.read("conv2d_0");
    Convolution layer = layer(golden, false).withBiasCancelling();
    double[] gradients = new double[golden.floats("weight").length + 16];
    Arrays.fill(gradients, 7);
    addGradients(
        layer,
        Backend.REFERENCE.create(),
        planes(layer.geometry().inputShape(), layer.inputMargins(), golden.image("x", 0)),
        planes(layer.outputShape(), golden.image("grad_y", 0)),
        gradients);
    assertThat(Arrays.copyOfRange(gradients, gradients.length - 16, gradients.length))
        .containsOnly(0);
    assertThat(Arrays.copyOf(gradients, gradients.length - 16)).doesNotContain(7);
  }

  /**
   * TensorFlow's table for padding "SAME": ceil(size / stride) outputs, the odd pixel at the end.
   * Extent, kernel, stride, dilation, before, after, outputs.
   */
  @ParameterizedTest
  @CsvSource({
    "5, 3, 1, 1, 1, 1, 5",
    "5, 3, 2, 1, 1, 1, 3",
    "6, 3, 2, 1, 0, 1, 3",
    "6, 2, 1, 1, 0, 1, 6",
    "7, 4, 1, 1, 1, 2, 7",
    "7, 1, 2, 1, 0, 0, 4",
    "7, 2, 3, 1, 0, 1, 3",
    "9, 3, 1, 2, 2, 2, 9",
    "10, 3, 4, 3, 2, 3, 3",
    "4, 1, 4, 1, 0, 0, 1"
  })
  void samePaddingIsTensorFlows(
      int extent, int kernel, int stride, int dilation, int before, int after, int outputs) {
    String model =
        """
        input = { channels = 1, height = %d, width = %d }
        layers = [{ name = c, type = conv, filters = 1, kernel = %d, stride = %d, dilation = %d }]
        """;
    Network network =
        InProcessTraining.network(
            model.formatted(extent, extent + stride, kernel, stride, dilation));
    ConvolutionGeometry geometry = ((Convolution) network.nodes().get(0).layer()).geometry();
    assertThat(geometry.top()).isEqualTo(before);
    assertThat(geometry.bottom()).isEqualTo(after);
    assertThat(geometry.outputHeight()).isEqualTo(outputs);
    assertThat(geometry.left()).isEqualTo(before);
    assertThat(geometry.right()).isEqualTo(after);
    assertThat(geometry.outputWidth()).isEqualTo(outputs + 1);
  }

  private static Convolution layer(Golden golden, boolean paddingAsList) {
    int[] in = golden.shape("x");
    int[] kernel = golden.shape("weight");
    String padding =
        paddingAsList
            ? golden.metadata("padding_top_bottom_left_right").toString()
            : golden.metadata("padding").asText().replace("same_tf", "same");
    String model =
        """
        input = { channels = %d, height = %d, width = %d }
        layers = [
          { name = c, type = conv, filters = %d, kernel = %d, stride = %d, groups = %d, padding = %s, bias = %s }
        ]
        """
            .formatted(
                in[1],
                in[2],
                in[3],
                kernel[0],
                kernel[2],
                golden.metadata("stride").asInt(),
                golden.metadata("groups").asInt(),
                padding,
                golden.has("bias"));
    Convolution layer = (Convolution) InProcessTraining.network(model).nodes().get(0).layer();
    assertThat(layer.outputShape().extents())
        .isEqualTo(IntStream.range(1, 4).mapToObj(i -> golden.shape("y")[i]).toList());
    return layer;
  }

  private static void addGradients(
      Convolution layer, Kernels kernels, Planes x, Planes dy, double[] gradients) {
    RowSums.OfTwo sums = layer.parameterGradients(kernels).orElseThrow();
    sums.begin();
    sums.add(x, dy, 0, layer.outputShape().height());
    sums.finish(gradients, 0);
  }

  private static double[] image(Golden golden, String name, int index) {
    double[] all = golden.doubles(name);
    int size = all.length / golden.shape(name)[0];
    return Arrays.copyOfRange(all, index * size, (index + 1) * size);
  }

  private static double[] times(double[] values, double factor) {
    return Arrays.stream(values).map(v -> v * factor).toArray();
  }
}
