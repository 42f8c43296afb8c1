package dev.syncnorm.bench;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.ConvolutionGeometry;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.tensor.Shape;
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

  /** Rows of a call: about those of a band of the seed network. */
  private static final int ROWS = 8;

  private static final int FEW = 3;
  private static final int MANY = 16;
  private static final ConvolutionGeometry WIDEN = same(FEW, MANY);
  private static final ConvolutionGeometry NARROW = same(MANY, FEW);

  /** The backend's label. */
  @Param({"vector", "nd4j", "reference"})
  public String backend = "vector";

  private final Planes few = planes(FEW);
  private final Planes many = planes(MANY);
  private final Planes otherMany = planes(MANY);
  private final Planes fewResult = planes(FEW);
  private final Planes manyResult = planes(MANY);
  private final float[] weights = new float[MANY * FEW * 9];
  private final float[] perChannel = new float[MANY];
  private final float[] fewBiases = new float[FEW];
  private final double[] sums = new double[MANY * FEW * 9];
  private Kernels kernels = Backend.REFERENCE.create();

  private RowSums.OfTwo widenGradient = kernels.convolutionWeightGradient(WIDEN);
  private RowSums.OfTwo narrowGradient = kernels.convolutionWeightGradient(NARROW);
  private RowSums.OfOne moments = kernels.moments(many.shape());
  private RowSums.OfTwoAboutPivot normSums = kernels.batchNormGradientSums(many.shape());
  private int rows = ROWS;

  private static Planes planes(int channels) {
    return Planes.whole(Shape.of(channels, SIZE, SIZE), WIDEN.inputMargins());
  }

  private static ConvolutionGeometry same(int from, int to) {
    return new ConvolutionGeometry(from, SIZE, SIZE, to, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  }

  /** Values of no special form: no zeros, no denormals. */
  @Setup
  public void fill() {
    kernels = Backend.valueOf(backend.toUpperCase(Locale.ROOT)).create();
    widenGradient = kernels.convolutionWeightGradient(WIDEN);
    narrowGradient = kernels.convolutionWeightGradient(NARROW);
    moments = kernels.moments(many.shape());
    normSums = kernels.batchNormGradientSums(many.shape());
    rows = Math.min(SIZE, Backend.valueOf(backend.toUpperCase(Locale.ROOT)).bandRows());
    rows = rows == 0 ? ROWS : rows;
    Random random = new Random(1);
    for (Planes planes : new Planes[] {few, many, otherMany}) {
      planes.set(values(random, planes.shape().size()));
    }
    for (float[] array : new float[][] {weights, perChannel, fewBiases}) {
      System.arraycopy(values(random, array.length), 0, array, 0, array.length);
    }
  }

  private static float[] values(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 0.5f + random.nextFloat();
    }
    return values;
  }

  /** Some rows of an image. */
  private interface Run {
    void run(int from, int to);
  }

  private void image(Run run) {
    for (int row = 0; row < SIZE; row += rows) {
      run.run(row, Math.min(SIZE, row + rows));
    }
  }

  /** 3 to 16 channels, forwards. */
  @Benchmark
  public Planes convolution3To16() {
    image((from, to) -> kernels.convolution(WIDEN, few, weights, perChannel, manyResult, from, to));
    return manyResult;
  }

  /** 16 to 3 channels, forwards. */
  @Benchmark
  public Planes convolution16To3() {
    image((from, to) -> kernels.convolution(NARROW, many, weights, fewBiases, fewResult, from, to));
    return fewResult;
  }

  /** The gradient of the 16 channels that became 3. */
  @Benchmark
  public Planes inputGradient16To3() {
    image(
        (from, to) -> kernels.convolutionInputGradient(NARROW, few, weights, manyResult, from, to));
    return manyResult;
  }

  /** The weights' gradient of 3 to 16 channels. */
  @Benchmark
  public double[] weightGradient3To16() {
    widenGradient.begin();
    image((from, to) -> widenGradient.add(few, many, from, to));
    widenGradient.finish(sums, 0);
    return sums;
  }

  /** The weights' gradient of 16 to 3 channels. */
  @Benchmark
  public double[] weightGradient16To3() {
    narrowGradient.begin();
    image((from, to) -> narrowGradient.add(many, few, from, to));
    narrowGradient.finish(sums, 0);
    return sums;
  }

  /** Reads 16 channels. */
  @Benchmark
  public double[] moments16() {
    moments.begin();
    image((from, to) -> moments.add(many, from, to));
    moments.finish(sums, 0);
    return sums;
  }

  /** Reads 16 channels and writes 16. */
  @Benchmark
  public Planes normalize16() {
    image(
        (from, to) ->
            kernels.normalize(many, perChannel, perChannel, perChannel, manyResult, from, to));
    return manyResult;
  }

  /** Reads twice 16 channels. */
  @Benchmark
  public double[] normGradientSums16() {
    normSums.begin();
    image((from, to) -> normSums.add(many, perChannel, otherMany, from, to));
    normSums.finish(sums, 0);
    return sums;
  }

  /** Reads twice 16 channels and writes 16. */
  @Benchmark
  public Planes normInputGradient16() {
    float[] c = perChannel;
    image(
        (from, to) ->
            kernels.batchNormInputGradient(many, otherMany, c, c, c, c, manyResult, from, to));
    return manyResult;
  }
}
