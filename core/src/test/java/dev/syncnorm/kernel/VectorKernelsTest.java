package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.tensor.Shape;
import dev.syncnorm.testing.ChildJvm;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract, and the exact bits that {@link VectorKernels} promises. */
class VectorKernelsTest
    implements ConvolutionContract, PatchMomentsContract, SumsContract, ElementwiseContract {
  @Override
  public Kernels kernels() {
    return new VectorKernels();
  }

  @Test
  void outputsAndInputGradientsAreChainsOfFusedMultiplyAddsInTheDefinedOrder() {
    long seed = 4711;
    System.out.println("random geometries from seed " + seed);
    Random random = new Random(seed);
    Kernels kernels = kernels();
    for (int round = 0; round < 40; round++) {
      ConvolutionGeometry g = RandomData.geometry(random);
      float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
      float[] weight = RandomData.gaussian(random, RandomData.weightSize(g));
      float[] bias = RandomData.gaussian(random, g.outputChannels());
      float[] dy = RandomData.gaussian(random, RandomData.outputSize(g));
      Runs runs = new Runs(random);
      float[] y = runs.convolution(kernels, g, x, weight, bias);
      assertThat(y).as("%s y", g).isEqualTo(chainedOutput(g, x, weight, bias));
      float[] dx = runs.inputGradient(kernels, g, dy, weight);
      assertThat(dx).as("%s dx", g).isEqualTo(chainedInputGradient(g, dy, weight));
    }
  }

  private static float[] chainedOutput(
      ConvolutionGeometry g, float[] x, float[] weight, float[] bias) {
    float[] y = new float[RandomData.outputSize(g)];
    int inputs = g.inputChannels() / g.groups();
    int outputs = g.outputChannels() / g.groups();
    for (int at = 0; at < y.length; at++) {
      int c = at % g.outputWidth();
      int r = at / g.outputWidth() % g.outputHeight();
      int o = at / g.outputWidth() / g.outputHeight();
      float sum = bias[o];
      for (int i = 0; i < inputs; i++) {
        for (int kr = 0; kr < g.kernelHeight(); kr++) {
          for (int kc = 0; kc < g.kernelWidth(); kc++) {
            int xr = r * g.stride() + kr * g.dilation() - g.top();
            int xc = c * g.stride() + kc * g.dilation() - g.left();
            boolean inside = xr >= 0 && xr < g.inputHeight() && xc >= 0 && xc < g.inputWidth();
            int from = ((o / outputs * inputs + i) * g.inputHeight() + xr) * g.inputWidth() + xc;
            float value = inside ? x[from] : 0;
            int w = ((o * inputs + i) * g.kernelHeight() + kr) * g.kernelWidth() + kc;
            sum = Math.fma(weight[w], value, sum);
          }
        }
      }
      y[at] = sum;
    }
    return y;
  }

  private static float[] chainedInputGradient(ConvolutionGeometry g, float[] dy, float[] weight) {
    float[] dx = new float[RandomData.inputSize(g)];
    int inputs = g.inputChannels() / g.groups();
    int outputs = g.outputChannels() / g.groups();
    for (int at = 0; at < dx.length; at++) {
      int xc = at % g.inputWidth();
      int xr = at / g.inputWidth() % g.inputHeight();
      int i = at / g.inputWidth() / g.inputHeight();
      float sum = 0;
      for (int o = i / inputs * outputs; o < (i / inputs + 1) * outputs; o++) {
        for (int kr = 0; kr < g.kernelHeight(); kr++) {
          for (int kc = 0; kc < g.kernelWidth(); kc++) {
            int r = xr + g.top() - kr * g.dilation();
            int c = xc + g.left() - kc * g.dilation();
            if (Math.floorMod(r, g.stride()) != 0 || Math.floorMod(c, g.stride()) != 0) {
              continue;
            }
            r = Math.floorDiv(r, g.stride());
            c = Math.floorDiv(c, g.stride());
            boolean inside = r >= 0 && r < g.outputHeight() && c >= 0 && c < g.outputWidth();
            float value = inside ? dy[(o * g.outputHeight() + r) * g.outputWidth() + c] : 0;
            int w = ((o * inputs + i % inputs) * g.kernelHeight() + kr) * g.kernelWidth() + kc;
            sum = Math.fma(weight[w], value, sum);
          }
        }
      }
      dx[at] = sum;
    }
    return dx;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 16", "13, 100", "2, 512", "3, 513", "2, 1500", "400, 3"})
  void channelSumsRunOverSixteenLogicalLanesInBlocksOf512(int height, int width) {
    float[] x = RandomData.gaussian(new Random(width), height * width);
    int rows = Math.max(1, 512 / width);
    double[] lanes = new double[16];
    for (int row = 0; row < height; row += rows) {
      for (int column = 0; column < width; column += 512) {
        float[] block = new float[16];
        for (int r = row; r < Math.min(height, row + rows); r++) {
          for (int c = column; c < Math.min(width, column + 512); c++) {
            block[c % 16] += x[r * width + c];
          }
        }
        for (int lane = 0; lane < 16; lane++) {
          lanes[lane] += block[lane];
        }
      }
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        lanes[lane] += lanes[lane + half];
      }
    }
    Shape shape = Shape.of(1, height, width);
    Runs runs = new Runs(new Random(height));
    assertThat(runs.sum(kernels().channelSums(shape), shape, x, 1)).containsExactly(lanes[0]);
  }

  @Test
  void weightGradientsRunOverSixteenLogicalLanesFoldedAfterAbsoluteRows() {
    // Rows of two vectors: lanes are folded after 512 rows.
    ConvolutionGeometry g = new ConvolutionGeometry(1, 700, 21, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0);
    Random random = new Random(14);
    float[] x = RandomData.gaussian(random, RandomData.inputSize(g));
    float[] dy = RandomData.gaussian(random, RandomData.outputSize(g));
    double expected = 0;
    float[] lanes = new float[16];
    for (int row = 0; row < 700; row++) {
      for (int c = 0; c < 21; c++) {
        lanes[c % 16] = Math.fma(dy[row * 21 + c], x[row * 21 + c], lanes[c % 16]);
      }
      if (row == 511 || row == 699) {
        double[] wide = Within.doubles(lanes);
        for (int half = 8; half > 0; half /= 2) {
          for (int lane = 0; lane < half; lane++) {
            wide[lane] += wide[lane + half];
          }
        }
        expected += wide[0];
        lanes = new float[16];
      }
    }
    assertThat(new Runs(random).weightGradient(kernels(), g, x, dy)).containsExactly(expected);
  }

  /** The promise: 1e-6 of the largest, though a lane adds up to 1024 products in float32. */
  @Test
  void weightGradientsOfLargeImagesAreWithinAMillionth() {
    for (double mean : new double[] {0, 1}) {
      ConvolutionGeometry g = new ConvolutionGeometry(2, 400, 512, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1);
      Random random = new Random(13);
      float[] x = RandomData.gaussian(random, RandomData.inputSize(g), mean, 0.1);
      float[] dy = RandomData.gaussian(random, RandomData.outputSize(g), mean, 0.1);
      float[] weight = new float[RandomData.weightSize(g)];
      double[] gradient = new Runs(random).weightGradient(kernels(), g, x, dy);
      ConvolutionOracle oracle = new ConvolutionOracle(g, x, weight, new float[0], dy);
      double largest = Arrays.stream(oracle.gradient).map(Math::abs).max().orElseThrow();
      for (int i = 0; i < gradient.length; i++) {
        Within.value("dw[" + i + "]", gradient[i], oracle.gradient[i], 1e-6 * largest);
      }
    }
  }

  @Test
  void compiledKernelsAllocateNothingWhateverGeometriesMix() {
    String bytes = ChildJvm.lastLine(KernelAllocation.class, ChildJvm.VECTOR_MODULE);
    assertThat(Long.parseLong(bytes)).as("bytes a round").isLessThan(16 * 1024);
  }
}
