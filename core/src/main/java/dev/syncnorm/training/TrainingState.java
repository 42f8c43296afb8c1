package dev.syncnorm.training;

import dev.syncnorm.layer.Parameter.Initializer;
import dev.syncnorm.network.ParameterTable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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

  /** What {@link #encodeForWorkers} gives for so many parameter values, without a first sum. */
  static long encodedBytes(long parameters) {
    return 8 + parameters * 4 + 4;
  }

  /**
   * What workers need: the step, the parameters, and the first sum of the next step.
   *
   * @param firstSum if it is known without the workers
   */
  byte[] encodeForWorkers(Optional<double[]> firstSum) {
    long floats = 0;
    for (float[] values : parameters) {
      floats += values.length;
    }
    double[] sums = firstSum.orElse(new double[0]);
    ByteBuffer buffer =
        ByteBuffer.allocate(
            Math.toIntExact(encodedBytes(floats) + (long) Double.BYTES * sums.length));
    buffer.putLong(step);
    for (float[] values : parameters) {
      buffer.asFloatBuffer().put(values);
      buffer.position(buffer.position() + values.length * 4);
    }
    buffer.putInt(sums.length);
    buffer.asDoubleBuffer().put(sums);
    return buffer.array();
  }

  /**
   * Where workers begin a step.
   *
   * @param step the number of steps committed
   * @param firstSum if the driver knows it
   */
  record Start(long step, Optional<double[]> firstSum) {}

  /** Reads {@link #encodeForWorkers} into a worker's parameters. */
  static Start decodeForWorkers(byte[] bytes, float[][] parameters) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long step = buffer.getLong();
    for (float[] values : parameters) {
      buffer.asFloatBuffer().get(values);
      buffer.position(buffer.position() + values.length * 4);
    }
    double[] sums = new double[buffer.getInt()];
    buffer.asDoubleBuffer().get(sums);
    return new Start(step, sums.length == 0 ? Optional.empty() : Optional.of(sums));
  }
}
