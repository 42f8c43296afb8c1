package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import java.util.Arrays;

/**
 * {@link Kernels} as their formulas are written: naive loops, sums in double precision, one
 * rounding to float32 at the end. Slow and easy to check; the oracle of the fast implementations,
 * with which it shares no code.
 *
 * <p>Zeros of the padding are skipped. Keeps no state outside its {@link RowSums}.
 */
public final class ReferenceKernels implements Kernels {

  @Override
  public void convolution(
      ConvolutionGeometry geometry,
      Planes x,
      float[] weight,
      float[] bias,
      Planes y,
      int from,
      int to) {
    ConvolutionGeometry g = geometry;
    int groupInputs = g.inputChannels() / g.groups();
    int groupOutputs = g.outputChannels() / g.groups();
    for (int o = 0; o < g.outputChannels(); o++) {
      int firstInput = o / groupOutputs * groupInputs;
      for (int r = from; r < to; r++) {
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
                          * get(x, firstInput + i, xr, xc);
                }
              }
            }
          }
          set(y, o, r, c, sum);
        }
      }
    }
  }

  @Override
  public void convolutionInputGradient(
      ConvolutionGeometry geometry, Planes dy, float[] weight, Planes dx, int from, int to) {
    ConvolutionGeometry g = geometry;
    int groupInputs = g.inputChannels() / g.groups();
    int groupOutputs = g.outputChannels() / g.groups();
    for (int i = 0; i < g.inputChannels(); i++) {
      int firstOutput = i / groupInputs * groupOutputs;
      for (int xr = from; xr < to; xr++) {
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
                          * get(dy, o, r, c);
                }
              }
            }
          }
          set(dx, i, xr, xc, sum);
        }
      }
    }
  }

  @Override
  public RowSums.OfTwo convolutionWeightGradient(ConvolutionGeometry geometry) {
    return new WeightGradient(geometry);
  }

  private static final class WeightGradient extends Sums implements RowSums.OfTwo {
    private final ConvolutionGeometry g;

    WeightGradient(ConvolutionGeometry g) {
      super(g.weightShape().size());
      this.g = g;
    }

    @Override
    public void add(Planes x, Planes dy, int from, int to) {
      int groupInputs = g.inputChannels() / g.groups();
      int groupOutputs = g.outputChannels() / g.groups();
      for (int o = 0; o < g.outputChannels(); o++) {
        int firstInput = o / groupOutputs * groupInputs;
        for (int i = 0; i < groupInputs; i++) {
          for (int kr = 0; kr < g.kernelHeight(); kr++) {
            for (int kc = 0; kc < g.kernelWidth(); kc++) {
              for (int r = from; r < to; r++) {
                for (int c = 0; c < g.outputWidth(); c++) {
                  int xr = r * g.stride() + kr * g.dilation() - g.top();
                  int xc = c * g.stride() + kc * g.dilation() - g.left();
                  if (isInside(g, xr, xc)) {
                    sums[weightIndex(g, o, i, kr, kc)] +=
                        (double) get(dy, o, r, c) * get(x, firstInput + i, xr, xc);
                  }
                }
              }
            }
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

  private static int weightIndex(ConvolutionGeometry g, int o, int i, int kr, int kc) {
    int groupInputs = g.inputChannels() / g.groups();
    return ((o * groupInputs + i) * g.kernelHeight() + kr) * g.kernelWidth() + kc;
  }

  private static float get(Planes planes, int channel, int row, int column) {
    return planes.values()[planes.offset(channel, row) + column];
  }

  private static void set(Planes planes, int channel, int row, int column, double value) {
    planes.values()[planes.offset(channel, row) + column] = (float) value;
  }

  /** Plain double sums, each of which is added to pixel by pixel in the order of the rows. */
  private abstract static class Sums implements RowSums {
    final double[] sums;

    Sums(int size) {
      sums = new double[size];
    }

    @Override
    public void begin() {
      Arrays.fill(sums, 0);
    }

    @Override
    public void finish(double[] target, int offset) {
      System.arraycopy(sums, 0, target, offset, sums.length);
    }
  }

  @Override
  public RowSums.OfOne channelSums(Shape shape) {
    final class ChannelSums extends Sums implements RowSums.OfOne {
      ChannelSums() {
        super(shape.channels());
      }

      @Override
      public void add(Planes x, int from, int to) {
        forEachPixel(shape, from, to, (c, row, column) -> sums[c] += get(x, c, row, column));
      }
    }

    return new ChannelSums();
  }

  /**
   * Keeps all values until the end, for two passes: the mean, then the squares about it. The double
   * sum of n equal float32 values is exact for n up to 2^29, so a constant channel's centred sum of
   * squares is 0.
   */
  @Override
  public RowSums.OfOne moments(Shape shape) {
    return new RowSums.OfOne() {
      private final Planes all = Planes.whole(shape, Planes.Margins.NONE);

      @Override
      public void begin() {
        // Rows are written before they are read.
      }

      @Override
      public void add(Planes x, int from, int to) {
        forEachPixel(
            shape, from, to, (c, row, column) -> set(all, c, row, column, get(x, c, row, column)));
      }

      @Override
      public void finish(double[] moments, int offset) {
        int channels = shape.channels();
        double[] sums = new double[channels];
        forEachPixel(
            shape, 0, shape.height(), (c, row, column) -> sums[c] += get(all, c, row, column));
        Arrays.fill(moments, offset, offset + 2 * channels, 0);
        for (int c = 0; c < channels; c++) {
          moments[offset + c] = sums[c] / shape.pixels();
        }
        forEachPixel(
            shape,
            0,
            shape.height(),
            (c, row, column) -> {
              double centred = get(all, c, row, column) - moments[offset + c];
              moments[offset + channels + c] += centred * centred;
            });
      }
    };
  }

  @Override
  public RowSums.OfTwoAboutPivot batchNormGradientSums(Shape shape) {
    int channels = shape.channels();
    final class GradientSums extends Sums implements RowSums.OfTwoAboutPivot {
      GradientSums() {
        super(2 * channels);
      }

      @Override
      public void add(Planes x, float[] pivot, Planes dy, int from, int to) {
        forEachPixel(
            shape,
            from,
            to,
            (c, row, column) -> {
              double gradient = get(dy, c, row, column);
              sums[c] += gradient;
              sums[channels + c] += gradient * ((double) get(x, c, row, column) - pivot[c]);
            });
      }
    }

    return new GradientSums();
  }

  @Override
  public RowSums.OfTwo squaredError(Shape shape) {
    final class SquaredError extends Sums implements RowSums.OfTwo {
      SquaredError() {
        super(1);
      }

      @Override
      public void add(Planes y, Planes target, int from, int to) {
        for (int row = from; row < to; row++) {
          forEachPixel(
              shape,
              row,
              row + 1,
              (c, r, column) -> {
                double difference = (double) get(y, c, r, column) - get(target, c, r, column);
                sums[0] += difference * difference;
              });
        }
      }
    }

    return new SquaredError();
  }

  @Override
  public void normalize(
      Planes x, float[] pivot, float[] scale, float[] shift, Planes y, int from, int to) {
    forEachPixel(
        x.shape(),
        from,
        to,
        (c, row, column) -> {
          double centred = (double) get(x, c, row, column) - pivot[c];
          set(y, c, row, column, centred * scale[c] + shift[c]);
        });
  }

  @Override
  public void batchNormInputGradient(
      Planes x,
      Planes dy,
      float[] pivot,
      float[] dyScale,
      float[] xScale,
      float[] shift,
      Planes dx,
      int from,
      int to) {
    forEachPixel(
        x.shape(),
        from,
        to,
        (c, row, column) -> {
          double xPart = xScale[c] * ((double) get(x, c, row, column) - pivot[c]) + shift[c];
          set(dx, c, row, column, (double) dyScale[c] * get(dy, c, row, column) + xPart);
        });
  }

  @Override
  public void add(Planes a, Planes b, Planes sum, int from, int to) {
    forEachPixel(
        a.shape(),
        from,
        to,
        (c, row, column) ->
            set(sum, c, row, column, (double) get(a, c, row, column) + get(b, c, row, column)));
  }

  @Override
  public void relu(Planes x, Planes y, int from, int to) {
    forEachPixel(
        x.shape(),
        from,
        to,
        (c, row, column) -> set(y, c, row, column, Math.max(get(x, c, row, column), 0)));
  }

  @Override
  public void reluGradient(Planes y, Planes dy, Planes dx, int from, int to) {
    forEachPixel(
        y.shape(),
        from,
        to,
        (c, row, column) -> {
          boolean isCutOff = get(y, c, row, column) <= 0;
          set(dx, c, row, column, isCutOff ? 0 : get(dy, c, row, column));
        });
  }

  @Override
  public void squaredErrorGradient(
      Planes y, Planes target, float factor, Planes dy, int from, int to) {
    forEachPixel(
        y.shape(),
        from,
        to,
        (c, row, column) -> {
          double difference = (double) get(y, c, row, column) - get(target, c, row, column);
          set(dy, c, row, column, factor * difference);
        });
  }

  private interface Pixel {
    void visit(int channel, int row, int column);
  }

  private static void forEachPixel(Shape shape, int from, int to, Pixel pixel) {
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int row = from; row < to; row++) {
        for (int column = 0; column < shape.width(); column++) {
          pixel.visit(channel, row, column);
        }
      }
    }
  }

  @Override
  public RowSums.OfOne patchMoments(ConvolutionGeometry geometry) {
    ConvolutionGeometry g = geometry;
    int taps = g.inputChannels() * g.kernelHeight() * g.kernelWidth();
    return new RowSums.OfOne() {
      private final double[] totals = new double[taps + taps * (taps + 1) / 2];
      private final double[] patch = new double[taps];

      @Override
      public void begin() {
        Arrays.fill(totals, 0);
      }

      @Override
      public void add(Planes x, int from, int to) {
        for (int row = from; row < to; row++) {
          for (int column = 0; column < g.outputWidth(); column++) {
            read(x, row, column);
            int at = taps;
            for (int a = 0; a < taps; a++) {
              totals[a] += patch[a];
              for (int b = a; b < taps; b++) {
                totals[at++] += patch[a] * patch[b];
              }
            }
          }
        }
      }

      private void read(Planes x, int row, int column) {
        int t = 0;
        for (int i = 0; i < g.inputChannels(); i++) {
          for (int kr = 0; kr < g.kernelHeight(); kr++) {
            for (int kc = 0; kc < g.kernelWidth(); kc++) {
              int xr = row * g.stride() + kr * g.dilation() - g.top();
              int xc = column * g.stride() + kc * g.dilation() - g.left();
              boolean inside = xr >= 0 && xr < g.inputHeight() && xc >= 0 && xc < g.inputWidth();
              patch[t++] = inside ? x.values()[x.offset(i, xr) + xc] : 0;
            }
          }
        }
      }

      @Override
      public void finish(double[] sums, int offset) {
        System.arraycopy(totals, 0, sums, offset, totals.length);
      }
    };
  }
}
