package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.syncnorm.testing.Golden;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation's convolution and its gradients must do. */
interface ConvolutionContract extends KernelsContract {
  /** How many random geometries to try. */
  default int randomGeometries() {
    return 40;
  }

  /** Whether a value that is not finite spreads from between the taps of a dilated kernel. */
  default boolean spreadsBetweenTaps() {
    return false;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8})
  default void convolutionAndItsGradientsAgreeWithPyTorch(int number) {
    Golden golden = Golden.read("conv2d_" + number);
    int[] x = golden.shape("x");
    int[] w = golden.shape("weight");
    JsonNode padding = golden.metadata("padding_top_bottom_left_right");
    ConvolutionGeometry g =
        new ConvolutionGeometry(
            x[1],
            x[2],
            x[3],
            w[0],
            w[2],
            w[3],
            golden.metadata("stride").asInt(),
            1,
            golden.metadata("groups").asInt(),
            padding.get(0).asInt(),
            padding.get(1).asInt(),
            padding.get(2).asInt(),
            padding.get(3).asInt());
    float[] weight = golden.floats("weight");
    float[] bias = golden.has("bias") ? golden.floats("bias") : new float[0];
    double[] gradient = new double[weight.length];
    double[] magnitude = new double[weight.length];
    double[] biasGradient = new double[w[0]];
    double[] biasMagnitude = new double[w[0]];
    int pixels = g.outputHeight() * g.outputWidth();
    int outputTerms = w[1] * w[2] * w[3] + 1;
    Runs runs = new Runs(new Random(number));
    for (int image = 0; image < x[0]; image++) {
      float[] in = golden.image("x", image);
      float[] dy = golden.image("grad_y", image);
      ConvolutionOracle oracle = new ConvolutionOracle(g, in, weight, bias, dy);
      float[] y = runs.convolution(kernels(), g, in, weight, bias);
      double[] expectedY = part(golden.doubles("y"), image, dy.length);
      Within.roundings("y", y, expectedY, oracle.yMagnitude, outputTerms);
      float[] dx = runs.inputGradient(kernels(), g, dy, weight);
      double[] expectedDx = part(golden.doubles("grad_x"), image, in.length);
      Within.roundings("dx", dx, expectedDx, oracle.dxMagnitude, w[0] * w[2] * w[3]);
      double[] partial = runs.weightGradient(kernels(), g, in, dy);
      double[] partialBias =
          runs.sum(kernels().channelSums(g.outputShape()), g.outputShape(), dy, w[0]);
      for (int i = 0; i < weight.length; i++) {
        gradient[i] += partial[i];
        magnitude[i] += oracle.gradientMagnitude[i];
      }
      for (int i = 0; i < dy.length; i++) {
        biasMagnitude[i / pixels] += Math.abs(dy[i]);
      }
      for (int o = 0; o < w[0]; o++) {
        biasGradient[o] += partialBias[o];
      }
    }
    Within.roundings("dw", gradient, golden.doubles("grad_weight"), magnitude, pixels);
    if (bias.length > 0) {
      Within.roundings("db", biasGradient, golden.doubles("grad_bias"), biasMagnitude, pixels);
    }
  }

  @Test
  default void convolutionAndItsGradientsAgreeWithANaiveSumForAnyGeometry() {
    long seed = 20261123;
    System.out.println("random geometries from seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < randomGeometries(); round++) {
      agreesWithOracle(RandomData.geometry(random), random);
    }
  }

  @Test
  default void paddingMayExceedTheKernel() {
    agreesWithOracle(new ConvolutionGeometry(2, 3, 5, 3, 2, 2, 1, 1, 1, 4, 5, 6, 3), new Random(1));
  }

  @Test
  default void strideMayExceedTheKernelAndTheInput() {
    agreesWithOracle(
        new ConvolutionGeometry(3, 9, 11, 2, 1, 1, 2, 1, 1, 0, 0, 0, 0), new Random(2));
    agreesWithOracle(new ConvolutionGeometry(1, 2, 2, 2, 2, 2, 5, 1, 1, 0, 0, 0, 0), new Random(3));
  }

  @Test
  default void depthwiseConvolutionIsAGroupAChannel() {
    agreesWithOracle(
        new ConvolutionGeometry(7, 12, 70, 14, 3, 5, 1, 2, 7, 1, 2, 3, 4), new Random(4));
  }

  @Test
  default void narrowImagesAndManyChannels() {
    agreesWithOracle(
        new ConvolutionGeometry(64, 3, 1, 61, 3, 3, 1, 1, 1, 1, 1, 1, 1), new Random(5));
    agreesWithOracle(
        new ConvolutionGeometry(33, 5, 7, 9, 1, 1, 1, 1, 1, 0, 0, 0, 0), new Random(6));
    agreesWithOracle(
        new ConvolutionGeometry(2, 5, 150, 10, 3, 7, 1, 1, 1, 1, 1, 3, 3), new Random(7));
    agreesWithOracle(
        new ConvolutionGeometry(5, 40, 128, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1), new Random(8));
    agreesWithOracle(
        new ConvolutionGeometry(4, 6, 144, 8, 4, 4, 2, 1, 2, 1, 1, 1, 1), new Random(9));
  }

  @Test
  default void aSumIsUsedForOneImageAfterTheOther() {
    ConvolutionGeometry g = new ConvolutionGeometry(2, 9, 20, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    Random random = new Random(10);
    float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
    float[] dy = RandomData.gaussian(random, RandomData.outputSize(g));
    float[] bad = new float[dy.length];
    Arrays.fill(bad, Float.NaN);
    RowSums.OfTwo sums = kernels().convolutionWeightGradient(g);
    double[] gradient = new double[g.weightShape().size()];
    double[] again = new double[gradient.length];
    Runs runs = new Runs(random);
    runs.weightGradient(sums, g, x, dy, gradient, 0);
    runs.weightGradient(sums, g, x, bad, again, 0);
    runs.weightGradient(sums, g, x, dy, again, 0);
    if (isSameForAllCuts()) {
      assertThat(again).isEqualTo(gradient);
    }
    assertThat(again).doesNotContain(Double.NaN);
  }

  private void agreesWithOracle(ConvolutionGeometry g, Random random) {
    float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
    float[] weight = RandomData.gaussian(random, RandomData.weightSize(g));
    float[] bias =
        random.nextBoolean() ? RandomData.gaussian(random, g.outputChannels()) : new float[0];
    float[] dy = RandomData.gaussian(random, RandomData.outputSize(g));
    ConvolutionOracle oracle = new ConvolutionOracle(g, x, weight, bias, dy);
    int kernelSize = g.kernelHeight() * g.kernelWidth();
    Kernels kernels = kernels();
    Runs runs = new Runs(random);
    float[] y = runs.convolution(kernels, g, x, weight, bias);
    Within.roundings(
        g + " y", y, oracle.y, oracle.yMagnitude, g.inputChannels() / g.groups() * kernelSize + 1);
    float[] dx = runs.inputGradient(kernels, g, dy, weight);
    Within.roundings(
        g + " dx", dx, oracle.dx, oracle.dxMagnitude, g.outputChannels() / g.groups() * kernelSize);
    double[] gradient = new double[weight.length + 5];
    Arrays.fill(gradient, 7);
    RowSums.OfTwo sums = kernels.convolutionWeightGradient(g);
    runs.weightGradient(sums, g, x, dy, gradient, 3);
    Within.roundings(
        g + " dw",
        Arrays.copyOfRange(gradient, 3, 3 + weight.length),
        oracle.gradient,
        oracle.gradientMagnitude,
        g.outputHeight() * g.outputWidth());
    assertThat(new double[] {gradient[2], gradient[3 + weight.length]}).containsOnly(7);

    // A rectifier enlarges no error.
    float[] rectified = runs.rectifiedConvolution(kernels, g, x, weight, bias);
    Within.roundings(
        g + " rectified y",
        rectified,
        Arrays.stream(oracle.y).map(value -> Math.max(value, 0)).toArray(),
        oracle.yMagnitude,
        g.inputChannels() / g.groups() * kernelSize + 1);
    double[] gradients = new double[weight.length + g.outputChannels()];
    runs.weightGradient(kernels.convolutionGradients(g), g, x, dy, gradients, 0);
    Within.roundings(
        g + " dw with sums",
        Arrays.copyOf(gradients, weight.length),
        oracle.gradient,
        oracle.gradientMagnitude,
        g.outputHeight() * g.outputWidth());
    Within.roundings(
        g + " sums of dy",
        Arrays.copyOfRange(gradients, weight.length, gradients.length),
        channelSums(g, dy, false),
        channelSums(g, dy, true),
        g.outputHeight() * g.outputWidth());

    if (isSameForAllCuts()) {
      assertThat(runs.convolution(kernels, g, x, weight, bias)).as("%s y", g).isEqualTo(y);
      assertThat(runs.inputGradient(kernels, g, dy, weight)).as("%s dx", g).isEqualTo(dx);
      double[] again = gradient.clone();
      runs.weightGradient(sums, g, x, dy, again, 3);
      assertThat(again).as("%s dw", g).isEqualTo(gradient);
      assertThat(runs.rectifiedConvolution(kernels, g, x, weight, bias)).isEqualTo(rectified);
      double[] gradientsAgain = gradients.clone();
      runs.weightGradient(kernels.convolutionGradients(g), g, x, dy, gradientsAgain, 0);
      assertThat(gradientsAgain).as("%s dw with sums", g).isEqualTo(gradients);
    }
  }

  private static double[] channelSums(ConvolutionGeometry g, float[] dy, boolean ofMagnitudes) {
    double[] sums = new double[g.outputChannels()];
    for (int i = 0; i < dy.length; i++) {
      sums[i / (dy.length / sums.length)] += ofMagnitudes ? Math.abs(dy[i]) : dy[i];
    }
    return sums;
  }

  @Test
  default void aNonFiniteInputReachesItsOutputsAndNoOthers() {
    Random random = new Random(5);
    for (int round = 0; round < 10; round++) {
      ConvolutionGeometry g = RandomData.geometry(random);
      float[] weight = RandomData.gaussian(random, RandomData.weightSize(g));
      float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
      float[] dy = RandomData.gaussian(random, RandomData.outputSize(g));
      float[] bias = RandomData.gaussian(random, g.outputChannels());
      x[random.nextInt(x.length)] = Float.NaN;
      x[random.nextInt(x.length)] = Float.POSITIVE_INFINITY;
      float[] badDy = dy.clone();
      badDy[random.nextInt(dy.length)] = Float.NaN;
      badDy[random.nextInt(dy.length)] = Float.NEGATIVE_INFINITY;
      Runs runs = new Runs(random);
      float[] y = runs.convolution(kernels(), g, x, weight, bias);
      float[] dx = runs.inputGradient(kernels(), g, badDy, weight);
      ConvolutionOracle oracle = new ConvolutionOracle(g, x, weight, bias, badDy);
      if (g.dilation() > 1 && spreadsBetweenTaps()) {
        isNeverHidden(g + " y", Within.doubles(y), oracle.y);
        isNeverHidden(g + " dx", Within.doubles(dx), oracle.dx);
      } else {
        assertThat(finite(Within.doubles(y))).as("%s y", g).isEqualTo(finite(oracle.y));
        assertThat(finite(Within.doubles(dx))).as("%s dx", g).isEqualTo(finite(oracle.dx));
      }
      double[] gradient = runs.weightGradient(kernels(), g, x, dy);
      isNeverHidden(g + " dw", gradient, new ConvolutionOracle(g, x, weight, bias, dy).gradient);
      gradient = runs.weightGradient(kernels(), g, x, badDy);
      isNeverHidden(g + " dw", gradient, oracle.gradient);
    }
  }

  @Test
  default void aNonFiniteWeightIsNeverHidden() {
    Random random = new Random(6);
    for (int round = 0; round < 10; round++) {
      ConvolutionGeometry g = RandomData.geometry(random);
      float[] weight = RandomData.gaussian(random, RandomData.weightSize(g));
      float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
      float[] dy = RandomData.gaussian(random, RandomData.outputSize(g));
      weight[random.nextInt(weight.length)] = Float.NaN;
      weight[random.nextInt(weight.length)] = Float.POSITIVE_INFINITY;
      ConvolutionOracle oracle = new ConvolutionOracle(g, x, weight, new float[0], dy);
      Runs runs = new Runs(random);
      float[] y = runs.convolution(kernels(), g, x, weight, new float[0]);
      isNeverHidden(g + " y", Within.doubles(y), oracle.y);
      float[] dx = runs.inputGradient(kernels(), g, dy, weight);
      isNeverHidden(g + " dx", Within.doubles(dx), oracle.dx);
    }
  }

  @Test
  default void earlierCallsLeaveNoTrace() {
    ConvolutionGeometry large = new ConvolutionGeometry(9, 20, 40, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    ConvolutionGeometry small = new ConvolutionGeometry(3, 7, 9, 5, 3, 2, 1, 1, 1, 1, 1, 0, 1);
    Random random = new Random(7);
    float[] x = RandomData.gaussian(random, RandomData.inputSize(small));
    float[] weight = RandomData.gaussian(random, RandomData.weightSize(small));
    float[] dy = RandomData.gaussian(random, RandomData.outputSize(small));
    double[] fresh = allOf(kernels(), small, x, weight, dy);
    Kernels used = kernels();
    float[] bad = new float[RandomData.inputSize(large)];
    Arrays.fill(bad, Float.NaN);
    allOf(used, large, bad, Arrays.copyOf(bad, RandomData.weightSize(large)), bad);
    assertThat(allOf(used, small, x, weight, dy)).isEqualTo(fresh);
  }

  private static double[] allOf(
      Kernels kernels, ConvolutionGeometry g, float[] x, float[] weight, float[] dy) {
    Runs runs = new Runs(new Random(8));
    float[] y = runs.convolution(kernels, g, x, weight, new float[0]);
    float[] dx = runs.inputGradient(kernels, g, dy, weight);
    double[] all = new double[y.length + dx.length + weight.length];
    System.arraycopy(Within.doubles(y), 0, all, 0, y.length);
    System.arraycopy(Within.doubles(dx), 0, all, y.length, dx.length);
    RowSums.OfTwo sums = kernels.convolutionWeightGradient(g);
    runs.weightGradient(sums, g, x, dy, all, y.length + dx.length);
    return all;
  }

  private static double[] part(double[] all, int index, int size) {
    return Arrays.copyOfRange(all, index * size, (index + 1) * size);
  }

  private static boolean[] finite(double[] values) {
    boolean[] finite = new boolean[values.length];
    for (int i = 0; i < values.length; i++) {
      finite[i] = Double.isFinite(values[i]);
    }
    return finite;
  }

  private static void isNeverHidden(String what, double[] actual, double[] expected) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(Double.isFinite(expected[i]) || !Double.isFinite(actual[i]))
          .as("%s[%d] is %s where the exact value is %s", what, i, actual[i], expected[i])
          .isTrue();
    }
  }
}
