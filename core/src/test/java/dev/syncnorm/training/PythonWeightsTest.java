package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.tensor.Tensor;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.SeedNetwork;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The scripts of python/ and the snippets of docs/formats.md, run by the Python that {@code
 * SYNCNORM_PYTHON} names: weights go out and in without a bit changed.
 */
class PythonWeightsTest {

  private static final Path SCRIPTS = Path.of("../python").toAbsolutePath().normalize();

  private final InProcessTraining training = InProcessTraining.of(SeedNetwork.model(5, 6));
  private final ParameterTable table = training.plan().parameters();

  @TempDir private Path folder;

  @BeforeEach
  void writeModel() throws Exception {
    String python = System.getenv("SYNCNORM_PYTHON");
    assumeTrue(
        python != null, "SYNCNORM_PYTHON is not set: it names a Python with safetensors and numpy");
    Files.write(
        folder.resolve("model.safetensors"),
        SafetensorsWriter.toBytes(ModelTensors.model(table, parameters()), Map.of()));
  }

  @Test
  void modelsGoToTorchAndBack() throws Exception {
    run(
        "to_torch.py",
        "model.safetensors",
        "torch.safetensors",
        "conv1=features.0",
        "bn1=features.1");

    Safetensors torch = Safetensors.read(folder.resolve("torch.safetensors"));
    assertThat(torch.names())
        .containsExactlyInAnyOrder(
            "features.0.weight",
            "features.0.bias",
            "features.1.weight",
            "features.1.bias",
            "features.1.running_mean",
            "features.1.running_var",
            "conv2.weight",
            "conv2.bias",
            "bn2.weight",
            "bn2.bias",
            "bn2.running_mean",
            "bn2.running_var");
    assertThat(torch.tensor("features.1.running_var").values())
        .isEqualTo(parameter("bn1.moving_variance"));

    run(
        "from_torch.py",
        "torch.safetensors",
        "again.safetensors",
        "features.0=conv1",
        "features.1=bn1");
    assertSameBits("again.safetensors");
  }

  @Test
  void theListOfNamesInsteadOfTheScriptGivesTheSame() throws Exception {
    run("to_torch.py", "model.safetensors", "torch.safetensors");

    WeightImport read =
        WeightImport.read(
            table,
            Safetensors.read(folder.resolve("torch.safetensors")),
            "torch.safetensors",
            Renames.read(
                List.of(), Optional.of(StoredFile.local(SCRIPTS.resolve("seed-from-torch.names")))),
            false,
            training.initialState().parameters());

    assertBits(read.parameters());
  }

  @Test
  void modelsGoToTensorFlowAndBack() throws Exception {
    run("to_tensorflow.py", "model.safetensors", "tf.safetensors", "conv1=block1/conv");

    Tensor kernel = Safetensors.read(folder.resolve("tf.safetensors")).tensor("block1/conv/kernel");
    assertThat(kernel.shape()).isEqualTo(Shape.of(3, 3, 3, 16));
    float[] weight = parameter("conv1.weight");
    for (int out = 0; out < 16; out++) {
      for (int in = 0; in < 3; in++) {
        for (int row = 0; row < 3; row++) {
          for (int column = 0; column < 3; column++) {
            assertThat(kernel.values()[((row * 3 + column) * 3 + in) * 16 + out])
                .isEqualTo(weight[((out * 3 + in) * 3 + row) * 3 + column]);
          }
        }
      }
    }

    run("from_tensorflow.py", "tf.safetensors", "again.safetensors", "block1/conv=conv1");
    assertSameBits("again.safetensors");
  }

  @Test
  void theNumpySnippetOfTheDocumentationChangesNoBit() throws Exception {
    run("-c", snippet("numpy"));
    assertSameBits("again.safetensors");
  }

  @ParameterizedTest
  @ValueSource(strings = {"torch", "tensorflow"})
  void theSnippetOfTheDocumentationForAFrameworkChangesNoBit(String framework) throws Exception {
    String find = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('%s'))";
    assumeTrue(
        python(List.of("-c", find.formatted(framework))).waitFor() == 0,
        "the Python of SYNCNORM_PYTHON has no " + framework);
    run("-c", snippet(framework));
    assertSameBits("again.safetensors");
  }

  /** Finite values of all magnitudes, negative zero and a subnormal number among them. */
  private float[][] parameters() {
    float[][] parameters = training.initialState().parameters();
    for (float[] values : parameters) {
      for (int i = 0; i < values.length; i++) {
        values[i] = Float.intBitsToFloat(0x3f000000 + i * 0x01234567 & 0xbfffffff);
      }
      values[0] = -0f;
      values[1] = Float.MIN_VALUE;
    }
    return parameters;
  }

  private float[] parameter(String name) {
    return ModelTensors.model(table, parameters()).get(name).values();
  }

  private void assertSameBits(String file) throws Exception {
    Safetensors again = Safetensors.read(folder.resolve(file));
    assertBits(ModelTensors.readModel(table, again, file));
  }

  private void assertBits(float[][] read) {
    float[][] expected = parameters();
    for (int i = 0; i < expected.length; i++) {
      assertThat(bits(read[i])).as(table.entries().get(i).name()).isEqualTo(bits(expected[i]));
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  private static String snippet(String name) throws IOException {
    String text = Files.readString(Path.of("../docs/formats.md"));
    Matcher block =
        Pattern.compile("```python " + name + "\n(.*?)```", Pattern.DOTALL).matcher(text);
    assertThat(block.find()).as("a snippet ```python " + name).isTrue();
    return block.group(1);
  }

  private void run(String script, String... arguments) throws Exception {
    List<String> all = new ArrayList<>();
    all.add(script.equals("-c") ? script : SCRIPTS.resolve(script).toString());
    all.addAll(List.of(arguments));
    Process process = python(all);
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
  }

  private Process python(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(System.getenv("SYNCNORM_PYTHON")));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("PYTHONPATH", SCRIPTS.toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    return builder.start();
  }
}
