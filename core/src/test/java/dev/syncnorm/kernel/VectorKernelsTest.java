package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract, and the exact bits that {@link VectorKernels} promises. */
class VectorKernelsTest implements ConvolutionContract, SumsContract, ElementwiseContract {
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
      float[] y = new float[dy.length];
      kernels.convolution(g, x, weight, bias, y);
      assertThat(y).as("%s y", g).isEqualTo(chainedOutput(g, x, weight, bias));
      float[] dx = new float[x.length];
      kernels.convolutionInputGradient(g, dy, weight, dx);
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
  @ValueSource(ints = {1, 16, 100, 512, 513, 5000})
  void channelSumsRunOverSixteenLogicalLanesInBlocksOf512(int pixels) {
    float[] x = RandomData.gaussian(new Random(pixels), pixels);
    double[] lanes = new double[16];
    for (int from = 0; from < pixels; from += 512) {
      float[] block = new float[16];
      for (int i = from; i < Math.min(pixels, from + 512); i++) {
        block[i % 16] += x[i];
      }
      for (int lane = 0; lane < 16; lane++) {
        lanes[lane] += block[lane];
      }
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        lanes[lane] += lanes[lane + half];
      }
    }
    double[] sums = new double[1];
    kernels().channelSums(x, 1, pixels, sums, 0);
    assertThat(sums[0]).isEqualTo(lanes[0]);
  }

  /** A lane adds at most 64 products before doubles take over, whatever the size of the image. */
  @Test
  void weightGradientsOfLargeImagesKeepTheAccuracyOfSmallOnes() {
    ConvolutionGeometry g = new ConvolutionGeometry(2, 300, 301, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    Random random = new Random(13);
    float[] x = RandomData.gaussian(random, RandomData.inputSize(g), 1, 0.1);
    float[] dy = RandomData.gaussian(random, RandomData.outputSize(g), 1, 0.1);
    float[] weight = new float[RandomData.weightSize(g)];
    double[] gradient = new double[weight.length];
    kernels().convolutionWeightGradient(g, x, dy, gradient, 0);
    ConvolutionOracle oracle = new ConvolutionOracle(g, x, weight, new float[0], dy);
    Within.roundings("dw", gradient, oracle.gradient, oracle.gradientMagnitude, 64);
  }

  @Test
  void compiledKernelsAllocateNothingWhateverGeometriesMix() {
    String bytes = ChildJvm.lastLine(KernelAllocation.class, ChildJvm.VECTOR_MODULE);
    assertThat(Long.parseLong(bytes)).as("bytes a round").isLessThan(16 * 1024);
  }
}
