package dev.syncnorm.network;

import dev.syncnorm.network.SumLayout.Segment;
import java.util.List;

/** What is computed for one image, row by row: a tensor of a step, or an image's part of a sum. */
public sealed interface Operation {

  /** The output of a layer. */
  record Forward(int node) implements Operation {}

  /**
   * The output of the last of some layers, each of which but the first reads the one before it and
   * works on it in place: see {@link Rewrites}. What the others put out is never there.
   */
  record Chain(List<Integer> nodes) implements Operation {
    /** Copies the list. */
    public Chain {
      nodes = List.copyOf(nodes);
    }
  }

  /** The gradient of the network's output with respect to the loss. */
  record LossGradient() implements Operation {}

  /** The gradient that a layer's input receives from the layer. */
  record InputGradient(int node, int input) implements Operation {}

  /**
   * The gradient that a rectifier's input receives where the rectifier's output goes to one
   * convolution alone.
   *
   * @param node the convolution
   */
  record MaskedInputGradient(int node, int rectifier) implements Operation {}

  /** The sum of the gradients that a value receives, in the order in which they are read. */
  record AddGradients(int value) implements Operation {}

  /** The image's part of the loss. */
  record LossSum(Segment.LossSum segment) implements Operation {}

  /** The image's moments of a batch norm's input. */
  record Moments(Segment.Moments segment) implements Operation {}

  /** The image's part of the sums of a batch norm's backward pass. */
  record NormGradients(Segment.NormGradients segment) implements Operation {}

  /** The image's gradients of a layer's parameters, which are sent with the last sum. */
  record ParameterGradients(int node) implements Operation {}

  /**
   * The image's gradients of a convolution as if the batch norm behind it passed gradients on
   * unchanged, and the sums of the gradient's channels; they are sent with the last sum.
   */
  record UnprojectedGradients(int node, int norm) implements Operation {}

  /** The image's moments of the patches that a convolution sees. */
  record PatchMoments(Segment.PatchMoments segment) implements Operation {}

  /** What the network adds to the output of its last batch norm, minus the target. */
  record Residual() implements Operation {}

  /** The image's sums of the residual. */
  record ResidualSums(Segment.ResidualSums segment) implements Operation {}
}
