package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.RowProgram;
import dev.syncnorm.network.RowProgram.Task;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Drives one image after the other through a program, band by band. Keeps the windows and the sums
 * of one thread and belongs to it.
 */
final class ProgramRunner {

  private final RowProgram program;
  private final Map<Integer, Planes> windows = new HashMap<>();
  private final List<Step> steps = new ArrayList<>();

  /** A task with the tensors of the image that it is at. */
  private static final class Step {
    private final Task task;
    private final RowTask work;
    private final Planes[] reads;
    private Optional<Planes> written = Optional.empty();

    Step(Task task, RowTask work) {
      this.task = task;
      this.work = work;
      this.reads = new Planes[task.reads().size()];
    }
  }

  ProgramRunner(
      RowProgram program,
      Network network,
      ParameterTable table,
      Kernels kernels,
      WindowMemory memory) {
    this.program = program;
    for (Task task : program.tasks()) {
      steps.add(new Step(task, RowTask.of(network, table, task.operation(), kernels)));
    }
    for (RowProgram.Buffer buffer : program.buffers()) {
      windows.put(buffer.tensor(), memory.window(buffer));
    }
  }

  /** Runs the program for one image and adds the sums that are its own to {@code sums}. */
  void run(RowTask.Image image, double[] sums) {
    begin(image);
    for (int band = 0; band < program.bands(); band++) {
      for (int b = 0; b < program.buffers().size(); b++) {
        windows
            .get(program.buffers().get(b).tensor())
            .slide(program.first(band, b), program.filled(band, b));
      }
      for (int t = 0; t < steps.size(); t++) {
        int from = program.end(band - 1, t);
        int to = program.end(band, t);
        if (from < to) {
          Step step = steps.get(t);
          step.work.run(step.reads, step.written, from, to);
        }
      }
    }
    steps.forEach(step -> step.work.finish(sums));
  }

  private void begin(RowTask.Image image) {
    for (Step step : steps) {
      for (int r = 0; r < step.reads.length; r++) {
        step.reads[r] = planes(image, step.task.reads().get(r).tensor());
      }
      int tensor = step.task.tensor();
      step.written = tensor < 0 ? Optional.empty() : Optional.of(planes(image, tensor));
      step.work.begin(image);
    }
  }

  private Planes planes(RowTask.Image image, int tensor) {
    Planes window = windows.get(tensor);
    return window != null ? window : image.stored().get(tensor);
  }
}
