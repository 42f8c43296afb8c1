package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.SeedNetwork;
import java.lang.reflect.Field;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The bytes that a plan names are those of the arrays that are there after a step. */
class ImageWorkspaceBytesTest {

  @Test
  void bytesAreThoseOfTheArraysAfterAStep() throws Exception {
    StepPlan plan = InProcessTraining.of(SeedNetwork.model(6, 7)).plan();

    ImageWorkspace.Bytes bytes = ImageWorkspace.bytes(plan, array -> array);

    // By hand: input 3, conv1 16, bn1 16, conv2 3, bn2 3, output 3 channels of 42 pixels.
    assertThat(bytes.activations()).isEqualTo(4 * 42 * (3 + 16 + 16 + 3 + 3 + 3));
    assertThat(bytes.gradients()).isEqualTo(4 * 42 * (16 + 16 + 3 + 3 + 3));
    assertThat(bytes.target()).isEqualTo(4 * 42 * 3);
    assertThat(bytes.layerGradients()).isEqualTo(8 * (16 * 3 * 9 + 16 + 3 * 16 * 9 + 3));
    assertThat(allocated(afterAStep(plan))).isEqualTo(bytes.all());
  }

  @Test
  void aSecondGradientOfASharedValueIsCounted() throws Exception {
    StepPlan plan =
        InProcessTraining.of(
                """
                input = { channels = 3, height = 6, width = 7 }
                layers = [
                  { name = conv1, type = conv, filters = 5, kernel = 3 }
                  { name = bn1, type = batch-norm, inputs = [conv1] }
                  { name = sum, type = add, inputs = [conv1, bn1] }
                  { name = conv2, type = conv, filters = 3, kernel = 1 }
                ]
                """)
            .plan();

    // The batch norm's input gradient meets the one that the sum has left.
    assertThat(allocated(afterAStep(plan)))
        .isEqualTo(ImageWorkspace.bytes(plan, array -> array).all());
  }

  private static ImageWorkspace afterAStep(StepPlan plan) throws SampleException {
    ImageWorkspace workspace = new ImageWorkspace(plan);
    workspace.begin(
        (index, input, target) -> {
          for (int i = 0; i < input.length; i++) {
            input[i] = i % 7;
          }
        },
        0);
    float[][] parameters =
        TrainingState.initial(
                plan.parameters(),
                new Adam(1e-3, 0.9, 0.999, 1e-8, Adam.BiasCorrection.TORCH),
                plan.network().nodes().size(),
                1)
            .parameters();
    Kernels kernels = Backend.REFERENCE.create();
    StepContext context = new StepContext(plan.network(), 1);
    for (int phase = 0; phase < plan.phases().size(); phase++) {
      double[] sums = workspace.run(phase, kernels, parameters, context);
      context.take(plan.phases().get(phase).sum(), sums);
    }
    return workspace;
  }

  /** The bytes of all arrays of numbers that the workspace's fields hold. */
  private static long allocated(ImageWorkspace workspace) throws IllegalAccessException {
    long bytes = 0;
    for (Field field : ImageWorkspace.class.getDeclaredFields()) {
      field.setAccessible(true);
      Object value = field.get(workspace);
      if (value instanceof float[] floats) {
        bytes += 4L * floats.length;
      } else if (value instanceof float[][] arrays) {
        for (float[] array : arrays) {
          bytes += 4L * array.length;
        }
      } else if (value instanceof Map<?, ?> map) {
        for (Object array : map.values()) {
          bytes += 8L * ((double[]) array).length;
        }
      }
    }
    return bytes;
  }
}
