package dev.syncnorm.training;

import static dev.syncnorm.testing.Deviations.largest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.Operation;
import dev.syncnorm.network.RowProgram;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.SumLayout.Segment;
import dev.syncnorm.testing.Float64Network;
import dev.syncnorm.testing.Float64Network.Disturbance;
import dev.syncnorm.testing.Float64Network.Pass;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.RandomGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The gradients that reach the optimizer against central differences of a naive loss in float64, on
 * random small graphs; two workers share each batch.
 *
 * <p>Central differences (Richardson's, of order 4): with a step h = 1e-3 the error is of the order
 * of h^4 = 1e-12 times the fifth derivative plus 1e-16 / h = 1e-13, far below float32.
 *
 * <p>What float32 may do to a gradient depends on the graph: a batch norm of a channel that hardly
 * varies enlarges every rounding before it. So each graph tells its own tolerance: the oracle's
 * gradients are computed eight times more with every stored value disturbed as {@link
 * Float64Network#rounding} says; ours may be off by eight times the worst of these, for each
 * parameter array, whose errors are of one kind. A sign, a factor, a lost consumer or a wrong index
 * is of the size of the gradient itself, 10^4 times more.
 */
class GradientTest {

  private static final int GRAPHS = 80;
  private static final int IMAGES = 5;
  private static final double STEP = 1e-3;

  @ParameterizedTest
  @EnumSource(Backend.class)
  void gradientsAgreeWithCentralDifferences(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    for (long seed = 1; seed <= GRAPHS; seed++) {
      check(seed, backend, true);
    }
  }

  /** The path without rewrites, which is the only one for most of these graphs. */
  @ParameterizedTest
  @EnumSource(Backend.class)
  void gradientsOfTheGeneralPathAgreeToo(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    for (long seed = 1; seed <= GRAPHS; seed++) {
      if (isRewritten(seed)) {
        check(seed, backend, false);
      }
    }
  }

  @Test
  void someGraphsAreRewrittenInEachWay() {
    List<StepPlan> plans = new ArrayList<>();
    for (long seed = 1; seed <= GRAPHS; seed++) {
      plans.add(plan(seed, true));
    }
    assertThat(plans).filteredOn(StepPlan::firstSumIsOfImagesAlone).hasSizeGreaterThan(3);
    assertThat(plans)
        .filteredOn(
            plan ->
                plan.phases().stream()
                    .flatMap(phase -> phase.sum().segments().stream())
                    .anyMatch(segment -> segment instanceof Segment.ResidualSums))
        .hasSizeGreaterThan(3);
    List<Operation> operations =
        plans.stream()
            .flatMap(plan -> plan.phases().stream())
            .flatMap(phase -> phase.program().tasks().stream())
            .map(RowProgram.Task::operation)
            .toList();
    assertThat(operations)
        .filteredOn(operation -> operation instanceof Operation.UnprojectedGradients)
        .hasSizeGreaterThan(3);
    assertThat(operations)
        .filteredOn(operation -> operation instanceof Operation.Chain)
        .hasSizeGreaterThan(3);
    assertThat(operations)
        .filteredOn(operation -> operation instanceof Operation.MaskedInputGradient)
        .hasSizeGreaterThan(2);
  }

  private static boolean isRewritten(long seed) {
    return !tasks(plan(seed, true)).equals(tasks(plan(seed, false)));
  }

  private static List<List<String>> tasks(StepPlan plan) {
    return plan.phases().stream()
        .map(phase -> phase.program().tasks().stream().map(plan::name).toList())
        .toList();
  }

  private static StepPlan plan(long seed, boolean rewrites) {
    return new StepPlan(
        InProcessTraining.network(new RandomGraph(seed).model()),
        new StepPlan.Options(0, IMAGES, rewrites));
  }

  @Test
  void randomGraphsHaveEveryFeature() {
    Set<RandomGraph.Feature> seen = EnumSet.noneOf(RandomGraph.Feature.class);
    for (long seed = 1; seed <= GRAPHS; seed++) {
      seen.addAll(new RandomGraph(seed).features());
    }
    assertThat(seen).containsExactlyInAnyOrder(RandomGraph.Feature.values());
  }

  private static void check(long seed, Backend backend, boolean rewrites) {
    RandomGraph graph = new RandomGraph(seed);
    String about = "seed %d, %s%n%s".formatted(seed, graph.features(), graph.model());
    float[][] images = graph.images(IMAGES);
    float[][] targets = graph.targets(IMAGES);
    // With beta1 = 0 Adam's first moment is the gradient, rounded to float32.
    InProcessTraining training =
        InProcessTraining.of(graph.model())
            .samples(images, targets)
            .initial(graph.parameters())
            .optimizer(new Adam(1e-3, 0, 0.999, 1e-8, Adam.BiasCorrection.TORCH))
            .backend(backend)
            .workers(2, 1);
    if (!rewrites) {
      training.withoutRewrites();
    }
    InProcessTraining.Run run = training.run();
    Map<String, double[]> parameters = new LinkedHashMap<>();
    graph.parameters().forEach((n, values) -> parameters.put(n, Float64Network.widened(values)));
    double[][] x = Float64Network.widened(images);
    double[][] y = Float64Network.widened(targets);
    Float64Network network = graph.network();
    Pass pass = network.forward(parameters, x, Disturbance.NONE);
    Map<String, double[]> exact = network.gradients(parameters, pass, y, Disturbance.NONE);

    List<Map<String, double[]>> disturbed = new ArrayList<>();
    double lossTolerance = 0;
    for (int draw = 0; draw < 8; draw++) {
      Disturbance disturbance = Float64Network.rounding(1000 * seed + draw);
      Pass other = network.forward(parameters, x, disturbance);
      lossTolerance = Math.max(lossTolerance, Math.abs(other.loss(y) - pass.loss(y)));
      disturbed.add(network.gradients(parameters, other, y, disturbance));
    }
    assertThat(run.losses()[0]).as(about).isCloseTo(pass.loss(y), within(8 * lossTolerance));

    double largestOfAll =
        exact.values().stream().mapToDouble(gradient -> largest(gradient)).max().orElse(0);
    Random random = new Random(seed);
    for (Map.Entry<String, double[]> entry : exact.entrySet()) {
      String name = entry.getKey();
      double[] expected = entry.getValue();
      float[] actual = run.slot(0, name, "m");
      if (graph.cancellingBiases().contains(name)) {
        assertThat(actual).as(about + " " + name).containsOnly(0f);
      }
      double tolerance = Math.scalb(largest(expected), -24);
      for (Map<String, double[]> draw : disturbed) {
        for (int i = 0; i < expected.length; i++) {
          tolerance = Math.max(tolerance, 8 * Math.abs(draw.get(name)[i] - expected[i]));
        }
      }
      assertThat(tolerance)
          .as("%s: the tolerance of %s would hide a mistake", about, name)
          .isLessThan(1e-3 * largestOfAll);
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) actual[i])
            .as("%s%n%s[%d]", about, name, i)
            .isCloseTo(expected[i], within(tolerance));
      }
      for (int sample = 0; sample < 6; sample++) {
        int i = random.nextInt(expected.length);
        OptionalDouble numeric = centralDifference(network, parameters, name, i, x, y);
        if (numeric.isPresent()) {
          assertThat((double) actual[i])
              .as("%s%n%s[%d] by central differences", about, name, i)
              .isCloseTo(numeric.getAsDouble(), within(tolerance + 1e-8));
        }
      }
    }
  }

  /** (8 (f(h) - f(-h)) - (f(2 h) - f(-2 h))) / (12 h); empty where a rectifier has a kink. */
  private static OptionalDouble centralDifference(
      Float64Network network,
      Map<String, double[]> parameters,
      String name,
      int index,
      double[][] images,
      double[][] targets) {
    double[] at = new double[4];
    Optional<Pass> first = Optional.empty();
    double[] shifts = {STEP, -STEP, 2 * STEP, -2 * STEP};
    for (int k = 0; k < 4; k++) {
      Map<String, double[]> moved = new HashMap<>(parameters);
      double[] values = Arrays.copyOf(parameters.get(name), parameters.get(name).length);
      values[index] += shifts[k];
      moved.put(name, values);
      Pass pass = network.forward(moved, images, Disturbance.NONE);
      at[k] = pass.loss(targets);
      if (first.isPresent() && !pass.hasKinksOf(first.get(), network.layers())) {
        return OptionalDouble.empty();
      }
      first = Optional.of(pass);
    }
    return OptionalDouble.of((8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * STEP));
  }
}
