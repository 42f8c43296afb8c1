package dev.syncnorm.statistics;

import dev.syncnorm.image.Pixels;

/** Adds the samples of an image to sums. One for each thread. */
interface SumsPixels {

  /** Adds all pixels. */
  void add(SampleSums sums, Pixels pixels);

  /**
   * Adds to the products of two samples only: what is to be known of one sample follows from its
   * histogram.
   */
  void addProducts(SampleSums sums, Pixels pixels);

  /** The fastest that this JVM has; all have the same sums. */
  static SumsPixels fastest() {
    // Without the module the class does not link: it may not even be loaded.
    boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return vectors ? new VectorSums() : new PlainSums();
  }
}
