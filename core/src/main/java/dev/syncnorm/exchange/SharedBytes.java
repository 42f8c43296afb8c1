package dev.syncnorm.exchange;

import java.io.IOException;

/**
 * Brings one large array to all workers by a better way than a reply to each (on Spark, a broadcast
 * variable). The driver shares, the reply carries the handle, the worker fetches.
 */
public interface SharedBytes {

  /** Shares a value until the next but one value is shared; the driver's side. */
  byte[] share(byte[] value);

  /** The value behind a handle, a fresh array or one that nobody changes; the worker's side. */
  byte[] fetch(byte[] handle) throws IOException;
}
