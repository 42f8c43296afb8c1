package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.tensor.Tensor;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.SeedNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelTensorsTest {

  private static final Optimizer OPTIMIZER =
      new Adam(1e-3, 0.9, 0.999, 1e-8, Adam.BiasCorrection.TORCH);

  private final InProcessTraining training = InProcessTraining.of(SeedNetwork.model(5, 6));
  private final ParameterTable table = training.plan().parameters();

  @TempDir private Path folder;

  @Test
  void modelThatIsWrittenIsReadWithItsBits() throws Exception {
    float[][] parameters = training.initialState().parameters();
    Safetensors file = file(ModelTensors.model(table, parameters));
    assertThat(ModelTensors.readModel(table, file, "model")).isEqualTo(parameters);
  }

  @Test
  void namesAndShapesAreThoseThatAreDocumented() {
    Map<String, Tensor> model = ModelTensors.model(table, training.initialState().parameters());
    assertThat(model)
        .containsOnlyKeys(
            "conv1.weight",
            "conv1.bias",
            "bn1.gamma",
            "bn1.beta",
            "bn1.moving_mean",
            "bn1.moving_variance",
            "conv2.weight",
            "conv2.bias",
            "bn2.gamma",
            "bn2.beta",
            "bn2.moving_mean",
            "bn2.moving_variance");
    assertThat(model.get("conv1.weight").shape()).isEqualTo(Shape.of(16, 3, 3, 3));
    assertThat(model.get("conv2.weight").shape()).isEqualTo(Shape.of(3, 16, 3, 3));
    assertThat(model.get("bn1.moving_mean").shape()).isEqualTo(Shape.of(16));
  }

  @Test
  void everyDifferenceIsToldAtOnce() throws Exception {
    Map<String, Tensor> model =
        new TreeMap<>(ModelTensors.model(table, training.initialState().parameters()));
    model.remove("bn2.beta");
    model.put("conv1.weight", new Tensor(Shape.of(16, 3, 5, 5), new float[16 * 3 * 5 * 5]));
    model.put("bn1.gamma", new Tensor(Shape.of(16, 1), new float[16]));
    model.put("fc.weight", new Tensor(Shape.of(2), new float[2]));
    Safetensors file = file(model);
    assertThatThrownBy(() -> ModelTensors.readModel(table, file, "other.safetensors"))
        .isInstanceOf(TrainingException.class)
        .hasMessage(
            "other.safetensors does not fit the network: conv1.weight is 16x3x5x5, the network has"
                + " 16x3x3x3; bn1.gamma is 16x1, the network has 16; bn2.beta is missing; fc.weight"
                + " is not in the network; all tensors must agree by name and shape: --rename FROM=TO"
                + " gives them other names, --partial takes only what is in both");
  }

  @Test
  void slotsThatAreWrittenAreReadWithTheirBits() throws Exception {
    float[][][] slots = training.initialState().slots();
    slots[0][0][7] = -0.0f;
    slots[1][1][2] = 1e-42f;
    Safetensors file = file(ModelTensors.optimizer(table, OPTIMIZER, slots));
    assertThat(ModelTensors.readOptimizer(table, OPTIMIZER, file, "optimizer"))
        .isDeepEqualTo(slots);
  }

  @Test
  void everyDifferenceOfSlotsIsToldAtOnce() throws Exception {
    Map<String, Tensor> slots =
        new TreeMap<>(ModelTensors.optimizer(table, OPTIMIZER, training.initialState().slots()));
    slots.remove("bn2.beta.v");
    slots.put("bn1.gamma.m", new Tensor(Shape.of(16, 1), new float[16]));
    slots.put("bn1.moving_mean.m", new Tensor(Shape.of(16), new float[16]));
    Safetensors file = file(slots);
    assertThatThrownBy(() -> ModelTensors.readOptimizer(table, OPTIMIZER, file, "o.safetensors"))
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith(
            "o.safetensors does not fit the network: bn1.gamma.m is 16x1, the network has 16;"
                + " bn2.beta.v is missing; bn1.moving_mean.m is not in the network");
  }

  private Safetensors file(Map<String, Tensor> tensors) throws Exception {
    byte[] bytes = SafetensorsWriter.toBytes(tensors, Map.of());
    return Safetensors.read(Files.write(folder.resolve("model.safetensors"), bytes));
  }
}
