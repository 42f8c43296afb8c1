package dev.syncnorm.training;

/**
 * The images that a worker trains on, by their index in the data set. Thread-safe: a worker's
 * threads read at once.
 */
public interface Samples {

  /**
   * Reads one image and its target.
   *
   * @param input overwritten with [channels, height, width]
   * @param target overwritten with the shape of the network's output
   * @throws SampleException if they can't be had
   */
  void load(int index, float[] input, float[] target) throws SampleException;

  /**
   * Says which images the next step will load that the last one didn't, in their order: they may be
   * read in the background meanwhile. Each call takes the place of the one before; none at all ends
   * the reading. A failure is told by {@link #load}.
   */
  default void readAhead(int[] indices) {}
}
