package dev.syncnorm.kernel;

import jdk.incubator.vector.FloatVector;

/**
 * {@link Kernels} on the JDK's Vector API (JEP 338 and its successors), the pixels in lanes. The
 * bits of every result depend on the arguments alone: not on the width of the machine's vectors
 * (128 to 512 bits), not on where a vector's tail begins, as scalar tails use {@code Math.fma},
 * which rounds as vectors do. The processor must have fused multiply-add, see {@link
 * Backend#unavailable}.
 *
 * <p>The orders of the sums are defined in {@link VectorConvolution}, {@link VectorWeightGradient}
 * and {@link VectorSums}. After its first call with a geometry a method allocates nothing.
 */
public final class VectorKernels implements Kernels {
  private final VectorConvolution convolution = new VectorConvolution();
  private final VectorWeightGradient weightGradient = new VectorWeightGradient();
  private final VectorSums sums = new VectorSums();

  @Override
  public void convolution(
      ConvolutionGeometry geometry, float[] x, float[] weight, float[] bias, float[] y) {
    convolution.forward(geometry, x, weight, bias, y);
  }

  @Override
  public void convolutionInputGradient(
      ConvolutionGeometry geometry, float[] dy, float[] weight, float[] dx) {
    convolution.inputGradient(geometry, dy, weight, dx);
  }

  @Override
  public void convolutionWeightGradient(
      ConvolutionGeometry geometry, float[] x, float[] dy, double[] gradient, int offset) {
    weightGradient.run(geometry, convolution.forwardPlan(geometry), x, dy, gradient, offset);
  }

  @Override
  public void channelSums(float[] x, int channels, int pixels, double[] sums, int offset) {
    this.sums.channelSums(x, channels, pixels, sums, offset);
  }

  @Override
  public void moments(float[] x, int channels, int pixels, double[] moments, int offset) {
    sums.moments(x, channels, pixels, moments, offset);
  }

  @Override
  public void batchNormGradientSums(
      float[] x, float[] dy, int channels, int pixels, float[] pivot, double[] sums, int offset) {
    this.sums.batchNormGradientSums(x, dy, channels, pixels, pivot, sums, offset);
  }

  @Override
  public double squaredError(float[] y, float[] target, int size) {
    return sums.squaredError(y, target, size);
  }

  @Override
  public void normalize(
      float[] x, int channels, int pixels, float[] pivot, float[] scale, float[] shift, float[] y) {
    int body = pixels - pixels % Lanes.LENGTH;
    for (int channel = 0; channel < channels; channel++) {
      int start = channel * pixels;
      FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot[channel]);
      FloatVector a = FloatVector.broadcast(Lanes.FLOATS, scale[channel]);
      FloatVector b = FloatVector.broadcast(Lanes.FLOATS, shift[channel]);
      for (int i = start; i < start + body; i += Lanes.LENGTH) {
        FloatVector.fromArray(Lanes.FLOATS, x, i).sub(p).fma(a, b).intoArray(y, i);
      }
      for (int i = start + body; i < start + pixels; i++) {
        y[i] = Math.fma(x[i] - pivot[channel], scale[channel], shift[channel]);
      }
    }
  }

  /** dx = fma(dyScale, dy, fma(xScale, x - pivot, shift)). */
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
    int body = pixels - pixels % Lanes.LENGTH;
    for (int channel = 0; channel < channels; channel++) {
      int start = channel * pixels;
      FloatVector p = FloatVector.broadcast(Lanes.FLOATS, pivot[channel]);
      FloatVector a = FloatVector.broadcast(Lanes.FLOATS, dyScale[channel]);
      FloatVector b = FloatVector.broadcast(Lanes.FLOATS, xScale[channel]);
      FloatVector c = FloatVector.broadcast(Lanes.FLOATS, shift[channel]);
      for (int i = start; i < start + body; i += Lanes.LENGTH) {
        FloatVector xPart = FloatVector.fromArray(Lanes.FLOATS, x, i).sub(p).fma(b, c);
        FloatVector.fromArray(Lanes.FLOATS, dy, i).fma(a, xPart).intoArray(dx, i);
      }
      for (int i = start + body; i < start + pixels; i++) {
        float xPart = Math.fma(x[i] - pivot[channel], xScale[channel], shift[channel]);
        dx[i] = Math.fma(dy[i], dyScale[channel], xPart);
      }
    }
  }

  @Override
  public void add(float[] a, float[] b, int size, float[] sum) {
    int body = size - size % Lanes.LENGTH;
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      FloatVector.fromArray(Lanes.FLOATS, a, i)
          .add(FloatVector.fromArray(Lanes.FLOATS, b, i))
          .intoArray(sum, i);
    }
    for (int i = body; i < size; i++) {
      sum[i] = a[i] + b[i];
    }
  }

  @Override
  public void squaredErrorGradient(float[] y, float[] target, int size, float factor, float[] dy) {
    int body = size - size % Lanes.LENGTH;
    FloatVector f = FloatVector.broadcast(Lanes.FLOATS, factor);
    for (int i = 0; i < body; i += Lanes.LENGTH) {
      FloatVector.fromArray(Lanes.FLOATS, y, i)
          .sub(FloatVector.fromArray(Lanes.FLOATS, target, i))
          .mul(f)
          .intoArray(dy, i);
    }
    for (int i = body; i < size; i++) {
      dy[i] = factor * (y[i] - target[i]);
    }
  }
}
