package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.Network.Node;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.StepPlan.Action;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * The activations and gradients of one image through a step; reused for other images. Used by one
 * thread at a time.
 */
final class ImageWorkspace {

  private static final float[] NONE = new float[0];
  private static final long FLOAT = Float.BYTES;

  private final StepPlan plan;
  private final Network network;
  private final float[][] activations;
  private final float[][] gradients;
  private final float[] target;
  private final boolean[] hasGradient;
  private final Map<Integer, double[]> layerGradients = new HashMap<>();
  private float[] scratch = NONE;
  private int loaded = -1;

  ImageWorkspace(StepPlan plan) {
    this.plan = plan;
    this.network = plan.network();
    int values = network.values();
    activations = new float[values][];
    gradients = new float[values][];
    hasGradient = new boolean[values];
    for (int value = 0; value < values; value++) {
      activations[value] = new float[activationSize(plan, value)];
      gradients[value] =
          gradientSize(plan, value) > 0 ? new float[gradientSize(plan, value)] : NONE;
    }
    target = new float[targetSize(plan)];
  }

  /**
   * What the arrays of one image take.
   *
   * @param gradients those of activations; a second one where a value has several consumers is
   *     counted as if it always stayed
   * @param layerGradients those of parameters, in float64
   */
  record Bytes(long activations, long gradients, long target, long layerGradients) {
    long all() {
      return activations + gradients + target + layerGradients;
    }
  }

  /**
   * The size of a workspace after a step, from the same numbers that it is allocated by.
   *
   * @param taken what an array of so many bytes takes of the heap
   */
  static Bytes bytes(StepPlan plan, LongUnaryOperator taken) {
    Network network = plan.network();
    long activations = 0;
    long gradients = 0;
    long second = 0;
    for (int value = 0; value < network.values(); value++) {
      activations += taken.applyAsLong(FLOAT * activationSize(plan, value));
      long gradient = FLOAT * gradientSize(plan, value);
      gradients += gradient > 0 ? taken.applyAsLong(gradient) : 0;
      if (gradient > 0 && consumers(network, value) > 1) {
        second = Math.max(second, taken.applyAsLong(gradient));
      }
    }
    long layerGradients = 0;
    for (int node = 0; node < network.nodes().size(); node++) {
      if (network.nodes().get(node).layer() instanceof ImageLayer) {
        layerGradients +=
            taken.applyAsLong((long) Double.BYTES * plan.parameters().gradientSize(node));
      }
    }
    return new Bytes(
        activations,
        gradients + second,
        taken.applyAsLong(FLOAT * targetSize(plan)),
        layerGradients);
  }

  private static int activationSize(StepPlan plan, int value) {
    return plan.network().shape(value).size();
  }

  private static int gradientSize(StepPlan plan, int value) {
    return plan.needsGradient(value) ? activationSize(plan, value) : 0;
  }

  private static int targetSize(StepPlan plan) {
    return plan.network().output().size();
  }

  private static long consumers(Network network, int value) {
    return network.nodes().stream()
        .flatMap(node -> node.inputs().stream())
        .filter(input -> input == value)
        .count();
  }

  /** Whether it has an image of the data set from the last time. */
  boolean has(int index) {
    return loaded == index;
  }

  /** Begins a step with an image of the data set; the one it had the last time isn't read again. */
  void begin(Samples samples, int index) throws SampleException {
    if (loaded != index) {
      loaded = -1;
      samples.load(index, activations[0], target);
      loaded = index;
    }
    Arrays.fill(hasGradient, false);
  }

  /**
   * Runs one phase.
   *
   * @param parameters of all layers, in the order of the table
   * @param context the global sums so far
   * @return this image's part of the phase's sum
   */
  double[] run(int phase, Kernels kernels, float[][] parameters, StepContext context) {
    List<Action> actions = plan.phases().get(phase).actions();
    boolean lossPhase = phase == plan.forwardSums();
    double partialLoss = 0;
    boolean lossDone = !lossPhase;
    for (Action action : actions) {
      if (action instanceof Action.Backward && !lossDone) {
        partialLoss = loss(kernels, context);
        lossDone = true;
      }
      run(action, kernels, parameters, context);
    }
    if (!lossDone) {
      partialLoss = loss(kernels, context);
    }
    SumLayout layout = plan.phases().get(phase).sum();
    double[] sums = new double[layout.length()];
    for (Segment segment : layout.segments()) {
      fill(segment, kernels, context, partialLoss, sums);
    }
    return sums;
  }

  private double loss(Kernels kernels, StepContext context) {
    int output = network.values() - 1;
    int size = network.output().size();
    if (gradients[output].length > 0) {
      network
          .loss()
          .backward(
              kernels, activations[output], target, size, context.elements(), gradients[output]);
      hasGradient[output] = true;
    }
    return network.loss().partialSum(kernels, activations[output], target, size);
  }

  private void run(Action action, Kernels kernels, float[][] parameters, StepContext context) {
    int index = action.node();
    Node node = network.nodes().get(index);
    ParameterTable table = plan.parameters();
    float[][] own = table.ofNode(parameters, index);
    float[][] inputs = inputs(node);
    if (node.layer() instanceof BatchNorm norm) {
      if (action instanceof Action.Forward) {
        norm.forward(kernels, own, context.moments(index), inputs[0], activations[index + 1]);
      } else {
        float[] dx = gradients[node.inputs().get(0)];
        float[] into = hasGradient[node.inputs().get(0)] ? scratch(dx.length) : dx;
        norm.backward(
            kernels,
            own,
            context.moments(index),
            context.gradientSums(index),
            0,
            inputs[0],
            gradients[index + 1],
            into);
        received(kernels, node.inputs().get(0), into);
      }
    } else if (node.layer() instanceof ImageLayer layer) {
      if (action instanceof Action.Forward) {
        layer.forward(kernels, own, inputs, activations[index + 1]);
      } else {
        backward(layer, index, node, kernels, own, inputs);
      }
    }
  }

  private void backward(
      ImageLayer layer,
      int index,
      Node node,
      Kernels kernels,
      float[][] parameters,
      float[][] inputs) {
    float[][] inputGradients = new float[inputs.length][];
    for (int i = 0; i < inputs.length; i++) {
      int value = node.inputs().get(i);
      boolean again = hasGradient[value] || node.inputs().indexOf(value) < i;
      inputGradients[i] = again ? new float[gradients[value].length] : gradients[value];
    }
    double[] own =
        layerGradients.computeIfAbsent(index, n -> new double[plan.parameters().gradientSize(n)]);
    layer.backward(kernels, parameters, inputs, gradients[index + 1], inputGradients, own, 0);
    for (int i = 0; i < inputs.length; i++) {
      received(kernels, node.inputs().get(i), inputGradients[i]);
    }
  }

  /** Adds a gradient to the ones that a value has received from its other consumers. */
  private void received(Kernels kernels, int value, float[] gradient) {
    if (gradients[value].length == 0) {
      return;
    }
    if (gradient != gradients[value]) {
      kernels.add(gradients[value], gradient, gradient.length, gradients[value]);
    }
    hasGradient[value] = true;
  }

  private void fill(
      Segment segment, Kernels kernels, StepContext context, double partialLoss, double[] sums) {
    if (segment instanceof Segment.Moments m) {
      BatchNorm norm = (BatchNorm) network.nodes().get(m.node()).layer();
      norm.partialMoments(kernels, inputs(network.nodes().get(m.node()))[0], sums, m.offset());
    } else if (segment instanceof Segment.LossSum l) {
      sums[l.offset()] = partialLoss;
    } else if (segment instanceof Segment.NormGradients g) {
      Node node = network.nodes().get(g.node());
      ((BatchNorm) node.layer())
          .partialGradientSums(
              kernels,
              context.moments(g.node()),
              inputs(node)[0],
              gradients[g.node() + 1],
              sums,
              g.offset());
    } else if (segment instanceof Segment.LayerGradients g) {
      System.arraycopy(layerGradients.get(g.node()), 0, sums, g.offset(), g.length());
    }
  }

  private float[][] inputs(Node node) {
    float[][] inputs = new float[node.inputs().size()][];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = activations[node.inputs().get(i)];
    }
    return inputs;
  }

  private float[] scratch(int size) {
    if (scratch.length < size) {
      scratch = new float[size];
    }
    return scratch;
  }
}
