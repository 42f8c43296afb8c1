package dev.syncnorm.kernel;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;

/**
 * The program of a child JVM: runs all methods of {@link VectorKernels} on mixed geometries until a
 * whole round allocates next to nothing, and prints the bytes that the last round allocated.
 * Vectors that the compiler fails to keep in registers show as megabytes, and as a tenth of the
 * speed.
 */
final class KernelAllocation {
  private static final int ENOUGH_BYTES = 16 * 1024;
  private static final long PATIENCE_NANOS = 40_000_000_000L;

  private KernelAllocation() {}

  public static void main(String[] args) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Kernels kernels = new VectorKernels();
    List<ConvolutionGeometry> geometries =
        List.of(
            new ConvolutionGeometry(3, 16, 512, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new ConvolutionGeometry(16, 16, 512, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new ConvolutionGeometry(3, 16, 512, 16, 3, 3, 2, 1, 1, 1, 1, 1, 1),
            new ConvolutionGeometry(16, 16, 512, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1),
            new ConvolutionGeometry(16, 16, 512, 16, 3, 3, 1, 1, 16, 1, 1, 1, 1));
    int pixels = 16 * 512;
    Random random = new Random(1);
    float[] a = RandomData.gaussian(random, 20 * pixels);
    float[] b = RandomData.gaussian(random, 20 * pixels);
    float[] c = new float[20 * pixels];
    float[] weight = RandomData.gaussian(random, 16 * 16 * 9);
    float[] none = {};
    double[] sums = new double[weight.length];
    long begin = System.nanoTime();
    long bytes;
    do {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (ConvolutionGeometry g : geometries) {
        kernels.convolution(g, a, weight, none, c);
        kernels.convolutionInputGradient(g, b, weight, c);
        kernels.convolutionWeightGradient(g, a, b, sums, 0);
      }
      kernels.moments(a, 16, pixels, sums, 0);
      kernels.channelSums(a, 16, pixels, sums, 0);
      kernels.batchNormGradientSums(a, b, 16, pixels, weight, sums, 0);
      sums[0] = kernels.squaredError(a, b, 16 * pixels);
      kernels.normalize(a, 16, pixels, weight, weight, weight, c);
      kernels.batchNormInputGradient(a, b, 16, pixels, weight, weight, weight, weight, c);
      kernels.add(a, b, 16 * pixels, c);
      kernels.squaredErrorGradient(a, b, 16 * pixels, 0.5f, c);
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
    } while (bytes > ENOUGH_BYTES && System.nanoTime() - begin < PATIENCE_NANOS);
    System.out.println(bytes);
  }
}
