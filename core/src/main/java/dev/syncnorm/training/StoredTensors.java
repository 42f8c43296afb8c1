package dev.syncnorm.training;

import dev.syncnorm.kernel.Planes;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.StepTensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * What is kept of one image from one phase of a step to the next; reused for other images. Used by
 * one thread at a time.
 */
final class StoredTensors {

  private final StepTensors tensors;
  private final Map<Integer, Planes> planes = new HashMap<>();
  private final Map<Integer, double[]> layerGradients = new HashMap<>();
  private int loaded = -1;

  /**
   * Without an image yet.
   *
   * @param gradientSizes by layer, the number of its parameter gradients that are kept
   */
  StoredTensors(
      StepTensors tensors, List<StepPlan.Stored> stored, Map<Integer, Integer> gradientSizes) {
    this.tensors = tensors;
    for (StepPlan.Stored s : stored) {
      planes.put(s.tensor(), Planes.whole(tensors.shape(s.tensor()), s.margins()));
    }
    gradientSizes.forEach((node, size) -> layerGradients.put(node, new double[size]));
  }

  /** What a step's images keep. */
  static StoredTensors of(StepPlan plan) {
    return new StoredTensors(plan.tensors(), plan.stored(), plan.gradientSizes());
  }

  /**
   * What the arrays of one image take.
   *
   * @param images the image and its target
   * @param layerGradients those of parameters, in float64
   */
  record Bytes(long images, long tensors, long layerGradients) {
    long all() {
      return images + tensors + layerGradients;
    }
  }

  /**
   * The size of one image's arrays, from the same numbers that they are allocated by.
   *
   * @param taken what an array of so many bytes takes of the heap
   */
  static Bytes bytes(StepPlan plan, LongUnaryOperator taken) {
    long images = 0;
    long tensors = 0;
    for (StepPlan.Stored stored : plan.stored()) {
      long bytes =
          taken.applyAsLong(
              (long) Float.BYTES
                  * Planes.wholeSize(plan.tensors().shape(stored.tensor()), stored.margins()));
      if (plan.tensors().isLoaded(stored.tensor())) {
        images += bytes;
      } else {
        tensors += bytes;
      }
    }
    long layerGradients =
        plan.gradientSizes().values().stream()
            .mapToLong(size -> taken.applyAsLong((long) Double.BYTES * size))
            .sum();
    return new Bytes(images, tensors, layerGradients);
  }

  /** Whether it has an image of the data set from the last time. */
  boolean has(int index) {
    return loaded == index;
  }

  /**
   * Begins a step with an image of the data set; the one it had the last time isn't read again.
   *
   * @param input overwritten, of the size of the image
   * @param target overwritten, of the size of the network's output
   */
  void begin(Samples samples, int index, float[] input, float[] target) throws SampleException {
    if (loaded != index) {
      loaded = -1;
      samples.load(index, input, target);
      planes.get(tensors.value(0)).set(input);
      planes.get(tensors.target()).set(target);
      loaded = index;
    }
  }

  /** A tensor that is kept as a whole. */
  Planes get(int tensor) {
    return planes.get(tensor);
  }

  /** The gradients of a layer's parameters, of this step once its phase has run. */
  double[] layerGradients(int node) {
    return layerGradients.get(node);
  }
}
