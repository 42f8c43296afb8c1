package dev.syncnorm.data;

import java.io.IOException;

/** Reads files by their path. Thread-safe. */
public interface ByteSource {

  /**
   * Reads a whole file.
   *
   * @throws IOException if it can't be read; the message names the reason
   */
  byte[] read(String path) throws IOException;
}
