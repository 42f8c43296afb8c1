package dev.syncnorm.network;

import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.network.Network.Node;
import dev.syncnorm.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The tensors of one image in a step, by number: the network's values, the target, the gradients of
 * the values, and what values receive from one of several consumers.
 */
public final class StepTensors {

  private record Tensor(String name, Shape shape, Operation producer) {}

  private static final Operation LOADED = new Operation.Forward(-1);

  private final Network network;
  private final Rewrites rewrites;
  private final List<Tensor> tensors = new ArrayList<>();
  private final int[] gradients;
  private final int[][] received;
  private final int lossGradient;
  private final int residualValue;
  private final int residual;

  /**
   * The tensors of a network.
   *
   * @param rewrites that the plan makes use of
   */
  StepTensors(Network network, Rewrites rewrites) {
    this.network = network;
    this.rewrites = rewrites;
    this.residualValue = rewrites.residualValue().orElse(-1);
    for (int value = 0; value < network.values(); value++) {
      Operation producer = value == 0 ? LOADED : rewrites.forward(value - 1);
      tensors.add(new Tensor(valueName(value), network.shape(value), producer));
    }
    tensors.add(new Tensor("target", network.output(), LOADED));
    lossGradient = add("gradient of the loss", network.output(), new Operation.LossGradient());
    residual =
        residualValue >= 0 ? add("residual", network.output(), new Operation.Residual()) : -1;
    gradients = new int[network.values()];
    received = new int[network.nodes().size()][];
    for (int value = network.values() - 1; value >= 0; value--) {
      addGradients(value);
    }
  }

  private void addGradients(int value) {
    List<Integer> parts = parts(value);
    gradients[value] =
        parts.size() == 1
            ? parts.get(0)
            : add(
                "gradient of " + valueName(value),
                network.shape(value),
                new Operation.AddGradients(value));
    if (value == 0) {
      return;
    }
    Node node = network.nodes().get(value - 1);
    received[value - 1] = new int[node.inputs().size()];
    boolean passedOn =
        node.layer() instanceof ImageLayer layer
            && layer.inputGradientKind() == ImageLayer.InputGradient.PASSED_ON;
    for (int i = 0; i < node.inputs().size(); i++) {
      int input = node.inputs().get(i);
      received[value - 1][i] =
          passedOn
              ? gradients[value]
              : add(
                  "gradient of %s by %s".formatted(valueName(input), valueName(value)),
                  network.shape(input),
                  rewrites.inputGradient(value - 1, i));
    }
  }

  private int add(String name, Shape shape, Operation producer) {
    tensors.add(new Tensor(name, shape, producer));
    return tensors.size() - 1;
  }

  private String valueName(int value) {
    return value == 0 ? "input" : network.nodes().get(value - 1).layer().name();
  }

  /** How many there are. */
  public int count() {
    return tensors.size();
  }

  /** The shape of a tensor. */
  public Shape shape(int tensor) {
    return tensors.get(tensor).shape();
  }

  /** What messages call it. */
  public String name(int tensor) {
    return tensors.get(tensor).name();
  }

  /** A value of the network; the image is 0. */
  public int value(int value) {
    return value;
  }

  /** The target of the image. */
  public int target() {
    return network.values();
  }

  /** Whether it is read with the image, not computed. */
  public boolean isLoaded(int tensor) {
    return tensor == 0 || tensor == target();
  }

  /** What computes it. */
  Operation producer(int tensor) {
    return tensors.get(tensor).producer();
  }

  /** The gradient of a value. */
  int gradient(int value) {
    return gradients[value];
  }

  /** What the residual is the difference of the target from. */
  int residualValue() {
    return residualValue;
  }

  /** The residual. */
  int residual() {
    return residual;
  }

  /** What a value's gradient is the sum of: from the last consumer to the first. */
  List<Integer> parts(int value) {
    List<Integer> parts = new ArrayList<>();
    if (value == network.values() - 1) {
      parts.add(lossGradient);
    }
    for (int node = network.nodes().size() - 1; node >= value; node--) {
      List<Integer> inputs = network.nodes().get(node).inputs();
      for (int i = 0; i < inputs.size(); i++) {
        if (inputs.get(i) == value) {
          parts.add(received[node][i]);
        }
      }
    }
    return parts;
  }

  /** Operations for one value of a tensor, its operands given. */
  double operationsPerValue(int tensor) {
    Operation producer = producer(tensor);
    double size = shape(tensor).size();
    if (producer instanceof Operation.Forward forward) {
      return operations(forward.node(), 2) / size;
    }
    if (producer instanceof Operation.Chain chain) {
      return chain.nodes().stream().mapToDouble(node -> operations(node, 2)).sum() / size;
    }
    if (producer instanceof Operation.InputGradient gradient) {
      return operations(gradient.node(), 4) / size;
    }
    if (producer instanceof Operation.MaskedInputGradient gradient) {
      return operations(gradient.node(), 4) / size + 1;
    }
    return 2;
  }

  /** Of an image's forward pass, with those of a value of a batch norm given. */
  private double operations(int node, int ofNorm) {
    Layer layer = network.nodes().get(node).layer();
    return layer instanceof ImageLayer
        ? layer.forwardOperations()
        : (double) ofNorm * layer.outputShape().size();
  }
}
