package dev.syncnorm.network;

import dev.syncnorm.kernel.Planes.Margins;
import dev.syncnorm.kernel.RowWindow;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.network.Network.Node;
import dev.syncnorm.network.RowProgram.Read;
import dev.syncnorm.network.RowProgram.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Collects the tasks of a phase: for each sum, what its operands are computed by. */
final class PhaseTasks {

  private final Network network;
  private final StepTensors tensors;
  private final IntPredicate isThere;
  private final List<Task> tasks = new ArrayList<>();
  private final boolean[] wanted;

  /**
   * Without any task yet.
   *
   * @param isThere whether a tensor is stored as a whole by an earlier phase
   */
  PhaseTasks(Network network, StepTensors tensors, IntPredicate isThere) {
    this.network = network;
    this.tensors = tensors;
    this.isThere = isThere;
    this.wanted = new boolean[tensors.count()];
  }

  /** The tasks, each after those whose tensors it reads. */
  List<Task> tasks() {
    return tasks;
  }

  /** Whether a task reads or writes a tensor. */
  boolean uses(int tensor) {
    return wanted[tensor];
  }

  /** Adds a sum and all that it needs. */
  void addSum(Operation sum) {
    List<Read> reads = reads(sum);
    int rows =
        sum instanceof Operation.PatchMoments moments
            ? network.shape(moments.segment().node() + 1).height()
            : tensors.shape(reads.get(reads.size() - 1).tensor()).height();
    add(sum, reads, -1, rows);
  }

  /** Adds what computes a tensor, unless it is there. */
  void addTensor(int tensor) {
    if (wanted[tensor]) {
      return;
    }
    wanted[tensor] = true;
    if (tensors.isLoaded(tensor) || isThere.test(tensor)) {
      return;
    }
    Operation producer = tensors.producer(tensor);
    add(producer, reads(producer), tensor, tensors.shape(tensor).height());
  }

  private void add(Operation operation, List<Read> reads, int tensor, int rows) {
    reads.forEach(read -> addTensor(read.tensor()));
    tasks.add(new Task(operation, reads, tensor, rows));
  }

  /**
   * In the order in which the operation takes them; of a sum, the one that it goes through last.
   */
  private List<Read> reads(Operation operation) {
    List<Read> reads = new ArrayList<>();
    if (operation instanceof Operation.Forward forward) {
      addInputs(forward.node(), reads);
    } else if (operation instanceof Operation.Chain chain) {
      addInputs(chain.nodes().get(0), reads);
    } else if (operation instanceof Operation.LossGradient
        || operation instanceof Operation.LossSum) {
      reads.add(same(network.values() - 1));
      reads.add(same(tensors.target()));
    } else if (operation instanceof Operation.InputGradient gradient) {
      addForInputGradient(gradient.node(), reads);
    } else if (operation instanceof Operation.MaskedInputGradient gradient) {
      reads.add(same(gradient.rectifier() + 1));
      addForInputGradient(gradient.node(), reads);
    } else if (operation instanceof Operation.AddGradients add) {
      tensors.parts(add.value()).forEach(part -> reads.add(same(part)));
    } else if (operation instanceof Operation.Moments moments) {
      reads.add(same(network.nodes().get(moments.segment().node()).inputs().get(0)));
    } else if (operation instanceof Operation.NormGradients norm) {
      int node = norm.segment().node();
      reads.add(same(network.nodes().get(node).inputs().get(0)));
      reads.add(same(tensors.gradient(node + 1)));
    } else if (operation instanceof Operation.ParameterGradients parameters) {
      addInputs(parameters.node(), reads);
      reads.add(same(tensors.gradient(parameters.node() + 1)));
    } else if (operation instanceof Operation.UnprojectedGradients unprojected) {
      addInputs(unprojected.node(), reads);
      reads.add(same(tensors.gradient(unprojected.norm() + 1)));
    } else if (operation instanceof Operation.PatchMoments moments) {
      addInputs(moments.segment().node(), reads);
    } else if (operation instanceof Operation.Residual) {
      reads.add(same(tensors.residualValue()));
      reads.add(same(tensors.target()));
    } else if (operation instanceof Operation.ResidualSums sums) {
      reads.add(same(network.nodes().get(sums.segment().node()).inputs().get(0)));
      reads.add(same(tensors.residual()));
    }
    return reads;
  }

  private void addInputs(int index, List<Read> reads) {
    Node node = network.nodes().get(index);
    for (int input : node.inputs()) {
      reads.add(
          node.layer() instanceof ImageLayer layer
              ? new Read(input, layer.inputRows(), layer.inputMargins())
              : same(input));
    }
  }

  private void addForInputGradient(int index, List<Read> reads) {
    Node node = network.nodes().get(index);
    int output = index + 1;
    if (node.layer() instanceof ImageLayer layer) {
      if (layer.inputGradientKind() == ImageLayer.InputGradient.OF_GRADIENT_AND_OUTPUT) {
        reads.add(new Read(output, layer.outputGradientRows(), Margins.NONE));
      }
      reads.add(
          new Read(
              tensors.gradient(output), layer.outputGradientRows(), layer.outputGradientMargins()));
    } else {
      reads.add(same(node.inputs().get(0)));
      reads.add(same(tensors.gradient(output)));
    }
  }

  private static Read same(int tensor) {
    return new Read(tensor, RowWindow.SAME, Margins.NONE);
  }
}
