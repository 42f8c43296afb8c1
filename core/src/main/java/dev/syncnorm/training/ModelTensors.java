package dev.syncnorm.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.SafetensorsException;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.tensor.Tensor;
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
    try {
      float[][] none = new float[table.entries().size()][];
      return WeightImport.read(table, file, source, Renames.NONE, false, none).parameters();
    } catch (ConfigurationException e) {
      throw new IllegalStateException("nothing is renamed", e);
    }
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
    List<Expected> expected = new ArrayList<>();
    for (ParameterTable.Entry entry : table.entries()) {
      if (entry.parameter().trainable()) {
        optimizer
            .slots()
            .forEach(
                slot ->
                    expected.add(
                        new Expected(entry.name() + "." + slot, entry.parameter().shape())));
      }
    }
    Iterator<float[]> read = read(expected, file, source).iterator();
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

  private record Expected(String name, Shape shape) {}

  private static List<float[]> read(List<Expected> all, Safetensors file, String source)
      throws TrainingException {
    List<String> differences = new ArrayList<>();
    List<String> left = new ArrayList<>(file.names());
    List<float[]> values = new ArrayList<>();
    for (Expected expected : all) {
      left.remove(expected.name());
      try {
        if (!file.contains(expected.name())) {
          differences.add(expected.name() + " is missing");
        } else if (!file.shape(expected.name()).equals(expected.shape())) {
          differences.add(
              "%s is %s, the network has %s"
                  .formatted(expected.name(), file.shape(expected.name()), expected.shape()));
        } else {
          values.add(file.tensor(expected.name()).values());
        }
      } catch (SafetensorsException e) {
        differences.add(e.getMessage());
      }
    }
    left.forEach(name -> differences.add(name + " is not in the network"));
    if (!differences.isEmpty()) {
      throw new TrainingException(
          "%s does not fit the network: %s; all tensors must agree by name and shape"
              .formatted(source, String.join("; ", differences)));
    }
    return values;
  }
}
