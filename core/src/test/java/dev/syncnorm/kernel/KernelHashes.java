package dev.syncnorm.kernel;

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
    convolutions(random, new ConvolutionGeometry(1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1));
    for (int pixels : new int[] {1, 13, 16, 100, 512, 3001}) {
      overPixels(random, 3, pixels);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private void convolutions(Random random, ConvolutionGeometry g) {
    float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
    float[] weight = RandomData.gaussian(random, RandomData.weightSize(g));
    float[] bias = RandomData.gaussian(random, g.outputChannels());
    float[] y = new float[RandomData.outputSize(g)];
    kernels.convolution(g, x, weight, bias, y);
    update(y);
    double[] gradient = new double[weight.length];
    kernels.convolutionWeightGradient(g, x, y, gradient, 0);
    update(gradient);
    kernels.convolutionInputGradient(g, y, weight, x);
    update(x);
  }

  private void overPixels(Random random, int channels, int pixels) {
    int size = channels * pixels;
    float[] x = RandomData.gaussian(random, size, 151, 0.1);
    float[] dy = RandomData.gaussian(random, size);
    float[] pivot = RandomData.gaussian(random, channels, 151, 0.1);
    float[] scale = RandomData.gaussian(random, channels);
    float[] shift = RandomData.gaussian(random, channels);
    double[] sums = new double[5 * channels + 1];
    kernels.channelSums(x, channels, pixels, sums, 0);
    kernels.moments(x, channels, pixels, sums, channels);
    kernels.batchNormGradientSums(x, dy, channels, pixels, pivot, sums, 3 * channels);
    sums[5 * channels] = kernels.squaredError(x, dy, size);
    update(sums);
    float[] y = new float[size];
    kernels.normalize(x, channels, pixels, pivot, scale, shift, y);
    update(y);
    kernels.batchNormInputGradient(x, dy, channels, pixels, pivot, scale, shift, scale, y);
    update(y);
    kernels.add(x, dy, size, y);
    update(y);
    kernels.squaredErrorGradient(x, dy, size, 0.37f, y);
    update(y);
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
