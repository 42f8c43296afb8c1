package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.network.RowProgram;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.List;

/** Runs the phases of a step for one image after the other. Belongs to one thread. */
final class PhaseRunner {

  private final StepPlan plan;
  private final List<ProgramRunner> programs;
  private final float[] input;
  private final float[] target;

  PhaseRunner(StepPlan plan, Kernels kernels) {
    this.plan = plan;
    WindowMemory memory = new WindowMemory(rowPrograms(plan));
    programs =
        rowPrograms(plan).stream()
            .map(p -> new ProgramRunner(p, plan.network(), plan.parameters(), kernels, memory))
            .toList();
    input = new float[plan.network().input().size()];
    target = new float[plan.network().output().size()];
  }

  /** The bytes of a runner, from the same numbers that it is allocated by. */
  static long bytes(StepPlan plan) {
    long values = (long) plan.network().input().size() + plan.network().output().size();
    return Float.BYTES * (values + WindowMemory.floats(rowPrograms(plan)));
  }

  private static List<RowProgram> rowPrograms(StepPlan plan) {
    return plan.phases().stream().map(StepPlan.Phase::program).toList();
  }

  /** Begins a step with an image of the data set. */
  void begin(StoredTensors image, Samples samples, int index) throws SampleException {
    image.begin(samples, index, input, target);
  }

  /**
   * Runs one phase.
   *
   * @param parameters of all layers, in the order of the table
   * @param context the global sums so far
   * @return this image's part of the phase's sum
   */
  double[] run(int phase, StoredTensors image, float[][] parameters, StepContext context) {
    SumLayout layout = plan.phases().get(phase).sum();
    double[] sums = new double[layout.length()];
    programs.get(phase).run(new RowTask.Image(image, parameters, context), sums);
    for (Segment segment : layout.segments()) {
      if (segment instanceof Segment.LayerGradients g) {
        System.arraycopy(image.layerGradients(g.node()), 0, sums, g.offset(), g.length());
      } else if (segment instanceof Segment.UnprojectedGradients g) {
        System.arraycopy(image.layerGradients(g.node()), 0, sums, g.offset(), g.length());
      }
    }
    return sums;
  }
}
