package dev.syncnorm.spark.dataset;

import java.io.Closeable;
import java.util.Iterator;

/** Images one after another from one place. What fails is an image with a rejection. */
interface ImageSource extends Iterator<EncodedImage>, Closeable {
  /** Gives up what is open; never fails, as nothing was written. */
  @Override
  void close();
}
