package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
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
            new ConvolutionGeometry(5, 16, 40, 7, 5, 3, 1, 1, 1, 2, 2, 1, 1),
            new ConvolutionGeometry(8, 16, 14, 10, 3, 3, 1, 2, 2, 2, 2, 2, 2),
            new ConvolutionGeometry(16, 16, 512, 16, 3, 3, 1, 1, 16, 1, 1, 1, 1));
    List<Step> steps = geometries.stream().map(g -> new Step(kernels, g)).toList();
    Shape shape = Shape.of(16, 16, 512);
    Planes a = planes(shape);
    Planes b = planes(shape);
    Planes c = planes(shape);
    RowSums.OfOne moments = kernels.moments(shape);
    RowSums.OfOne channelSums = kernels.channelSums(shape);
    RowSums.OfTwoAboutPivot gradientSums = kernels.batchNormGradientSums(shape);
    RowSums.OfTwo squaredError = kernels.squaredError(shape);
    float[] each = new float[16];
    double[] sums = new double[32];
    long begin = System.nanoTime();
    long bytes;
    do {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (Step step : steps) {
        step.run();
      }
      moments.begin();
      channelSums.begin();
      gradientSums.begin();
      squaredError.begin();
      for (int from = 0; from < 16; from += 8) {
        int to = from + 8;
        moments.add(a, from, to);
        channelSums.add(a, from, to);
        gradientSums.add(a, each, b, from, to);
        squaredError.add(a, b, from, to);
        kernels.normalize(a, each, each, each, c, from, to);
        kernels.batchNormInputGradient(a, b, each, each, each, each, c, from, to);
        kernels.add(a, b, c, from, to);
        kernels.relu(a, c, from, to);
        kernels.reluGradient(a, b, c, from, to);
        kernels.squaredErrorGradient(a, b, 0.5f, c, from, to);
      }
      moments.finish(sums, 0);
      channelSums.finish(sums, 0);
      gradientSums.finish(sums, 0);
      squaredError.finish(sums, 0);
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
    } while (bytes > ENOUGH_BYTES && System.nanoTime() - begin < PATIENCE_NANOS);
    System.out.println(bytes);
  }

  private static Planes planes(Shape shape) {
    Planes planes = Planes.whole(shape, new Planes.Margins(4, 4, 4, 4));
    planes.set(RandomData.gaussian(new Random(1), shape.size()));
    return planes;
  }

  /** A convolution and its gradients, by runs of eight rows. */
  private static final class Step {
    private final Kernels kernels;
    private final ConvolutionGeometry g;
    private final Planes x;
    private final Planes y;
    private final Planes result;
    private final Planes gradient;
    private final float[] weight;
    private final double[] weightGradient;
    private final RowSums.OfTwo sums;
    private final RowSums.OfTwo allSums;
    private final float[] none = {};

    Step(Kernels kernels, ConvolutionGeometry g) {
      this.kernels = kernels;
      this.g = g;
      x = planes(g.inputShape());
      y = planes(g.outputShape());
      result = planes(g.outputShape());
      gradient = planes(g.inputShape());
      weight = RandomData.gaussian(new Random(2), g.weightShape().size());
      weightGradient = new double[weight.length + g.outputChannels()];
      sums = kernels.convolutionWeightGradient(g);
      allSums = kernels.convolutionGradients(g);
    }

    void run() {
      for (int from = 0; from < g.outputHeight(); from += 8) {
        int to = Math.min(g.outputHeight(), from + 8);
        kernels.convolution(g, x, weight, none, result, from, to);
        kernels.rectifiedConvolution(g, x, weight, none, result, from, to);
      }
      for (int from = 0; from < g.inputHeight(); from += 8) {
        int to = Math.min(g.inputHeight(), from + 8);
        kernels.convolutionInputGradient(g, y, weight, gradient, from, to);
      }
      for (RowSums.OfTwo each : new RowSums.OfTwo[] {sums, allSums}) {
        each.begin();
        for (int from = 0; from < g.outputHeight(); from += 8) {
          each.add(x, y, from, Math.min(g.outputHeight(), from + 8));
        }
        each.finish(weightGradient, 0);
      }
    }
  }
}
