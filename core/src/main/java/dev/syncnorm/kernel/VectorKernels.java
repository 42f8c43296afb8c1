package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Kernels} on the JDK's Vector API (JEP 338 and its successors), the pixels in lanes. The
 * bits of every result depend on the arguments alone: not on the width of the machine's vectors
 * (128 to 512 bits), not on how an image is cut into runs of rows, not on where a vector's tail
 * begins, as scalar tails use {@code Math.fma}, which rounds as vectors do. The processor must have
 * fused multiply-add, see {@link Backend#unavailable}.
 *
 * <p>The orders of the sums are defined in {@link VectorConvolution}, {@link VectorWeightGradient},
 * {@link LaneSums} and {@link LaneMoments}. After its first call with a geometry a method allocates
 * nothing, nor do the sums once they are made.
 */
public final class VectorKernels implements Kernels {
  private final VectorConvolution convolution = new VectorConvolution();

  @Override
  public void convolution(
      ConvolutionGeometry geometry,
      Planes x,
      float[] weight,
      float[] bias,
      Planes y,
      int from,
      int to) {
    convolution.forward(geometry, x, weight, bias, false, y, from, to);
  }

  @Override
  public void rectifiedConvolution(
      ConvolutionGeometry geometry,
      Planes x,
      float[] weight,
      float[] bias,
      Planes y,
      int from,
      int to) {
    if (!convolution.forward(geometry, x, weight, bias, true, y, from, to)) {
      relu(y, y, from, to);
    }
  }

  @Override
  public void convolutionInputGradient(
      ConvolutionGeometry geometry, Planes dy, float[] weight, Planes dx, int from, int to) {
    convolution.inputGradient(geometry, dy, weight, dx, from, to);
  }

  @Override
  public RowSums.OfTwo convolutionWeightGradient(ConvolutionGeometry geometry) {
    return new VectorWeightGradient(
        geometry, convolution.forwardPlan(geometry), convolution.source(), false);
  }

  @Override
  public RowSums.OfTwo convolutionGradients(ConvolutionGeometry geometry) {
    return new VectorWeightGradient(
        geometry, convolution.forwardPlan(geometry), convolution.source(), true);
  }

  @Override
  public RowSums.OfOne patchMoments(ConvolutionGeometry geometry) {
    return new GatheredPatchMoments(geometry);
  }

  @Override
  public RowSums.OfOne channelSums(Shape shape) {
    return new LaneSums.OfChannels(shape);
  }

  @Override
  public RowSums.OfOne moments(Shape shape) {
    return new LaneMoments(shape);
  }

  @Override
  public RowSums.OfTwoAboutPivot batchNormGradientSums(Shape shape) {
    return new LaneSums.OfGradient(shape);
  }

  @Override
  public RowSums.OfTwo squaredError(Shape shape) {
    return new LaneSums.OfSquaredError(shape);
  }

  /** y = fma(x - pivot, scale, shift). */
  @Override
  public void normalize(
      Planes x, float[] pivot, float[] scale, float[] shift, Planes y, int from, int to) {
    int width = x.shape().width();
    for (int channel = 0; channel < x.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        normalize(
            x.values(),
            x.offset(channel, row),
            pivot[channel],
            scale[channel],
            shift[channel],
            y.values(),
            y.offset(channel, row),
            width);
      }
    }
  }

  private static void normalize(
      float[] x, int xAt, float pivot, float scale, float shift, float[] y, int yAt, int width) {
    FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot);
    FloatVector a = FloatVector.broadcast(Lanes.FLOATS, scale);
    FloatVector b = FloatVector.broadcast(Lanes.FLOATS, shift);
    int body = width - width % Lanes.LENGTH;
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      FloatVector.fromArray(Lanes.FLOATS, x, xAt + i).sub(p).fma(a, b).intoArray(y, yAt + i);
    }
    for (int i = body; i < width; i++) {
      y[yAt + i] = Math.fma(x[xAt + i] - pivot, scale, shift);
    }
  }

  /** dx = fma(dyScale, dy, fma(xScale, x - pivot, shift)). */
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
    int width = x.shape().width();
    for (int channel = 0; channel < x.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        inputGradient(
            x.values(),
            x.offset(channel, row),
            dy.values(),
            dy.offset(channel, row),
            pivot[channel],
            dyScale[channel],
            xScale[channel],
            shift[channel],
            dx.values(),
            dx.offset(channel, row),
            width);
      }
    }
  }

  private static void inputGradient(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      float pivot,
      float dyScale,
      float xScale,
      float shift,
      float[] dx,
      int dxAt,
      int width) {
    FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot);
    FloatVector a = FloatVector.broadcast(Lanes.FLOATS, dyScale);
    FloatVector b = FloatVector.broadcast(Lanes.FLOATS, xScale);
    FloatVector c = FloatVector.broadcast(Lanes.FLOATS, shift);
    int body = width - width % Lanes.LENGTH;
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      FloatVector xPart = FloatVector.fromArray(Lanes.FLOATS, x, xAt + i).sub(p).fma(b, c);
      FloatVector.fromArray(Lanes.FLOATS, dy, dyAt + i).fma(a, xPart).intoArray(dx, dxAt + i);
    }
    for (int i = body; i < width; i++) {
      float xPart = Math.fma(x[xAt + i] - pivot, xScale, shift);
      dx[dxAt + i] = Math.fma(dy[dyAt + i], dyScale, xPart);
    }
  }

  @Override
  public void add(Planes a, Planes b, Planes sum, int from, int to) {
    for (int channel = 0; channel < a.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        add(
            a.values(),
            a.offset(channel, row),
            b.values(),
            b.offset(channel, row),
            sum.values(),
            sum.offset(channel, row),
            a.shape().width());
      }
    }
  }

  private static void add(float[] a, int aAt, float[] b, int bAt, float[] sum, int at, int width) {
    int body = width - width % Lanes.LENGTH;
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      FloatVector.fromArray(Lanes.FLOATS, a, aAt + i)
          .add(FloatVector.fromArray(Lanes.FLOATS, b, bAt + i))
          .intoArray(sum, at + i);
    }
    for (int i = body; i < width; i++) {
      sum[at + i] = a[aAt + i] + b[bAt + i];
    }
  }

  @Override
  public void relu(Planes x, Planes y, int from, int to) {
    for (int channel = 0; channel < x.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        relu(
            x.values(),
            x.offset(channel, row),
            y.values(),
            y.offset(channel, row),
            x.shape().width());
      }
    }
  }

  private static void relu(float[] x, int xAt, float[] y, int yAt, int width) {
    FloatVector zero = FloatVector.zero(Lanes.FLOATS);
    int body = width - width % Lanes.LENGTH;
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      // Not max, which takes several instructions to keep NaN.
      FloatVector value = FloatVector.fromArray(Lanes.FLOATS, x, xAt + i);
      value.blend(zero, value.compare(VectorOperators.LE, zero)).intoArray(y, yAt + i);
    }
    for (int i = body; i < width; i++) {
      y[yAt + i] = x[xAt + i] <= 0 ? 0 : x[xAt + i];
    }
  }

  @Override
  public void reluGradient(Planes y, Planes dy, Planes dx, int from, int to) {
    for (int channel = 0; channel < y.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        reluGradient(
            y.values(),
            y.offset(channel, row),
            dy.values(),
            dy.offset(channel, row),
            dx.values(),
            dx.offset(channel, row),
            y.shape().width());
      }
    }
  }

  private static void reluGradient(
      float[] y, int yAt, float[] dy, int dyAt, float[] dx, int dxAt, int width) {
    FloatVector zero = FloatVector.zero(Lanes.FLOATS);
    int body = width - width % Lanes.LENGTH;
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      FloatVector output = FloatVector.fromArray(Lanes.FLOATS, y, yAt + i);
      FloatVector.fromArray(Lanes.FLOATS, dy, dyAt + i)
          .blend(zero, output.compare(VectorOperators.LE, zero))
          .intoArray(dx, dxAt + i);
    }
    for (int i = body; i < width; i++) {
      dx[dxAt + i] = y[yAt + i] <= 0 ? 0 : dy[dyAt + i];
    }
  }

  @Override
  public void squaredErrorGradient(
      Planes y, Planes target, float factor, Planes dy, int from, int to) {
    for (int channel = 0; channel < y.shape().channels(); channel++) {
      for (int row = from; row < to; row++) {
        errorGradient(
            y.values(),
            y.offset(channel, row),
            target.values(),
            target.offset(channel, row),
            factor,
            dy.values(),
            dy.offset(channel, row),
            y.shape().width());
      }
    }
  }

  private static void errorGradient(
      float[] y, int yAt, float[] target, int at, float factor, float[] dy, int dyAt, int width) {
    FloatVector f = FloatVector.broadcast(Lanes.FLOATS, factor);
    int body = width - width % Lanes.LENGTH;
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      FloatVector.fromArray(Lanes.FLOATS, y, yAt + i)
          .sub(FloatVector.fromArray(Lanes.FLOATS, target, at + i))
          .mul(f)
          .intoArray(dy, dyAt + i);
    }
    for (int i = body; i < width; i++) {
      dy[dyAt + i] = factor * (y[yAt + i] - target[at + i]);
    }
  }
}
