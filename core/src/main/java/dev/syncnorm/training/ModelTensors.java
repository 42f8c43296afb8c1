package dev.syncnorm.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.Tensor;
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
    try {
      float[][] none = new float[table.entries().size()][];
      return WeightImport.read(table, file, source, Renames.NONE, false, none).parameters();
    } catch (ConfigurationException e) {
      throw new IllegalStateException("nothing is renamed", e);
    }
  }
}
