package dev.syncnorm.training;

import static dev.syncnorm.testing.Deviations.assertRelative;
import static dev.syncnorm.testing.Deviations.assertWithin;
import static dev.syncnorm.testing.Deviations.largest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.testing.Golden;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.SeedNetwork;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The seed network against TensorFlow in float64.
 *
 * <p>ROUNDING is what the longest path of float32 operations may do to a value: 9 x 16 fused
 * additions in the second convolution and less than 20 other roundings, each 2^-24, make 9.8e-6 of
 * the largest values; the documented tolerance of the running statistics is the same 1e-5.
 */
class SeedNetworkGoldenTest {

  private static final double ROUNDING = 1e-5;
  private static final double LEARNING_RATE = 1e-3;

  static Stream<Arguments> cases() {
    return Stream.of("small", "odd")
        .flatMap(
            golden ->
                Arrays.stream(Backend.values())
                    .filter(backend -> backend.unavailable().isEmpty())
                    .flatMap(
                        backend ->
                            Stream.of(1, 3)
                                .map(workers -> Arguments.of(golden, backend, workers))));
  }

  @ParameterizedTest(name = "{0}, {1}, {2} workers")
  @MethodSource("cases")
  void everyStepAgreesWithTensorFlow(String name, Backend backend, int workers) {
    Golden golden = Golden.read("seed_network_" + name);
    InProcessTraining training = training(golden).backend(backend).workers(workers, 1);
    InProcessTraining.Run run = training.run();
    int steps = golden.metadata("steps").asInt();
    assertThat(run.steps()).hasSize(steps);
    for (int step = 0; step < steps; step++) {
      double loss = golden.doubles("loss_" + step)[0];
      assertThat(run.losses()[step]).isCloseTo(loss, within(1e-5 * loss));
      for (String norm : List.of("bn1", "bn2")) {
        double[] variance = golden.doubles(norm + ".moving_variance_" + step);
        assertRelative(norm, run.parameter(step, norm + ".moving_variance"), variance, 1e-5);
        double[] tolerance = Arrays.stream(variance).map(v -> 1e-5 * Math.sqrt(v)).toArray();
        String mean = norm + ".moving_mean";
        assertWithin(mean, run.parameter(step, mean), golden.doubles(mean + "_" + step), tolerance);
      }
    }
    assertFinalWeights(golden, run);
    assertInference(golden, backend, run);
  }

  @ParameterizedTest(name = "{0}, {1}, {2} workers")
  @MethodSource("cases")
  void firstGradientsAgreeWithTensorFlow(String name, Backend backend, int workers) {
    Golden golden = Golden.read("seed_network_" + name);
    // With beta1 = 0 Adam's first moment is the gradient, rounded to float32.
    InProcessTraining.Run run =
        training(golden)
            .optimizer(new Adam(LEARNING_RATE, 0, 0.999, 1e-8, Adam.BiasCorrection.TENSORFLOW))
            .epochs(1)
            .backend(backend)
            .workers(workers, 1)
            .run();
    for (ParameterTable.Entry entry : run.plan().parameters().entries()) {
      if (!entry.parameter().trainable()) {
        continue;
      }
      float[] gradient = run.slot(0, entry.name(), "m");
      double[] expected = golden.doubles("grad_step_0." + entry.name());
      if (entry.parameter().name().equals("bias")) {
        assertThat(gradient).as("cancels in a batch norm").containsOnly(0f);
        assertThat(largest(expected)).as("TensorFlow's float64 noise").isLessThan(1e-15);
      } else {
        assertWithin(entry.name(), gradient, expected, ROUNDING * largest(expected));
      }
    }
  }

  /**
   * Adam moves a weight by the learning rate times a ratio of averages of its gradients, whose
   * relative error is that of the gradient: ROUNDING of the tensor's largest one. The moving
   * averages remember each error in about two steps' worth of changes, hence the factor 2.
   */
  private static void assertFinalWeights(Golden golden, InProcessTraining.Run run) {
    int last = run.steps().size() - 1;
    for (ParameterTable.Entry entry : run.plan().parameters().entries()) {
      if (entry.parameter().trainable()) {
        double[] expected = golden.doubles("final." + entry.name());
        double[] gradient = golden.doubles("grad_step_0." + entry.name());
        double[] tolerance = new double[expected.length];
        for (int i = 0; i < expected.length; i++) {
          double relative = ROUNDING * largest(gradient) / Math.abs(gradient[i]);
          double stored = (last + 1) * Math.ulp((float) expected[i]);
          tolerance[i] =
              entry.parameter().name().equals("bias")
                  ? 1e-12
                  : 2 * (last + 1) * LEARNING_RATE * Math.min(1, relative) + stored;
        }
        assertWithin(entry.name(), run.parameter(last, entry.name()), expected, tolerance);
      }
    }
  }

  /** The weights are off by up to 2 x ROUNDING as above, the arithmetic by as much again. */
  private static void assertInference(Golden golden, Backend backend, InProcessTraining.Run run) {
    double[] expected = golden.doubles("output_inference");
    int images = golden.shape("x")[0];
    int size = expected.length / images;
    for (int i = 0; i < images; i++) {
      float[] output = run.inference(backend, golden.image("x", i));
      double[] image = Arrays.copyOfRange(expected, i * size, (i + 1) * size);
      assertWithin("image " + i, output, image, 3 * ROUNDING * largest(expected));
    }
  }

  private static InProcessTraining training(Golden golden) {
    int[] shape = golden.shape("x");
    float[][] x = new float[shape[0]][];
    float[][] y = new float[shape[0]][];
    for (int i = 0; i < shape[0]; i++) {
      x[i] = golden.image("x", i);
      y[i] = golden.image("y", i);
    }
    Map<String, float[]> initial = new HashMap<>();
    for (String name : golden.names()) {
      if (name.startsWith("initial.")) {
        initial.put(name.substring("initial.".length()), golden.floats(name));
      }
    }
    return InProcessTraining.of(SeedNetwork.model(shape[2], shape[3]))
        .samples(x, y)
        .initial(initial)
        .epochs(golden.metadata("steps").asInt());
  }
}
