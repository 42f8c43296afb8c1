package dev.syncnorm.layer;

import dev.syncnorm.tensor.Shape;

/**
 * A named array of a layer: trained by gradients, or moved by the running statistics.
 *
 * @param name the name within the layer, as in model files: {@code weight}, {@code moving_mean}
 */
public record Parameter(String name, Shape shape, Role role, Initializer initializer) {

  /** How a parameter changes. */
  public enum Role {
    /** By the optimizer. */
    TRAINABLE,
    /** By the running statistics of a batch norm. */
    MOVING
  }

  /** How a parameter starts. */
  public sealed interface Initializer {
    /** Every value the same. */
    record Constant(float value) implements Initializer {}

    /** A normal distribution about 0 cut off at two standard deviations. */
    record TruncatedNormal(double standardDeviation) implements Initializer {}
  }

  /** Whether the optimizer changes it. */
  public boolean trainable() {
    return role == Role.TRAINABLE;
  }
}
