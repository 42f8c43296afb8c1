package dev.syncnorm.layer;

import dev.syncnorm.kernel.Kernels;

/**
 * What training makes small: a mean over the global batch of a sum over each image. Immutable and
 * thread-safe.
 */
public enum Loss {

  /**
   * The mean of (y - target)^2 over all elements of the batch.
   *
   * <p>backward: dy = 2 (y - target) / elements, elements = N C H W of the global batch.
   */
  MEAN_SQUARED_ERROR {
    @Override
    public double partialSum(Kernels kernels, float[] y, float[] target, int size) {
      return kernels.squaredError(y, target, size);
    }

    @Override
    public void backward(
        Kernels kernels, float[] y, float[] target, int size, double elements, float[] dy) {
      kernels.squaredErrorGradient(y, target, size, (float) (2 / elements), dy);
    }
  };

  /** One image's sum; the loss is the sum of these over the batch, divided by its elements. */
  public abstract double partialSum(Kernels kernels, float[] y, float[] target, int size);

  /** The gradient of the loss with respect to one image's output. */
  public abstract void backward(
      Kernels kernels, float[] y, float[] target, int size, double elements, float[] dy);
}
