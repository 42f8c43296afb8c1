package dev.syncnorm.network;

import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.network.Network.Node;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A training step cut into phases by its global sums.
 *
 * <p>A batch norm's output needs the moments of the whole batch, so it belongs to the phase after
 * the one that computes its input; every other layer belongs to the latest phase of its inputs.
 * Backwards, a batch norm's input gradient belongs to the phase after the one that computes its
 * output gradient. Batch norms that do not depend on each other thus share a sum. The loss travels
 * with the first backward sum, all parameter gradients with the last.
 */
public final class StepPlan {

  /** One layer's work for one image in a phase. */
  public sealed interface Action {
    /** Index of the layer. */
    int node();

    /** The output of a layer. */
    record Forward(int node) implements Action {}

    /** The gradients of a layer's inputs and parameters; a batch norm's after its sum. */
    record Backward(int node) implements Action {}
  }

  /**
   * The layers that run before a sum, and the sum.
   *
   * @param sum what is summed at the end of the phase
   */
  public record Phase(List<Action> actions, SumLayout sum) {
    /** Copies the list. */
    public Phase {
      actions = List.copyOf(actions);
    }
  }

  private final Network network;
  private final ParameterTable table;
  private final int[] forwardPhase;
  private final int[] backwardPhase;
  private final boolean[] needsGradient;
  private final List<Phase> phases = new ArrayList<>();
  private final int forwardSums;

  /** Plans the steps of a network. */
  public StepPlan(Network network) {
    this.network = network;
    this.table = network.parameters();
    int nodes = network.nodes().size();
    forwardPhase = new int[nodes];
    backwardPhase = new int[nodes];
    needsGradient = new boolean[nodes + 1];
    assignPhases();
    forwardSums = Arrays.stream(forwardPhase).max().orElse(0);
    addForwardPhases();
    addBackwardPhases();
  }

  /** The network that this is the plan of. */
  public Network network() {
    return network;
  }

  /** The network's parameters. */
  public ParameterTable parameters() {
    return table;
  }

  /**
   * The phases in order; the sum of one is number i of the step. The first {@link #forwardSums()}
   * end with moments; the next begins with the rest of the forward pass, the loss and its gradient.
   */
  public List<Phase> phases() {
    return List.copyOf(phases);
  }

  /** The number of sums in the forward pass. */
  public int forwardSums() {
    return forwardSums;
  }

  /** Whether anything before a value is trained, so that its gradient is needed. */
  public boolean needsGradient(int value) {
    return needsGradient[value];
  }

  private void assignPhases() {
    List<Node> nodes = network.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      int latest = 0;
      needsGradient[i + 1] = !node.layer().parameters().isEmpty();
      for (int input : node.inputs()) {
        latest = Math.max(latest, input == 0 ? 0 : forwardPhase[input - 1]);
        needsGradient[i + 1] |= needsGradient[input];
      }
      forwardPhase[i] = latest + (node.layer() instanceof BatchNorm ? 1 : 0);
    }
    for (int i = nodes.size() - 1; i >= 0; i--) {
      for (int consumer = i + 1; consumer < nodes.size(); consumer++) {
        if (nodes.get(consumer).inputs().contains(i + 1)) {
          int ready = nodes.get(consumer).layer() instanceof BatchNorm ? 1 : 0;
          backwardPhase[i] = Math.max(backwardPhase[i], backwardPhase[consumer] + ready);
        }
      }
    }
  }

  private void addForwardPhases() {
    for (int phase = 0; phase < forwardSums; phase++) {
      List<Segment> segments = new ArrayList<>();
      int offset = 0;
      for (int i = 0; i < forwardPhase.length; i++) {
        if (forwardPhase[i] == phase + 1 && layer(i) instanceof BatchNorm norm) {
          segments.add(
              new Segment.Moments(
                  i, norm.name(), offset, norm.channels(), norm.outputShape().pixels()));
          offset += 2 * norm.channels();
        }
      }
      phases.add(new Phase(forwardActions(phase), layout("moments of ", segments)));
    }
  }

  private List<Action> forwardActions(int phase) {
    List<Action> actions = new ArrayList<>();
    for (int i = 0; i < forwardPhase.length; i++) {
      if (forwardPhase[i] == phase) {
        actions.add(new Action.Forward(i));
      }
    }
    return actions;
  }

  private void addBackwardPhases() {
    int last = 0;
    for (int i = 0; i < backwardPhase.length; i++) {
      if (needsGradient[i + 1]) {
        last = Math.max(last, backwardPhase[i] + (needsInputGradientAfterSum(i) ? 1 : 0));
      }
    }
    for (int phase = 0; phase <= last; phase++) {
      List<Action> actions = new ArrayList<>(phase == 0 ? forwardActions(forwardSums) : List.of());
      List<Segment> segments = new ArrayList<>();
      int offset = 0;
      if (phase == 0) {
        segments.add(new Segment.LossSum(0));
        offset = 1;
      }
      for (int i = backwardPhase.length - 1; i >= 0; i--) {
        boolean norm = layer(i) instanceof BatchNorm;
        if (needsGradient[i + 1] && backwardPhase[i] + (norm ? 1 : 0) == phase) {
          if (!norm || needsInputGradientAfterSum(i)) {
            actions.add(new Action.Backward(i));
          }
        }
        if (norm && backwardPhase[i] == phase) {
          int length = 2 * ((BatchNorm) layer(i)).channels();
          segments.add(new Segment.NormGradients(i, layer(i).name(), offset, length));
          offset += length;
        }
      }
      if (phase == last) {
        for (int i = 0; i < backwardPhase.length; i++) {
          if (layer(i) instanceof ImageLayer && table.gradientSize(i) > 0) {
            int length = table.gradientSize(i);
            segments.add(new Segment.LayerGradients(i, layer(i).name(), offset, length));
            offset += length;
          }
        }
      }
      phases.add(new Phase(actions, layout("gradients at ", segments)));
    }
  }

  private boolean needsInputGradientAfterSum(int node) {
    return layer(node) instanceof BatchNorm
        && needsGradient[network.nodes().get(node).inputs().get(0)];
  }

  private Layer layer(int node) {
    return network.nodes().get(node).layer();
  }

  private SumLayout layout(String what, List<Segment> segments) {
    String name = segments.stream().map(Segment::owner).collect(Collectors.joining(", "));
    return new SumLayout(what + name, segments);
  }
}
