package dev.syncnorm.network;

import dev.syncnorm.network.SumLayout.Segment;

/** What is computed for one image, row by row: a tensor of a step, or an image's part of a sum. */
public sealed interface Operation {

  /** The output of a layer. */
  record Forward(int node) implements Operation {}

  /** The gradient of the network's output with respect to the loss. */
  record LossGradient() implements Operation {}

  /** The gradient that a layer's input receives from the layer. */
  record InputGradient(int node, int input) implements Operation {}

  /** The sum of the gradients that a value receives, in the order in which they are read. */
  record AddGradients(int value) implements Operation {}

  /** The image's part of the loss. */
  record LossSum(Segment.LossSum segment) implements Operation {}

  /** The image's moments of a batch norm's input. */
  record Moments(Segment.Moments segment) implements Operation {}

  /** The image's part of the sums of a batch norm's backward pass. */
  record NormGradients(Segment.NormGradients segment) implements Operation {}

  /**
   * The image's gradients of a layer's parameters, which are sent with the last sum.
   *
   * @param output the value whose gradient counts as that of the layer's output
   */
  record ParameterGradients(int node, int output) implements Operation {}

  /** The image's moments of the patches that a convolution sees. */
  record PatchMoments(Segment.PatchMoments segment) implements Operation {}

  /** What the network adds to the output of its last batch norm, minus the target. */
  record Residual() implements Operation {}

  /** The image's sums of the residual. */
  record ResidualSums(Segment.ResidualSums segment) implements Operation {}
}
