package dev.syncnorm.training;

import dev.syncnorm.kernel.Planes;
import dev.syncnorm.network.RowProgram;
import java.util.Collection;

/**
 * The memory of a thread's windows: one array, because the collector G1 gives large arrays regions
 * of their own, at whose start {@link Planes} find cache lines, and never moves them.
 */
final class WindowMemory {

  /** Windows that no cache holds do not gain by it, and may be too many for one array. */
  private static final long MOST_FLOATS = 1 << 24;

  private final float[] values;
  private int next;

  /** Memory for the windows of all of these programs. */
  WindowMemory(Collection<RowProgram> programs) {
    long floats = floats(programs);
    values = new float[floats <= MOST_FLOATS ? (int) floats : 0];
  }

  /** Floats of the windows. */
  static long floats(Collection<RowProgram> programs) {
    return programs.stream()
        .flatMap(program -> program.buffers().stream())
        .mapToLong(RowProgram.Buffer::size)
        .sum();
  }

  /** The next window. */
  Planes window(RowProgram.Buffer buffer) {
    if (values.length == 0) {
      return Planes.window(buffer.shape(), buffer.margins(), buffer.rows());
    }
    int at = next;
    next += buffer.size();
    return Planes.window(buffer.shape(), buffer.margins(), buffer.rows(), values, at);
  }
}
