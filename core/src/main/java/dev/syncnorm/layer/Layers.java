package dev.syncnorm.layer;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The layer types by name: the one place that a new layer is entered. */
public final class Layers {

  /** Makes a layer of its settings and the shapes of its inputs. */
  private interface Reader {
    Layer read(String name, Settings settings, List<Shape> inputs) throws ShapeException;
  }

  private static final Map<String, Reader> READERS =
      Map.of(
          "conv", Convolution::read,
          "batch-norm", BatchNorm::read,
          "add", Add::read,
          "relu", Relu::read);

  private Layers() {}

  /** The names of all types. */
  public static Set<String> types() {
    return READERS.keySet();
  }

  /**
   * Makes a layer; mistakes in its settings are noted there.
   *
   * @param type one of {@link #types()}
   * @throws ShapeException if the inputs' shapes do not fit
   */
  public static Layer read(String type, String name, Settings settings, List<Shape> inputs)
      throws ShapeException {
    return READERS.get(type).read(name, settings, inputs);
  }

  static Shape single(String type, List<Shape> inputs) throws ShapeException {
    if (inputs.size() != 1) {
      throw new ShapeException(type + " has " + inputs.size() + " inputs, expected one");
    }
    return inputs.get(0);
  }
}
