package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.Loss;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.Operation;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.Optional;

/**
 * A task of a phase with the kernels that it runs on: for each image {@link #begin}, then its rows
 * from the first to the last, then {@link #finish}. Belongs to one thread.
 */
abstract class RowTask {

  /** What an image's tasks share. */
  record Image(StoredTensors stored, float[][] parameters, StepContext context) {}

  /** Makes the task of an operation. */
  static RowTask of(Network network, ParameterTable table, Operation operation, Kernels kernels) {
    if (operation instanceof Operation.Forward forward) {
      Layer layer = layer(network, forward.node());
      return layer instanceof BatchNorm norm
          ? new TensorTasks.Normalize(table, forward.node(), norm, kernels)
          : new TensorTasks.Forward(table, forward.node(), (ImageLayer) layer, kernels);
    }
    if (operation instanceof Operation.InputGradient gradient) {
      Layer layer = layer(network, gradient.node());
      return layer instanceof BatchNorm norm
          ? new TensorTasks.NormInputGradient(table, gradient.node(), norm, kernels)
          : new TensorTasks.InputGradient(table, gradient, (ImageLayer) layer, kernels);
    }
    if (operation instanceof Operation.Chain chain) {
      return new ChainTask(network, table, chain, kernels);
    }
    if (operation instanceof Operation.MaskedInputGradient gradient) {
      Convolution layer = (Convolution) layer(network, gradient.node());
      return new TensorTasks.MaskedInputGradient(table, gradient.node(), layer, kernels);
    }
    if (operation instanceof Operation.ParameterGradients gradients) {
      ImageLayer layer = (ImageLayer) layer(network, gradients.node());
      return new SumTasks.Gradients(
          gradients.node(), layer.parameterGradients(kernels).orElseThrow());
    }
    if (operation instanceof Operation.UnprojectedGradients gradients) {
      Convolution layer = (Convolution) layer(network, gradients.node());
      return new SumTasks.Gradients(
          gradients.node(), kernels.convolutionGradients(layer.geometry()));
    }
    if (operation instanceof Operation.Moments moments) {
      BatchNorm norm = (BatchNorm) layer(network, moments.segment().node());
      return new SumTasks.OfOne(norm.partialMoments(kernels), moments.segment());
    }
    if (operation instanceof Operation.NormGradients gradients) {
      BatchNorm norm = (BatchNorm) layer(network, gradients.segment().node());
      Segment.NormGradients segment = gradients.segment();
      return new SumTasks.AboutPivot(
          norm.partialGradientSums(kernels),
          segment,
          image -> BatchNorm.pivot(image.context().moments(segment.node())));
    }
    if (operation instanceof Operation.PatchMoments moments) {
      Convolution layer = (Convolution) layer(network, moments.segment().node());
      return new SumTasks.OfOne(kernels.patchMoments(layer.geometry()), moments.segment());
    }
    if (operation instanceof Operation.ResidualSums residuals) {
      BatchNorm norm = (BatchNorm) layer(network, residuals.segment().node());
      Segment.ResidualSums segment = residuals.segment();
      return new SumTasks.AboutPivot(
          norm.partialGradientSums(kernels),
          segment,
          image -> table.ofNode(image.parameters(), segment.node())[BatchNorm.MOVING_MEAN]);
    }
    Loss loss = network.loss();
    if (operation instanceof Operation.Residual) {
      return new TensorTasks.Residual(kernels);
    }
    if (operation instanceof Operation.LossSum sum) {
      return new SumTasks.OfTwo(loss.partialSum(kernels, network.output()), sum.segment());
    }
    return operation instanceof Operation.LossGradient
        ? new TensorTasks.LossGradient(loss, kernels)
        : new TensorTasks.AddGradients(kernels);
  }

  private static Layer layer(Network network, int node) {
    return network.nodes().get(node).layer();
  }

  /** Begins with an image. */
  void begin(Image image) {}

  /**
   * Computes rows, or adds them to sums.
   *
   * @param reads the tensors of the task, in its order
   * @param written the tensor that it writes, if it does
   */
  abstract void run(Planes[] reads, Optional<Planes> written, int from, int to);

  /** Writes the sums of an image into those of its phase. */
  void finish(double[] sums) {}
}
