package dev.syncnorm.bench;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.tensor.Tensor;
import dev.syncnorm.training.ModelTensors;
import dev.syncnorm.training.Samples;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What all contenders start from, as one safetensors file: {@code ExportStart CONF FILE [--step
 * BACKEND] [KEY=VALUE...]} writes the initial parameters, the first batch as {@code batch.input}
 * and {@code batch.target} [N, C, H, W], and in the metadata how many doubles each global sum of a
 * step has. With {@code --step} the parameters are those after one step.
 */
final class ExportStart {

  private ExportStart() {}

  /** See the class. Ends with 2 where the configuration is wrong. */
  public static void main(String[] arguments) throws Exception {
    try {
      export(arguments);
    } catch (ConfigurationException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  private static void export(String[] arguments) throws Exception {
    List<String> words = Arrays.asList(arguments);
    boolean step = words.size() > 2 && words.get(2).equals("--step");
    LocalTraining training =
        LocalTraining.of(Path.of(words.get(0)), words.subList(step ? 4 : 2, words.size()));
    if (step) {
      training.run(1, Backend.valueOf(words.get(3).toUpperCase(Locale.ROOT)), 1, 1);
    }
    StepPlan plan = training.plan(Backend.VECTOR);
    Map<String, Tensor> tensors =
        new HashMap<>(ModelTensors.model(plan.parameters(), training.state().parameters()));
    Shape input = plan.network().input();
    Shape output = plan.network().output();
    int[] batch = training.firstBatch();
    float[] inputs = new float[batch.length * input.size()];
    float[] targets = new float[batch.length * output.size()];
    float[] oneInput = new float[input.size()];
    float[] oneTarget = new float[output.size()];
    Samples samples = training.samples();
    for (int i = 0; i < batch.length; i++) {
      samples.load(batch[i], oneInput, oneTarget);
      System.arraycopy(oneInput, 0, inputs, i * oneInput.length, oneInput.length);
      System.arraycopy(oneTarget, 0, targets, i * oneTarget.length, oneTarget.length);
    }
    tensors.put("batch.input", new Tensor(batch(batch.length, input), inputs));
    tensors.put("batch.target", new Tensor(batch(batch.length, output), targets));
    String sums =
        plan.phases().stream()
            .skip(plan.firstSumIsOfImagesAlone() ? 1 : 0) // sent once, not with every step
            .map(phase -> Integer.toString(phase.sum().length()))
            .collect(Collectors.joining(" "));
    try (OutputStream out = Files.newOutputStream(Path.of(words.get(1)))) {
      SafetensorsWriter.write(tensors, Map.of("sums", sums), out);
    }
  }

  private static Shape batch(int images, Shape image) {
    return Shape.of(images, image.channels(), image.height(), image.width());
  }
}
