package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.tensor.Tensor;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.SeedNetwork;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class WeightImportTest {

  private final InProcessTraining training = InProcessTraining.of(SeedNetwork.model(5, 6));
  private final ParameterTable table = training.plan().parameters();
  private final float[][] initial = training.initialState().parameters();

  @Test
  void renamedTensorsAreTakenWithTheirBits() throws Exception {
    Map<String, Tensor> model = model();
    model.put("stem.weight", model.remove("conv1.weight"));
    // Both names exist in file and network: they change places.
    Tensor gamma = model.get("bn1.gamma");
    model.put("bn1.gamma", model.get("bn1.beta"));
    model.put("bn1.beta", gamma);

    WeightImport read =
        read(
            file(model),
            false,
            "stem.weight=conv1.weight",
            "bn1.gamma=bn1.beta",
            "bn1.beta=bn1.gamma");

    assertThat(read.parameters()).isEqualTo(changed());
    assertThat(read.taken()).isEqualTo(12);
    assertThat(read.kept()).isEmpty();
    assertThat(read.left()).isEmpty();
  }

  @Test
  void partialTakesWhatBothHaveAndTellsTheRest() throws Exception {
    Map<String, Tensor> model = model();
    model.remove("bn2.beta");
    model.remove("conv1.bias");
    model.put("fc.weight", new Tensor(Shape.of(2), new float[2]));

    WeightImport read = read(file(model), true);

    assertThat(read.taken()).isEqualTo(10);
    assertThat(read.kept()).containsExactly("conv1.bias", "bn2.beta");
    assertThat(read.left()).containsExactly("fc.weight");
    float[][] expected = changed();
    for (int i = 0; i < expected.length; i++) {
      String name = table.entries().get(i).name();
      boolean kept = read.kept().contains(name);
      assertThat(read.parameters()[i]).as(name).isEqualTo(kept ? initial[i] : expected[i]);
    }
  }

  @Test
  void anotherShapeIsAMistakeWithPartialToo() throws Exception {
    Map<String, Tensor> model = model();
    model.remove("bn1.gamma");
    model.put("scale", new Tensor(Shape.of(8), new float[8]));

    assertThatThrownBy(() -> read(file(model), true, "scale=bn1.gamma"))
        .isInstanceOf(TrainingException.class)
        .hasMessage(
            "m.safetensors does not fit the network: bn1.gamma (scale in the file) is 8, the network"
                + " has 16; all tensors must agree by name and shape");
  }

  @Test
  void partialThatTakesNothingIsAMistake() {
    Map<String, Tensor> model = Map.of("fc.weight", new Tensor(Shape.of(2), new float[2]));

    assertThatThrownBy(() -> read(file(model), true))
        .hasMessage(
            "m.safetensors has no tensor of the network, but for example [fc.weight]; give the names"
                + " with --rename FROM=TO");
  }

  @Test
  void allMistakesOfRenamingAreToldAtOnce() throws Exception {
    Map<String, Tensor> model = model();
    model.put("stem.weight", model.get("conv1.weight"));

    ConfigurationException e =
        catchThrowableOfType(
            ConfigurationException.class,
            () ->
                read(
                    file(model),
                    true,
                    "stem.wieght=conv2.weight",
                    "bn1.gamma=bn1.gama",
                    "stem.weight=conv1.weight"));

    assertThat(e.mistakes())
        .containsExactly(
            "--rename stem.wieght=conv2.weight: stem.wieght is not in m.safetensors; did you mean"
                + " stem.weight?",
            "--rename bn1.gamma=bn1.gama: bn1.gama is not in the network; did you mean bn1.gamma?",
            "both conv1.weight and stem.weight of m.safetensors would be conv1.weight; rename the"
                + " other one too");
  }

  @Test
  void torchsCountOfBatchesIsLeftOutUnlessItIsRenamed() throws Exception {
    byte[] bytes =
        file(
            """
            {"bn1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]},\
            "bn1.beta":{"dtype":"F32","shape":[16],"data_offsets":[8,72]}}""",
            buffer(72));

    WeightImport read = read(bytes, true);

    assertThat(read.taken()).isEqualTo(1);
    assertThat(read.left()).isEmpty();
    assertThatThrownBy(() -> read(bytes, true, "bn1.num_batches_tracked=bn1.gamma"))
        .hasMessageContaining(
            "bn1.gamma (bn1.num_batches_tracked in the file) is scalar, the network has 16");
  }

  @Test
  void halfPrecisionIsExactAndDoublesAreRoundedAndTold() throws Exception {
    ByteBuffer data = buffer(3 * 8 + 2 * (2 * 3));
    data.putDouble(0.1).putDouble(1).putDouble(-1e-3);
    data.putShort((short) 0x3c01).putShort((short) 0x0001).putShort((short) 0xc000);
    data.putShort((short) 0x3f81).putShort((short) 0x0001).putShort((short) 0xc000);
    byte[] bytes =
        file(
            """
            {"bn2.beta":{"dtype":"F64","shape":[3],"data_offsets":[0,24]},\
            "bn2.gamma":{"dtype":"F16","shape":[3],"data_offsets":[24,30]},\
            "conv2.bias":{"dtype":"BF16","shape":[3],"data_offsets":[30,36]}}""",
            data);

    WeightImport read = read(bytes, true);

    assertThat(values(read, "bn2.beta")).containsExactly(0.1f, 1, -1e-3f);
    assertThat(values(read, "bn2.gamma")).containsExactly(1 + 0x1p-10f, 0x1p-24f, -2);
    assertThat(values(read, "conv2.bias")).containsExactly(1 + 0x1p-7f, 0x1p-133f, -2);
    assertThat(read.rounded()).containsExactly("bn2.beta");
  }

  private float[] values(WeightImport read, String name) {
    for (int i = 0; i < read.parameters().length; i++) {
      if (table.entries().get(i).name().equals(name)) {
        return read.parameters()[i];
      }
    }
    throw new IllegalArgumentException(name);
  }

  private WeightImport read(byte[] file, boolean partial, String... renames) throws Exception {
    return WeightImport.read(
        table,
        Safetensors.read(file, "m.safetensors"),
        "m.safetensors",
        Renames.read(List.of(renames), Optional.empty()),
        partial,
        initial);
  }

  /** Values that no initialiser gives. */
  private float[][] changed() {
    float[][] changed = new float[initial.length][];
    for (int i = 0; i < changed.length; i++) {
      changed[i] = new float[initial[i].length];
      for (int k = 0; k < changed[i].length; k++) {
        changed[i][k] = (float) (1 + i + 1 / (k + 3.0));
      }
    }
    return changed;
  }

  private Map<String, Tensor> model() {
    return new TreeMap<>(ModelTensors.model(table, changed()));
  }

  private static byte[] file(Map<String, Tensor> tensors) throws Exception {
    return SafetensorsWriter.toBytes(tensors, Map.of());
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] file(String header, ByteBuffer data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return buffer(8 + json.length + data.capacity())
        .putLong(json.length)
        .put(json)
        .put(data.array())
        .array();
  }
}
