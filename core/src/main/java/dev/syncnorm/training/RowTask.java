package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.Loss;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.Operation;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;

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
          ? new Normalize(table, forward.node(), norm, kernels)
          : new Forward(table, forward.node(), (ImageLayer) layer, kernels);
    }
    if (operation instanceof Operation.InputGradient gradient) {
      Layer layer = layer(network, gradient.node());
      return layer instanceof BatchNorm norm
          ? new NormInputGradient(table, gradient.node(), norm, kernels)
          : new InputGradient(table, gradient, (ImageLayer) layer, kernels);
    }
    if (operation instanceof Operation.Chain chain) {
      return new ChainTask(network, table, chain, kernels);
    }
    if (operation instanceof Operation.MaskedInputGradient gradient) {
      Convolution layer = (Convolution) layer(network, gradient.node());
      return new MaskedInputGradient(table, gradient.node(), layer, kernels);
    }
    if (operation instanceof Operation.ParameterGradients gradients) {
      ImageLayer layer = (ImageLayer) layer(network, gradients.node());
      return new ParameterGradients(
          gradients.node(), layer.parameterGradients(kernels).orElseThrow());
    }
    if (operation instanceof Operation.UnprojectedGradients gradients) {
      Convolution layer = (Convolution) layer(network, gradients.node());
      return new UnprojectedGradients(
          gradients.node(), kernels.convolutionGradients(layer.geometry()));
    }
    if (operation instanceof Operation.Moments moments) {
      BatchNorm norm = (BatchNorm) layer(network, moments.segment().node());
      return new SumOfOne(norm.partialMoments(kernels), moments.segment());
    }
    if (operation instanceof Operation.NormGradients gradients) {
      BatchNorm norm = (BatchNorm) layer(network, gradients.segment().node());
      Segment.NormGradients segment = gradients.segment();
      return new SumAboutPivot(
          norm.partialGradientSums(kernels),
          segment,
          image -> BatchNorm.pivot(image.context().moments(segment.node())));
    }
    if (operation instanceof Operation.PatchMoments moments) {
      Convolution layer = (Convolution) layer(network, moments.segment().node());
      return new SumOfOne(kernels.patchMoments(layer.geometry()), moments.segment());
    }
    if (operation instanceof Operation.ResidualSums residuals) {
      BatchNorm norm = (BatchNorm) layer(network, residuals.segment().node());
      Segment.ResidualSums segment = residuals.segment();
      return new SumAboutPivot(
          norm.partialGradientSums(kernels),
          segment,
          image -> table.ofNode(image.parameters(), segment.node())[BatchNorm.MOVING_MEAN]);
    }
    Loss loss = network.loss();
    if (operation instanceof Operation.Residual) {
      return new Residual(kernels);
    }
    if (operation instanceof Operation.LossSum sum) {
      return new SumOfTwo(loss.partialSum(kernels, network.output()), sum.segment());
    }
    return operation instanceof Operation.LossGradient
        ? new LossGradient(loss, kernels)
        : new AddGradients(kernels);
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

  private static final class Forward extends RowTask {
    private final ParameterTable table;
    private final int node;
    private final ImageLayer layer;
    private final Kernels kernels;
    private float[][] parameters;

    Forward(ParameterTable table, int node, ImageLayer layer, Kernels kernels) {
      this.table = table;
      this.node = node;
      this.layer = layer;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      parameters = table.ofNode(image.parameters(), node);
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      layer.forward(kernels, parameters, reads, written.orElseThrow(), from, to);
    }
  }

  private static final class Normalize extends RowTask {
    private final ParameterTable table;
    private final int node;
    private final BatchNorm norm;
    private final Kernels kernels;
    private BatchNorm.Affine affine;

    Normalize(ParameterTable table, int node, BatchNorm norm, Kernels kernels) {
      this.table = table;
      this.node = node;
      this.norm = norm;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      affine = norm.affine(table.ofNode(image.parameters(), node), image.context().moments(node));
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      norm.forward(kernels, affine, reads[0], written.orElseThrow(), from, to);
    }
  }

  private static final class InputGradient extends RowTask {
    private final ParameterTable table;
    private final Operation.InputGradient gradient;
    private final ImageLayer layer;
    private final Kernels kernels;
    private float[][] parameters;

    InputGradient(
        ParameterTable table, Operation.InputGradient gradient, ImageLayer layer, Kernels kernels) {
      this.table = table;
      this.gradient = gradient;
      this.layer = layer;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      parameters = table.ofNode(image.parameters(), gradient.node());
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      Optional<Planes> output = reads.length > 1 ? Optional.of(reads[0]) : Optional.empty();
      Planes outputGradient = reads[reads.length - 1];
      layer.inputGradient(
          kernels,
          parameters,
          gradient.input(),
          output,
          outputGradient,
          written.orElseThrow(),
          from,
          to);
    }
  }

  private static final class MaskedInputGradient extends RowTask {
    private final ParameterTable table;
    private final int node;
    private final Convolution layer;
    private final Kernels kernels;
    private float[][] parameters;

    MaskedInputGradient(ParameterTable table, int node, Convolution layer, Kernels kernels) {
      this.table = table;
      this.node = node;
      this.layer = layer;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      parameters = table.ofNode(image.parameters(), node);
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      Planes gradient = written.orElseThrow();
      layer.inputGradient(kernels, parameters, 0, Optional.empty(), reads[1], gradient, from, to);
      kernels.reluGradient(reads[0], gradient, gradient, from, to);
    }
  }

  private static final class NormInputGradient extends RowTask {
    private final ParameterTable table;
    private final int node;
    private final BatchNorm norm;
    private final Kernels kernels;
    private BatchNorm.GradientAffine affine;

    NormInputGradient(ParameterTable table, int node, BatchNorm norm, Kernels kernels) {
      this.table = table;
      this.node = node;
      this.norm = norm;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      StepContext context = image.context();
      BatchNorm.Moments moments = context.moments(node);
      float[][] parameters = table.ofNode(image.parameters(), node);
      BatchNorm.Projection projection =
          norm.projection(parameters, moments, context.gradientSums(node), 0);
      affine = norm.gradientAffine(projection, moments);
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      norm.backward(kernels, affine, reads[0], reads[1], written.orElseThrow(), from, to);
    }
  }

  private static final class AddGradients extends RowTask {
    private final Kernels kernels;

    AddGradients(Kernels kernels) {
      this.kernels = kernels;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      kernels.add(reads[0], reads[1], written.orElseThrow(), from, to);
      for (int i = 2; i < reads.length; i++) {
        kernels.add(written.orElseThrow(), reads[i], written.orElseThrow(), from, to);
      }
    }
  }

  private static final class LossGradient extends RowTask {
    private final Loss loss;
    private final Kernels kernels;
    private double elements;

    LossGradient(Loss loss, Kernels kernels) {
      this.loss = loss;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      elements = image.context().elements();
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      loss.backward(kernels, reads[0], reads[1], elements, written.orElseThrow(), from, to);
    }
  }

  private static final class Residual extends RowTask {
    private final Kernels kernels;

    Residual(Kernels kernels) {
      this.kernels = kernels;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      kernels.squaredErrorGradient(reads[0], reads[1], 1, written.orElseThrow(), from, to);
    }
  }

  /** Sums over the rows that are an image's part of its phase's sum, from an offset on. */
  private abstract static class Sum extends RowTask {
    private final RowSums sums;
    private final int offset;

    Sum(RowSums sums, Segment segment) {
      this.sums = sums;
      this.offset = segment.offset();
    }

    @Override
    void begin(Image image) {
      sums.begin();
    }

    @Override
    void finish(double[] all) {
      sums.finish(all, offset);
    }
  }

  private static final class SumOfOne extends Sum {
    private final RowSums.OfOne sums;

    SumOfOne(RowSums.OfOne sums, Segment segment) {
      super(sums, segment);
      this.sums = sums;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      sums.add(reads[0], from, to);
    }
  }

  private static final class SumOfTwo extends Sum {
    private final RowSums.OfTwo sums;

    SumOfTwo(RowSums.OfTwo sums, Segment segment) {
      super(sums, segment);
      this.sums = sums;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      sums.add(reads[0], reads[1], from, to);
    }
  }

  private static final class SumAboutPivot extends Sum {
    private final RowSums.OfTwoAboutPivot sums;
    private final Function<Image, float[]> pivotOf;
    private float[] pivot;

    SumAboutPivot(RowSums.OfTwoAboutPivot sums, Segment segment, Function<Image, float[]> pivotOf) {
      super(sums, segment);
      this.sums = sums;
      this.pivotOf = pivotOf;
    }

    @Override
    void begin(Image image) {
      super.begin(image);
      pivot = pivotOf.apply(image);
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      sums.add(reads[0], pivot, reads[1], from, to);
    }
  }

  private static final class ParameterGradients extends RowTask {
    private final int node;
    private final ImageLayer.GradientSums gradients;
    private Planes[] inputs = {};
    private StoredTensors stored;

    ParameterGradients(int node, ImageLayer.GradientSums gradients) {
      this.node = node;
      this.gradients = gradients;
    }

    @Override
    void begin(Image image) {
      stored = image.stored();
      gradients.begin();
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      if (inputs.length != reads.length - 1) {
        inputs = new Planes[reads.length - 1];
      }
      System.arraycopy(reads, 0, inputs, 0, inputs.length);
      gradients.add(inputs, reads[inputs.length], from, to);
    }

    @Override
    void finish(double[] sums) {
      double[] own = stored.layerGradients(node);
      Arrays.fill(own, 0);
      gradients.finish(own, 0);
    }
  }

  private static final class UnprojectedGradients extends RowTask {
    private final int node;
    private final RowSums.OfTwo gradients;
    private StoredTensors stored;

    UnprojectedGradients(int node, RowSums.OfTwo gradients) {
      this.node = node;
      this.gradients = gradients;
    }

    @Override
    void begin(Image image) {
      stored = image.stored();
      gradients.begin();
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      gradients.add(reads[0], reads[1], from, to);
    }

    @Override
    void finish(double[] sums) {
      gradients.finish(stored.layerGradients(node), 0);
    }
  }
}
