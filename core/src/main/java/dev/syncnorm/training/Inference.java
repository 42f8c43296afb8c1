package dev.syncnorm.training;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.InferencePlan;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.RowProgram;
import java.util.List;
import java.util.Map;

/** Runs a network on single images at test time: batch norms use their moving statistics. */
public final class Inference {

  private final Network network;
  private final ParameterTable table;
  private final ProgramRunner runner;
  private final StoredTensors stored;
  private final float[] output;

  /** An inference of one thread. */
  public Inference(Network network, Backend backend) {
    this.network = network;
    this.table = network.parameters();
    InferencePlan plan = new InferencePlan(network, backend.bandRows());
    RowProgram program = plan.program();
    WindowMemory memory = new WindowMemory(List.of(program));
    runner = new ProgramRunner(program, network, table, backend.create(), memory);
    stored = new StoredTensors(plan.tensors(), plan.stored(), Map.of());
    output = new float[network.output().size()];
  }

  /**
   * The network's output for one image.
   *
   * @param parameters in the order of the network's table
   * @param image [channels, height, width]
   * @return [channels, height, width]; overwritten by the next call
   */
  public float[] output(float[][] parameters, float[] image) {
    stored.get(0).set(image);
    StepContext context = StepContext.ofMovingStatistics(network, table, parameters);
    runner.run(new RowTask.Image(stored, parameters, context), new double[0]);
    stored.get(network.values() - 1).get(output);
    return output;
  }
}
