package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.StepPlan.Options;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.testing.SeedNetwork;
import java.lang.reflect.Field;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The bytes that a plan names are those of the arrays that are there after a step. */
class StoredTensorsTest {

  @Test
  void theSeedNetworkKeepsTheOutputOfItsLargeConvolutionAlone() {
    StepPlan plan =
        new StepPlan(InProcessTraining.network(SeedNetwork.model(6, 7)), new Options(0, 1, false));

    assertThat(plan.stored().stream().map(s -> plan.tensors().name(s.tensor())))
        .containsExactly("input", "conv2", "target");
  }

  @Test
  void bytesAreThoseOfTheArraysAfterAStep() throws Exception {
    for (int bandRows : new int[] {0, 1, 3, 100}) {
      StepPlan plan =
          new StepPlan(
              InProcessTraining.network(SeedNetwork.model(6, 7)), new Options(bandRows, 1, true));
      StoredTensors stored = StoredTensors.of(plan);
      PhaseRunner runner = new PhaseRunner(plan, Backend.REFERENCE.create());
      step(plan, runner, stored);

      assertThat(allocated(stored)).isEqualTo(StoredTensors.bytes(plan, array -> array).all());
      assertThat(allocated(runner)).isEqualTo(PhaseRunner.bytes(plan));
    }
  }

  private static void step(StepPlan plan, PhaseRunner runner, StoredTensors stored)
      throws SampleException {
    runner.begin(
        stored,
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
    StepContext context = new StepContext(plan.network(), plan.parameters(), parameters, 1);
    for (int phase = 0; phase < plan.phases().size(); phase++) {
      double[] sums = runner.run(phase, stored, parameters, context);
      context.take(plan.phases().get(phase).sum(), sums);
    }
  }

  /** The bytes of all arrays of numbers that an object's fields hold, shared ones once. */
  private static long allocated(Object owner) throws IllegalAccessException {
    Set<Object> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    collect(owner, arrays);
    return arrays.stream()
        .mapToLong(
            array ->
                array instanceof float[] floats
                    ? 4L * floats.length
                    : 8L * ((double[]) array).length)
        .sum();
  }

  private static void collect(Object owner, Set<Object> arrays) throws IllegalAccessException {
    for (Field field : owner.getClass().getDeclaredFields()) {
      field.setAccessible(true);
      collectValue(field.get(owner), arrays);
    }
  }

  private static void collectValue(Object value, Set<Object> arrays) throws IllegalAccessException {
    if (value instanceof float[] || value instanceof double[]) {
      arrays.add(value);
    } else if (value instanceof Planes planes) {
      arrays.add(planes.values());
    } else if (value instanceof ProgramRunner program) {
      collect(program, arrays);
    } else if (value instanceof Map<?, ?> map) {
      collectValue(map.values(), arrays);
    } else if (value instanceof Collection<?> all) {
      for (Object one : all) {
        collectValue(one, arrays);
      }
    }
  }
}
