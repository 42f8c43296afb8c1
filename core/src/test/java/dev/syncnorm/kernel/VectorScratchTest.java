package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The computed scratch memory is that of the arrays that kernels really hold. */
class VectorScratchTest {

  private static final List<ConvolutionGeometry> GEOMETRIES =
      List.of(
          new ConvolutionGeometry(3, 96, 100, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1),
          new ConvolutionGeometry(16, 48, 50, 32, 3, 3, 2, 1, 1, 0, 1, 0, 1),
          new ConvolutionGeometry(32, 7, 7, 64, 3, 3, 1, 1, 4, 1, 1, 1, 1),
          new ConvolutionGeometry(64, 5, 5, 64, 1, 1, 1, 1, 1, 0, 0, 0, 0));

  @Test
  void scratchIsThatOfTheArraysAfterAStep() throws IllegalAccessException {
    assumeTrue(Backend.VECTOR.unavailable().isEmpty(), "no fused multiply-add here");
    VectorKernels kernels = new VectorKernels();
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    long sums = 0;
    for (ConvolutionGeometry g : GEOMETRIES) {
      float[] x = new float[g.inputShape().size()];
      float[] w = new float[g.weightShape().size()];
      float[] y = new float[g.outputShape().size()];
      Runs runs = new Runs(new Random(1));
      runs.convolution(kernels, g, x, w, new float[0]);
      runs.inputGradient(kernels, g, y, w);
      RowSums.OfTwo gradient = kernels.convolutionGradients(g);
      runs.weightGradient(gradient, g, x, y, new double[w.length + g.outputChannels()], 0);
      sums += arrays(gradient, seen);
    }

    long held = sums + arrays(kernels, seen);

    // Left out: phases, a few KiB together; the copied source may be smaller than that of a call
    // for a whole image.
    assertThat(Backend.VECTOR.scratchBytes(GEOMETRIES))
        .isBetween((long) (0.95 * held), (long) (1.3 * held));
  }

  @Test
  void scratchDoesNotGrowWithTheNumberOfEqualLayersButByTheirPlans() {
    long one = Backend.VECTOR.scratchBytes(GEOMETRIES.subList(0, 1));
    assertThat(one).isPositive();
    assertThat(Backend.VECTOR.scratchBytes(List.of())).isZero();
    assertThat(Backend.REFERENCE.scratchBytes(GEOMETRIES)).isZero();
  }

  /** Bytes of all arrays of numbers that can be reached. */
  private static long arrays(Object object, Set<Object> seen) throws IllegalAccessException {
    if (object == null || !seen.add(object)) {
      return 0;
    }
    Class<?> type = object.getClass();
    if (type.isArray()) {
      Class<?> element = type.getComponentType();
      if (element.isPrimitive()) {
        return (long) Array.getLength(object) * (element == double.class ? 8 : 4);
      }
      long bytes = 0;
      for (Object each : (Object[]) object) {
        bytes += arrays(each, seen);
      }
      return bytes;
    }
    if (object instanceof Map<?, ?> map) {
      long bytes = 0;
      for (Object each : new ArrayList<>(map.values())) {
        bytes += arrays(each, seen);
      }
      return bytes;
    }
    if (!type.getPackageName().equals("dev.syncnorm.kernel")) {
      return 0;
    }
    long bytes = 0;
    for (Field field : type.getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
        field.setAccessible(true);
        bytes += arrays(field.get(object), seen);
      }
    }
    return bytes;
  }
}
