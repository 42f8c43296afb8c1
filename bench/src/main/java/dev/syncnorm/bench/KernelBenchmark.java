package dev.syncnorm.bench;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.ConvolutionGeometry;
import dev.syncnorm.kernel.Kernels;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The kernels of the seed network on one image of 512 x 512, each thread with its own. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class KernelBenchmark {

  private static final int SIZE = 512;
  private static final int PIXELS = SIZE * SIZE;
  private static final int FEW = 3;
  private static final int MANY = 16;
  private static final ConvolutionGeometry WIDEN = same(FEW, MANY);
  private static final ConvolutionGeometry NARROW = same(MANY, FEW);

  /** The backend's label. */
  @Param({"vector", "nd4j", "reference"})
  public String backend = "vector";

  private final float[] few = new float[FEW * PIXELS];
  private final float[] many = new float[MANY * PIXELS];
  private final float[] otherMany = new float[MANY * PIXELS];
  private final float[] result = new float[MANY * PIXELS];
  private final float[] weights = new float[MANY * FEW * 9];
  private final float[] perChannel = new float[MANY];
  private final float[] fewBiases = new float[FEW];
  private final double[] sums = new double[MANY * FEW * 9];
  private Kernels kernels = Backend.REFERENCE.create();

  private static ConvolutionGeometry same(int from, int to) {
    return new ConvolutionGeometry(from, SIZE, SIZE, to, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  }

  /** Values of no special form: no zeros, no denormals. */
  @Setup
  public void fill() {
    kernels = Backend.valueOf(backend.toUpperCase(Locale.ROOT)).create();
    Random random = new Random(1);
    for (float[] array : new float[][] {few, many, otherMany, weights, perChannel, fewBiases}) {
      for (int i = 0; i < array.length; i++) {
        array[i] = 0.5f + random.nextFloat();
      }
    }
  }

  /** 3 to 16 channels, forwards. */
  @Benchmark
  public float[] convolution3To16() {
    kernels.convolution(WIDEN, few, weights, perChannel, result);
    return result;
  }

  /** 16 to 3 channels, forwards. */
  @Benchmark
  public float[] convolution16To3() {
    kernels.convolution(NARROW, many, weights, fewBiases, result);
    return result;
  }

  /** The gradient of the 16 channels that became 3. */
  @Benchmark
  public float[] inputGradient16To3() {
    kernels.convolutionInputGradient(NARROW, few, weights, result);
    return result;
  }

  /** The weights' gradient of 3 to 16 channels. */
  @Benchmark
  public double[] weightGradient3To16() {
    kernels.convolutionWeightGradient(WIDEN, few, many, sums, 0);
    return sums;
  }

  /** The weights' gradient of 16 to 3 channels. */
  @Benchmark
  public double[] weightGradient16To3() {
    kernels.convolutionWeightGradient(NARROW, many, few, sums, 0);
    return sums;
  }

  /** Reads 16 channels. */
  @Benchmark
  public double[] moments16() {
    kernels.moments(many, MANY, PIXELS, sums, 0);
    return sums;
  }

  /** Reads 16 channels and writes 16. */
  @Benchmark
  public float[] normalize16() {
    kernels.normalize(many, MANY, PIXELS, perChannel, perChannel, perChannel, result);
    return result;
  }

  /** Reads twice 16 channels. */
  @Benchmark
  public double[] normGradientSums16() {
    kernels.batchNormGradientSums(many, otherMany, MANY, PIXELS, perChannel, sums, 0);
    return sums;
  }

  /** Reads twice 16 channels and writes 16. */
  @Benchmark
  public float[] normInputGradient16() {
    kernels.batchNormInputGradient(
        many, otherMany, MANY, PIXELS, perChannel, perChannel, perChannel, perChannel, result);
    return result;
  }
}
