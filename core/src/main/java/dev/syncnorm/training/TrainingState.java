package dev.syncnorm.training;

import dev.syncnorm.layer.Parameter.Initializer;
import dev.syncnorm.network.ParameterTable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Everything that a committed step leaves behind; nobody changes its arrays.
 *
 * @param step the number of steps committed
 * @param parameters the values of all parameters in the order of the table
 * @param slots for each parameter the optimizer's slots; none for one that isn't trained
 * @param updates for each node of the network how often its moving statistics were updated
 */
@SuppressWarnings("ArrayRecordComponent")
public record TrainingState(long step, float[][] parameters, float[][][] slots, long[] updates) {

  /** The state before the first step. */
  public static TrainingState initial(
      ParameterTable table, Optimizer optimizer, int nodes, long seed) {
    List<ParameterTable.Entry> entries = table.entries();
    float[][] parameters = new float[entries.size()][];
    float[][][] slots = new float[entries.size()][][];
    for (int i = 0; i < parameters.length; i++) {
      ParameterTable.Entry entry = entries.get(i);
      int size = entry.parameter().shape().size();
      parameters[i] = initialValues(entry, seed);
      slots[i] = new float[entry.parameter().trainable() ? optimizer.slots().size() : 0][size];
    }
    return new TrainingState(0, parameters, slots, new long[nodes]);
  }

  /** This state with other parameters. */
  public TrainingState withParameters(float[][] values) {
    return new TrainingState(step, values, slots, updates);
  }

  private static float[] initialValues(ParameterTable.Entry entry, long seed) {
    float[] values = new float[entry.parameter().shape().size()];
    Initializer initializer = entry.parameter().initializer();
    if (initializer instanceof Initializer.Constant constant) {
      Arrays.fill(values, constant.value());
    } else if (initializer instanceof Initializer.TruncatedNormal normal) {
      Random random = new Random(Seeds.derive(seed, entry.name()));
      for (int i = 0; i < values.length; i++) {
        double value = random.nextGaussian();
        while (Math.abs(value) > 2) {
          value = random.nextGaussian();
        }
        values[i] = (float) (value * normal.standardDeviation());
      }
    }
    return values;
  }

  /** What {@link #encodeForWorkers} gives for so many parameter values. */
  static long encodedBytes(long parameters) {
    return 8 + parameters * 4;
  }

  /** What workers need: the step and the parameters. */
  byte[] encodeForWorkers() {
    long floats = 0;
    for (float[] values : parameters) {
      floats += values.length;
    }
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(encodedBytes(floats))).putLong(step);
    for (float[] values : parameters) {
      buffer.asFloatBuffer().put(values);
      buffer.position(buffer.position() + values.length * 4);
    }
    return buffer.array();
  }

  /**
   * Reads {@link #encodeForWorkers} into a worker's parameters.
   *
   * @return the number of steps committed
   */
  static long decodeForWorkers(byte[] bytes, float[][] parameters) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long step = buffer.getLong();
    for (float[] values : parameters) {
      buffer.asFloatBuffer().get(values);
      buffer.position(buffer.position() + values.length * 4);
    }
    return step;
  }
}
