package dev.syncnorm.spark.dataset;

import java.util.Iterator;

/** The images of one task, read ahead while the last one is looked at. For one thread. */
public interface ImageIterator extends Iterator<EncodedImage> {

  /** The host that reads, as messages tell it. */
  String host();

  /**
   * Members of the archives read so far that are not looked at, such as labels: complete when there
   * is no next image. What folders hold of them is {@link ImageInputs#passedOver()}.
   */
  PassedOver passedOver();
}
