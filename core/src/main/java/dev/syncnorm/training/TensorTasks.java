package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.layer.Loss;
import dev.syncnorm.network.Operation;
import dev.syncnorm.network.ParameterTable;
import java.util.Optional;

/** The tasks that write a tensor. */
final class TensorTasks {

  private TensorTasks() {}

  /** Has the parameters of a node at hand. */
  private abstract static class OfNode extends RowTask {
    final int node;
    private final ParameterTable table;
    float[][] parameters;

    OfNode(ParameterTable table, int node) {
      this.table = table;
      this.node = node;
    }

    @Override
    void begin(Image image) {
      parameters = table.ofNode(image.parameters(), node);
    }
  }

  static final class Forward extends OfNode {
    private final ImageLayer layer;
    private final Kernels kernels;

    Forward(ParameterTable table, int node, ImageLayer layer, Kernels kernels) {
      super(table, node);
      this.layer = layer;
      this.kernels = kernels;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      layer.forward(kernels, parameters, reads, written.orElseThrow(), from, to);
    }
  }

  static final class Normalize extends OfNode {
    private final BatchNorm norm;
    private final Kernels kernels;
    private BatchNorm.Affine affine;

    Normalize(ParameterTable table, int node, BatchNorm norm, Kernels kernels) {
      super(table, node);
      this.norm = norm;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      super.begin(image);
      affine = norm.affine(parameters, image.context().moments(node));
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      norm.forward(kernels, affine, reads[0], written.orElseThrow(), from, to);
    }
  }

  static final class InputGradient extends OfNode {
    private final Operation.InputGradient gradient;
    private final ImageLayer layer;
    private final Kernels kernels;

    InputGradient(
        ParameterTable table, Operation.InputGradient gradient, ImageLayer layer, Kernels kernels) {
      super(table, gradient.node());
      this.gradient = gradient;
      this.layer = layer;
      this.kernels = kernels;
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

  static final class MaskedInputGradient extends OfNode {
    private final Convolution layer;
    private final Kernels kernels;

    MaskedInputGradient(ParameterTable table, int node, Convolution layer, Kernels kernels) {
      super(table, node);
      this.layer = layer;
      this.kernels = kernels;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      Planes gradient = written.orElseThrow();
      layer.inputGradient(kernels, parameters, 0, Optional.empty(), reads[1], gradient, from, to);
      kernels.reluGradient(reads[0], gradient, gradient, from, to);
    }
  }

  static final class NormInputGradient extends OfNode {
    private final BatchNorm norm;
    private final Kernels kernels;
    private BatchNorm.GradientAffine affine;

    NormInputGradient(ParameterTable table, int node, BatchNorm norm, Kernels kernels) {
      super(table, node);
      this.norm = norm;
      this.kernels = kernels;
    }

    @Override
    void begin(Image image) {
      super.begin(image);
      StepContext context = image.context();
      BatchNorm.Moments moments = context.moments(node);
      BatchNorm.Projection projection =
          norm.projection(parameters, moments, context.gradientSums(node), 0);
      affine = norm.gradientAffine(projection, moments);
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      norm.backward(kernels, affine, reads[0], reads[1], written.orElseThrow(), from, to);
    }
  }

  static final class AddGradients extends RowTask {
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

  static final class LossGradient extends RowTask {
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

  static final class Residual extends RowTask {
    private final Kernels kernels;

    Residual(Kernels kernels) {
      this.kernels = kernels;
    }

    @Override
    void run(Planes[] reads, Optional<Planes> written, int from, int to) {
      kernels.squaredErrorGradient(reads[0], reads[1], 1, written.orElseThrow(), from, to);
    }
  }
}
