package dev.syncnorm.training;

import static dev.syncnorm.testing.Deviations.assertRelative;
import static dev.syncnorm.testing.Deviations.assertWithin;
import static dev.syncnorm.testing.Deviations.largest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.testing.Float64Network;
import dev.syncnorm.testing.Float64Network.Conv;
import dev.syncnorm.testing.Float64Network.Norm;
import dev.syncnorm.testing.Float64Network.Sum;
import dev.syncnorm.testing.Float64Training;
import dev.syncnorm.testing.Float64Training.Step;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.SeedNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Batches that do not divide evenly, against the same training in float64 in one piece.
 *
 * <p>Tolerances: loss and moving variances 1e-5 relative, moving means 1e-5 of the channel's
 * standard deviation, as documented. A weight follows its gradients, whose error ROUNDING = 1e-5 of
 * the array's largest one is that of 9 x 16 fused additions and some twenty roundings; Adam divides
 * by the gradient's own size, so a step moves the weight by that ratio of the learning rate, and
 * its averages remember it for about two steps.
 */
class UnequalBatchesTest {

  private static final double ROUNDING = 1e-5;
  private static final double LEARNING_RATE = 1e-3;
  private static final String ONE_NORM =
      """
      input  = { channels = 3, height = 1, width = 1 }
      layers = [
        { name = conv,   type = conv, filters = 3, kernel = 1 }
        { name = bn1,    type = batch-norm }
        { name = output, type = add, inputs = [bn1, input] }
      ]
      """;

  /** Name, images, batch size, workers, height, width. */
  static Stream<Arguments> cases() {
    return Stream.of(
            new Object[] {"the last batch is smaller", 8, 3, 2, 8, 9},
            new Object[] {"the last batch has one image", 5, 4, 3, 8, 9},
            new Object[] {"workers without images", 3, 3, 7, 8, 9},
            new Object[] {"no worker has two images, some none", 5, 3, 4, 7, 10},
            new Object[] {"one image", 1, 1, 1, 8, 9},
            new Object[] {"one image, three workers", 1, 1, 3, 8, 9},
            new Object[] {"images of one pixel", 6, 6, 2, 1, 1},
            new Object[] {"one value a channel", 1, 1, 1, 1, 1},
            new Object[] {"one value a channel, batch by batch", 3, 1, 2, 1, 1})
        .flatMap(
            given ->
                Arrays.stream(Backend.values())
                    .map(
                        backend -> {
                          Object[] all = Arrays.copyOf(given, given.length + 1);
                          all[given.length] = backend;
                          return Arguments.of(all);
                        }));
  }

  @ParameterizedTest(name = "{0}: {1} in batches of {2}, {3} workers, {4}x{5}, {6}")
  @MethodSource("cases")
  void agreesWithFloat64InOnePiece(
      String name, int images, int batch, int workers, int height, int width, Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    int epochs = 3;
    // One pixel passes only the middle of a kernel, so beta of the first of two batch norms would
    // be
    // a bias that the second takes out again: its gradient is nothing but rounding noise.
    boolean onePixel = height == 1 && images > 1 && batch > 1;
    long seed = 31L * images + height;
    Random random = new Random(seed);
    float[][] x = new float[images][3 * height * width];
    float[][] y = new float[images][3 * height * width];
    for (int n = 0; n < images; n++) {
      for (int i = 0; i < x[n].length; i++) {
        x[n][i] = random.nextFloat();
        y[n][i] = random.nextFloat();
      }
    }
    InProcessTraining training =
        InProcessTraining.of(onePixel ? ONE_NORM : SeedNetwork.model(height, width))
            .samples(x, y)
            .batchSize(batch)
            .epochs(epochs)
            .backend(backend)
            .workers(workers, 1);
    final InProcessTraining.Run run = training.run();
    Map<String, double[]> initial = new LinkedHashMap<>();
    List<ParameterTable.Entry> entries = training.plan().parameters().entries();
    for (int i = 0; i < entries.size(); i++) {
      float[] values = training.initialState().parameters()[i];
      initial.put(entries.get(i).name(), Float64Network.widened(values));
    }
    List<double[][]> batchesOfX = new ArrayList<>();
    List<double[][]> batchesOfY = new ArrayList<>();
    for (int epoch = 0; epoch < epochs; epoch++) {
      for (int from = 0; from < images; from += batch) {
        int to = Math.min(from + batch, images);
        batchesOfX.add(Float64Network.widened(Arrays.copyOfRange(x, from, to)));
        batchesOfY.add(Float64Network.widened(Arrays.copyOfRange(y, from, to)));
      }
    }
    Float64Network network = onePixel ? oneNorm() : Float64Training.seedNetwork(height, width);
    List<Step> expected =
        new Float64Training(network, LEARNING_RATE, 0.9, initial).train(batchesOfX, batchesOfY);
    assertThat(run.steps()).as("seed %s", seed).hasSameSizeAs(expected);
    for (int step = 0; step < expected.size(); step++) {
      assertThat(run.steps().get(step).images()).isEqualTo(batchesOfX.get(step).length);
      compare(run, step, expected);
    }
  }

  private static Float64Network oneNorm() {
    return new Float64Network(
        List.of(
            new Conv("conv", 0, 3, 1, 1, 3, 1, 1, 1, 1, 0, 0, 0, 0, true),
            new Norm("bn1", 1, 3, 1e-5),
            new Sum("output", List.of(2, 0))));
  }

  private static void compare(InProcessTraining.Run run, int step, List<Step> expected) {
    Step now = expected.get(step);
    assertThat(run.losses()[step]).isCloseTo(now.loss(), within(1e-5 * now.loss()));
    for (String norm : List.of("bn1", "bn2")) {
      if (!now.parameters().containsKey(norm + ".gamma")) {
        continue;
      }
      double[] variance = now.parameters().get(norm + ".moving_variance");
      assertRelative(norm, run.parameter(step, norm + ".moving_variance"), variance, 1e-5);
      String mean = norm + ".moving_mean";
      double[] tolerance = Arrays.stream(variance).map(v -> 1e-5 * Math.sqrt(v)).toArray();
      assertWithin(mean, run.parameter(step, mean), now.parameters().get(mean), tolerance);
    }
    now.gradients()
        .forEach(
            (name, unused) -> {
              double[] values = now.parameters().get(name);
              double[] tolerance = new double[values.length];
              for (int i = 0; i < values.length; i++) {
                tolerance[i] = weightTolerance(expected.subList(0, step + 1), name, i, values[i]);
              }
              assertWithin(
                  name + " after step " + step, run.parameter(step, name), values, tolerance);
            });
  }

  private static double weightTolerance(List<Step> steps, String name, int index, double value) {
    double tolerance = 0;
    for (Step step : steps) {
      double[] gradient = step.gradients().get(name);
      double largest = largest(gradient);
      boolean none = largest < 1e-14; // a gradient that is 0 but for the oracle's own rounding
      double relative = none ? 1e-5 : ROUNDING * largest / Math.abs(gradient[index]);
      tolerance += 2 * LEARNING_RATE * Math.min(1, relative) + Math.ulp((float) value);
    }
    return tolerance;
  }

  /** PyTorch refuses this too: "Expected more than 1 value per channel when training". */
  @Test
  void sampleVarianceOfOneValueEndsTheRunUncommitted() {
    InProcessTraining training =
        InProcessTraining.of(
                """
                input = { channels = 1, height = 1, width = 1 }
                layers = [{ name = bn, type = batch-norm, convention = torch }]
                """)
            .samples(new float[][] {{2}}, new float[][] {{1}});
    List<String> lost = new ArrayList<>();
    assertThatThrownBy(() -> training.tryRun(lost))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("step 1 was not committed")
        .hasMessageContaining("bn.moving_variance");
    assertThat(lost).isEmpty();
  }
}
