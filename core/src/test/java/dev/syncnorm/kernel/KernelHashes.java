package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/**
 * The program of the child JVMs of {@link SameBitsTest}: hashes the bits of all results of {@link
 * VectorKernels} on seeded data, when its methods are still interpreted and again when they are
 * compiled. Prints the width of the vectors in floats and the two hashes.
 */
final class KernelHashes {
  private final MessageDigest digest;
  private final Kernels kernels = new VectorKernels();

  /** Cuts images differently in every round: that has no effect. */
  private final Runs runs = new Runs(new Random());

  private KernelHashes() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  public static void main(String[] args) {
    KernelHashes hashes = new KernelHashes();
    String cold = hashes.hash();
    for (int i = 0; i < 30; i++) {
      hashes.hash();
    }
    System.out.println(Lanes.LENGTH + " " + cold + " " + hashes.hash());
  }

  /** The hash of all results in this JVM. */
  static String here() {
    return new KernelHashes().hash();
  }

  private String hash() {
    digest.reset();
    Random random = new Random(20261123);
    convolutions(random, new ConvolutionGeometry(3, 19, 70, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1));
    convolutions(random, new ConvolutionGeometry(16, 19, 70, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1));
    convolutions(random, new ConvolutionGeometry(3, 9, 64, 5, 1, 1, 1, 1, 1, 0, 0, 0, 0));
    convolutions(random, new ConvolutionGeometry(2, 40, 130, 7, 7, 5, 2, 1, 1, 3, 2, 2, 3));
    convolutions(random, new ConvolutionGeometry(6, 9, 9, 12, 3, 3, 1, 2, 3, 2, 2, 2, 2));
    convolutions(random, new ConvolutionGeometry(5, 8, 7, 5, 3, 3, 1, 1, 5, 1, 1, 1, 1));
    convolutions(random, new ConvolutionGeometry(9, 6, 33, 14, 1, 3, 1, 1, 1, 0, 0, 1, 1));
    convolutions(random, new ConvolutionGeometry(2, 9, 140, 6, 3, 2, 1, 1, 1, 1, 1, 0, 1));
    convolutions(random, new ConvolutionGeometry(1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1));
    for (int width : new int[] {1, 13, 16, 100, 512, 3001}) {
      overPixels(random, Shape.of(3, 11, width));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private void convolutions(Random random, ConvolutionGeometry g) {
    float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
    float[] weight = RandomData.gaussian(random, RandomData.weightSize(g));
    float[] bias = RandomData.gaussian(random, g.outputChannels());
    float[] y = runs.convolution(kernels, g, x, weight, bias);
    update(y);
    update(runs.weightGradient(kernels, g, x, y));
    update(runs.inputGradient(kernels, g, y, weight));
    update(runs.rectifiedConvolution(kernels, g, x, weight, bias));
    double[] gradients = new double[weight.length + bias.length];
    runs.weightGradient(kernels.convolutionGradients(g), g, x, y, gradients, 0);
    update(gradients);
  }

  private void overPixels(Random random, Shape shape) {
    int channels = shape.channels();
    float[] x = RandomData.gaussian(random, shape.size(), 151, 0.1);
    float[] dy = RandomData.gaussian(random, shape.size());
    float[] pivot = RandomData.gaussian(random, channels, 151, 0.1);
    float[] scale = RandomData.gaussian(random, channels);
    float[] shift = RandomData.gaussian(random, channels);
    update(runs.sum(kernels.channelSums(shape), shape, x, channels));
    update(runs.sum(kernels.moments(shape), shape, x, 2 * channels));
    update(runs.sum(kernels.batchNormGradientSums(shape), shape, x, pivot, dy, 2 * channels));
    update(runs.sum(kernels.squaredError(shape), shape, x, dy, 1));
    update(
        runs.map(
            shape,
            x,
            (in, out, from, to) -> kernels.normalize(in, pivot, scale, shift, out, from, to)));
    update(
        runs.map(
            shape,
            x,
            dy,
            (in, dyIn, out, from, to) ->
                kernels.batchNormInputGradient(
                    in, dyIn, pivot, scale, shift, scale, out, from, to)));
    update(runs.map(shape, x, dy, kernels::add));
    update(runs.map(shape, dy, kernels::relu));
    update(runs.map(shape, dy, x, kernels::reluGradient));
    update(
        runs.map(
            shape,
            x,
            dy,
            (a, b, out, from, to) -> kernels.squaredErrorGradient(a, b, 0.37f, out, from, to)));
  }

  private void update(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    digest.update(bytes);
  }

  private void update(double[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES);
    bytes.asDoubleBuffer().put(values);
    digest.update(bytes);
  }
}
