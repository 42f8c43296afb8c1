package dev.syncnorm.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.Tensor;
import dev.syncnorm.training.WeightImport.Wanted;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Parameters and optimizer slots as the named tensors of a safetensors file, and back. */
public final class ModelTensors {

  private ModelTensors() {}

  /** All parameters by name, {@code layer.parameter}. */
  public static Map<String, Tensor> model(ParameterTable table, float[][] parameters) {
    Map<String, Tensor> tensors = new TreeMap<>();
    for (int i = 0; i < parameters.length; i++) {
      ParameterTable.Entry entry = table.entries().get(i);
      tensors.put(entry.name(), new Tensor(entry.parameter().shape(), parameters[i]));
    }
    return tensors;
  }

  /** All slots by name, {@code layer.parameter.slot}. */
  public static Map<String, Tensor> optimizer(
      ParameterTable table, Optimizer optimizer, float[][][] slots) {
    Map<String, Tensor> tensors = new TreeMap<>();
    for (int i = 0; i < slots.length; i++) {
      ParameterTable.Entry entry = table.entries().get(i);
      for (int s = 0; s < slots[i].length; s++) {
        tensors.put(
            entry.name() + "." + optimizer.slots().get(s),
            new Tensor(entry.parameter().shape(), slots[i][s]));
      }
    }
    return tensors;
  }

  /**
   * Reads all parameters of a network.
   *
   * @param source names the file in messages
   * @throws TrainingException if names or shapes differ, with every difference named
   */
  public static float[][] readModel(ParameterTable table, Safetensors file, String source)
      throws TrainingException {
    return read(WeightImport.wanted(table), file, source);
  }

  /**
   * Reads all slots of an optimizer.
   *
   * @param source names the file in messages
   * @throws TrainingException if names or shapes differ, with every difference named
   */
  public static float[][][] readOptimizer(
      ParameterTable table, Optimizer optimizer, Safetensors file, String source)
      throws TrainingException {
    List<Wanted> wanted = new ArrayList<>();
    for (ParameterTable.Entry entry : table.entries()) {
      if (entry.parameter().trainable()) {
        for (String slot : optimizer.slots()) {
          wanted.add(new Wanted(entry.name() + "." + slot, entry.parameter().shape()));
        }
      }
    }
    Iterator<float[]> read = List.of(read(wanted, file, source)).iterator();
    float[][][] slots = new float[table.entries().size()][][];
    for (int i = 0; i < slots.length; i++) {
      slots[i] =
          new float[table.entries().get(i).parameter().trainable() ? optimizer.slots().size() : 0]
              [];
      for (int s = 0; s < slots[i].length; s++) {
        slots[i][s] = read.next();
      }
    }
    return slots;
  }

  private static float[][] read(List<Wanted> wanted, Safetensors file, String source)
      throws TrainingException {
    try {
      float[][] none = new float[wanted.size()][];
      return WeightImport.read(wanted, file, source, Renames.NONE, false, none).parameters();
    } catch (ConfigurationException e) {
      throw new IllegalStateException("nothing is renamed", e);
    }
  }
}
