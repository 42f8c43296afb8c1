package dev.syncnorm.layer;

import dev.syncnorm.tensor.Shape;
import java.util.List;

/**
 * A node of the network with its shapes known. Immutable and thread-safe: what changes (parameters,
 * activations, scratch memory) is passed in.
 */
public sealed interface Layer permits ImageLayer, BatchNorm {

  /** The layer's name, unique in its network. */
  String name();

  /** The layer's type as configurations spell it. */
  String type();

  /** The shape of one image's output, [channels, height, width]. */
  Shape outputShape();

  /** The parameters in the order in which their values are passed to the layer. */
  List<Parameter> parameters();

  /**
   * Floating-point operations of the forward pass of one image, a multiply-add counted as two; one
   * for each value of the output unless the layer says otherwise.
   */
  default double forwardOperations() {
    return outputShape().size();
  }
}
