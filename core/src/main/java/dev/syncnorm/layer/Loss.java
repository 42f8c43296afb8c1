package dev.syncnorm.layer;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.tensor.Shape;

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
    public RowSums.OfTwo partialSum(Kernels kernels, Shape output) {
      return kernels.squaredError(output);
    }

    @Override
    public void backward(
        Kernels kernels, Planes y, Planes target, double elements, Planes dy, int from, int to) {
      kernels.squaredErrorGradient(y, target, (float) (2 / elements), dy, from, to);
    }
  };

  /**
   * One image's sum over its output, the first tensor, and its target, the second; the loss is the
   * sum of these over the batch, divided by its elements.
   */
  public abstract RowSums.OfTwo partialSum(Kernels kernels, Shape output);

  /**
   * Rows of the gradient of the loss with respect to one image's output.
   *
   * @param elements values of the output over the global batch
   */
  public abstract void backward(
      Kernels kernels, Planes y, Planes target, double elements, Planes dy, int from, int to);
}
