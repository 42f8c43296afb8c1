package dev.syncnorm.training;

import java.util.List;

/**
 * Moves parameters against their gradients. Immutable; its state is passed in as slots, float32
 * arrays of the parameter's size that start at 0.
 */
public sealed interface Optimizer permits Adam {

  /** The names of the slots, as in optimizer.safetensors. */
  List<String> slots();

  /** The factor of every update. */
  double learningRate();

  /**
   * Makes one update in place.
   *
   * @param update the number of this update, from 1
   * @param gradient holds the parameter's gradient from {@code offset} on
   * @param value the parameter
   * @param slots one array for each of {@link #slots()}
   */
  void update(long update, double[] gradient, int offset, float[] value, float[][] slots);
}
