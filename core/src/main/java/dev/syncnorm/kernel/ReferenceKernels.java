package dev.syncnorm.kernel;

/**
 * {@link Kernels} as their formulas are written: naive loops, sums in double precision, one
 * rounding to float32 at the end. Slow and easy to check; the oracle of the fast implementations,
 * with which it shares no code.
 *
 * <p>Zeros of the padding are skipped. Keeps no state, so an instance may be shared.
 */
public final class ReferenceKernels implements Kernels {

  @Override
  public void convolution(
      ConvolutionGeometry geometry, float[] x, float[] weight, float[] bias, float[] y) {
    ConvolutionGeometry g = geometry;
    int groupInputs = g.inputChannels() / g.groups();
    int groupOutputs = g.outputChannels() / g.groups();
    for (int o = 0; o < g.outputChannels(); o++) {
      int firstInput = o / groupOutputs * groupInputs;
      for (int r = 0; r < g.outputHeight(); r++) {
        for (int c = 0; c < g.outputWidth(); c++) {
          double sum = bias.length == 0 ? 0 : bias[o];
          for (int i = 0; i < groupInputs; i++) {
            for (int kr = 0; kr < g.kernelHeight(); kr++) {
              for (int kc = 0; kc < g.kernelWidth(); kc++) {
                int xr = r * g.stride() + kr * g.dilation() - g.top();
                int xc = c * g.stride() + kc * g.dilation() - g.left();
                if (isInside(g, xr, xc)) {
                  sum +=
                      (double) weight[weightIndex(g, o, i, kr, kc)]
                          * x[inputIndex(g, firstInput + i, xr, xc)];
                }
              }
            }
          }
          y[outputIndex(g, o, r, c)] = (float) sum;
        }
      }
    }
  }

  @Override
  public void convolutionInputGradient(
      ConvolutionGeometry geometry, float[] dy, float[] weight, float[] dx) {
    ConvolutionGeometry g = geometry;
    int groupInputs = g.inputChannels() / g.groups();
    int groupOutputs = g.outputChannels() / g.groups();
    for (int i = 0; i < g.inputChannels(); i++) {
      int firstOutput = i / groupInputs * groupOutputs;
      for (int xr = 0; xr < g.inputHeight(); xr++) {
        for (int xc = 0; xc < g.inputWidth(); xc++) {
          double sum = 0;
          for (int o = firstOutput; o < firstOutput + groupOutputs; o++) {
            for (int kr = 0; kr < g.kernelHeight(); kr++) {
              for (int kc = 0; kc < g.kernelWidth(); kc++) {
                int r = outputPosition(g, xr + g.top() - kr * g.dilation(), g.outputHeight());
                int c = outputPosition(g, xc + g.left() - kc * g.dilation(), g.outputWidth());
                if (r >= 0 && c >= 0) {
                  sum +=
                      (double) weight[weightIndex(g, o, i % groupInputs, kr, kc)]
                          * dy[outputIndex(g, o, r, c)];
                }
              }
            }
          }
          dx[inputIndex(g, i, xr, xc)] = (float) sum;
        }
      }
    }
  }

  @Override
  public void convolutionWeightGradient(
      ConvolutionGeometry geometry, float[] x, float[] dy, double[] gradient, int offset) {
    ConvolutionGeometry g = geometry;
    int groupInputs = g.inputChannels() / g.groups();
    int groupOutputs = g.outputChannels() / g.groups();
    for (int o = 0; o < g.outputChannels(); o++) {
      int firstInput = o / groupOutputs * groupInputs;
      for (int i = 0; i < groupInputs; i++) {
        for (int kr = 0; kr < g.kernelHeight(); kr++) {
          for (int kc = 0; kc < g.kernelWidth(); kc++) {
            double sum = 0;
            for (int r = 0; r < g.outputHeight(); r++) {
              for (int c = 0; c < g.outputWidth(); c++) {
                int xr = r * g.stride() + kr * g.dilation() - g.top();
                int xc = c * g.stride() + kc * g.dilation() - g.left();
                if (isInside(g, xr, xc)) {
                  sum +=
                      (double) dy[outputIndex(g, o, r, c)]
                          * x[inputIndex(g, firstInput + i, xr, xc)];
                }
              }
            }
            gradient[offset + weightIndex(g, o, i, kr, kc)] = sum;
          }
        }
      }
    }
  }

  private static boolean isInside(ConvolutionGeometry g, int row, int column) {
    return row >= 0 && row < g.inputHeight() && column >= 0 && column < g.inputWidth();
  }

  /** The output row or column that starts at this padded input position, or -1 if none does. */
  private static int outputPosition(ConvolutionGeometry g, int padded, int size) {
    return padded >= 0 && padded % g.stride() == 0 && padded / g.stride() < size
        ? padded / g.stride()
        : -1;
  }

  private static int inputIndex(ConvolutionGeometry g, int channel, int row, int column) {
    return (channel * g.inputHeight() + row) * g.inputWidth() + column;
  }

  private static int outputIndex(ConvolutionGeometry g, int channel, int row, int column) {
    return (channel * g.outputHeight() + row) * g.outputWidth() + column;
  }

  private static int weightIndex(ConvolutionGeometry g, int o, int i, int kr, int kc) {
    int groupInputs = g.inputChannels() / g.groups();
    return ((o * groupInputs + i) * g.kernelHeight() + kr) * g.kernelWidth() + kc;
  }

  @Override
  public void channelSums(float[] x, int channels, int pixels, double[] sums, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      double sum = 0;
      for (int i = channel * pixels; i < (channel + 1) * pixels; i++) {
        sum += x[i];
      }
      sums[offset + channel] = sum;
    }
  }

  /**
   * Two passes: the mean, then the squares about it. The double sum of n equal float32 values is
   * exact for n up to 2^29, so a constant channel's centred sum of squares is 0.
   */
  @Override
  public void moments(float[] x, int channels, int pixels, double[] moments, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      double sum = 0;
      for (int i = channel * pixels; i < (channel + 1) * pixels; i++) {
        sum += x[i];
      }
      double mean = sum / pixels;
      double squares = 0;
      for (int i = channel * pixels; i < (channel + 1) * pixels; i++) {
        squares += (x[i] - mean) * (x[i] - mean);
      }
      moments[offset + channel] = mean;
      moments[offset + channels + channel] = squares;
    }
  }

  @Override
  public void normalize(
      float[] x, int channels, int pixels, float[] pivot, float[] scale, float[] shift, float[] y) {
    for (int channel = 0; channel < channels; channel++) {
      for (int i = channel * pixels; i < (channel + 1) * pixels; i++) {
        y[i] = (float) (((double) x[i] - pivot[channel]) * scale[channel] + shift[channel]);
      }
    }
  }

  @Override
  public void batchNormGradientSums(
      float[] x, float[] dy, int channels, int pixels, float[] pivot, double[] sums, int offset) {
    for (int channel = 0; channel < channels; channel++) {
      double sum = 0;
      double product = 0;
      for (int i = channel * pixels; i < (channel + 1) * pixels; i++) {
        sum += dy[i];
        product += dy[i] * ((double) x[i] - pivot[channel]);
      }
      sums[offset + channel] = sum;
      sums[offset + channels + channel] = product;
    }
  }

  @Override
  public void batchNormInputGradient(
      float[] x,
      float[] dy,
      int channels,
      int pixels,
      float[] pivot,
      float[] dyScale,
      float[] xScale,
      float[] shift,
      float[] dx) {
    for (int channel = 0; channel < channels; channel++) {
      for (int i = channel * pixels; i < (channel + 1) * pixels; i++) {
        double xPart = xScale[channel] * ((double) x[i] - pivot[channel]) + shift[channel];
        dx[i] = (float) ((double) dyScale[channel] * dy[i] + xPart);
      }
    }
  }

  @Override
  public void add(float[] a, float[] b, int size, float[] sum) {
    for (int i = 0; i < size; i++) {
      sum[i] = a[i] + b[i];
    }
  }

  @Override
  public double squaredError(float[] y, float[] target, int size) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double difference = (double) y[i] - target[i];
      sum += difference * difference;
    }
    return sum;
  }

  @Override
  public void squaredErrorGradient(float[] y, float[] target, int size, float factor, float[] dy) {
    for (int i = 0; i < size; i++) {
      dy[i] = (float) (factor * ((double) y[i] - target[i]));
    }
  }
}
