package dev.syncnorm.tensor;

/**
 * A float32 tensor: a shape and its values in row-major order. The array is not copied; whoever
 * shares a tensor agrees not to write to it.
 */
@SuppressWarnings("ArrayRecordComponent") // a tensor is its values: compared by the tests that care
public record Tensor(Shape shape, float[] values) {

  /** Checks that there are as many values as the shape says. */
  public Tensor {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException(
          "a tensor of shape " + shape + " has " + values.length + " values");
    }
  }
}
