package dev.syncnorm.network;

import dev.syncnorm.kernel.Planes.Margins;
import dev.syncnorm.network.RowProgram.Read;
import dev.syncnorm.network.RowProgram.Task;
import dev.syncnorm.network.StepPlan.Stored;
import java.util.List;

/** The forward pass of one image at test time: no sums, and nothing is stored but the output. */
public final class InferencePlan {

  private final StepTensors tensors;
  private final RowProgram program;
  private final List<Stored> stored;

  /**
   * Plans the inference of a network.
   *
   * @param bandRows as in {@link StepPlan#StepPlan(Network, int)}
   */
  public InferencePlan(Network network, int bandRows) {
    tensors = new StepTensors(network, Rewrites.none(network));
    int output = tensors.value(network.values() - 1);
    PhaseTasks tasks = new PhaseTasks(network, tensors, tensor -> false);
    tasks.addTensor(output);
    Margins margins = Margins.NONE;
    for (Task task : tasks.tasks()) {
      for (Read read : task.reads()) {
        margins = read.tensor() == 0 ? margins.max(read.margins()) : margins;
      }
    }
    boolean[] kept = new boolean[tensors.count()];
    kept[0] = true;
    kept[output] = true;
    program = new RowProgram(tasks.tasks(), tensors, kept, bandRows);
    stored = List.of(new Stored(0, margins), new Stored(output, Margins.NONE));
  }

  /** The tensors of an image by number. */
  public StepTensors tensors() {
    return tensors;
  }

  /** What computes the output. */
  public RowProgram program() {
    return program;
  }

  /** The image and the output. */
  public List<Stored> stored() {
    return stored;
  }
}
