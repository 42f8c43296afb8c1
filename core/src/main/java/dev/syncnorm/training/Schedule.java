package dev.syncnorm.training;

import java.util.OptionalInt;
import java.util.Random;

/**
 * Which images each step sees: a pure function of its settings, so that every worker and every
 * restart comes to the same batches. The last batch of an epoch may be smaller than the others.
 *
 * @param images in the data set
 * @param batchSize images per batch, at most as many as there are
 * @param shuffle whether each epoch has an order of its own
 */
public record Schedule(int images, int batchSize, int epochs, boolean shuffle, long seed) {

  /** Checks the sizes. */
  public Schedule {
    if (images < 1 || batchSize < 1 || batchSize > images || epochs < 0) {
      throw new IllegalArgumentException(
          "%d images in batches of %d for %d epochs".formatted(images, batchSize, epochs));
    }
  }

  /** The steps of an epoch. */
  public int stepsPerEpoch() {
    return (images + batchSize - 1) / batchSize;
  }

  /** All steps. */
  public long steps() {
    return (long) stepsPerEpoch() * epochs;
  }

  /** The epoch, from 1, of a step, from 1. */
  public int epoch(long step) {
    return Math.toIntExact((step - 1) / stepsPerEpoch() + 1);
  }

  /** Whether a step is the last of its epoch. */
  public boolean endsEpoch(long step) {
    return step % stepsPerEpoch() == 0;
  }

  /** The indices of a step's images in the data set, in the order of the global batch. */
  public int[] batch(long step) {
    int first = Math.toIntExact((step - 1) % stepsPerEpoch()) * batchSize;
    int[] batch = new int[Math.min(batchSize, images - first)];
    int[] order = shuffle ? order(epoch(step)) : new int[0];
    for (int i = 0; i < batch.length; i++) {
      batch[i] = shuffle ? order[first + i] : first + i;
    }
    return batch;
  }

  /** The number within its epoch of a step's batch, from 0, if every epoch has the same batches. */
  public OptionalInt repeatedBatch(long step) {
    return shuffle
        ? OptionalInt.empty()
        : OptionalInt.of(Math.toIntExact((step - 1) % stepsPerEpoch()));
  }

  /** Fisher and Yates's shuffle with java.util.Random, whose algorithm its documentation fixes. */
  private int[] order(int epoch) {
    int[] order = new int[images];
    Random random = new Random(Seeds.derive(seed, "epoch " + epoch));
    for (int i = 0; i < images; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
