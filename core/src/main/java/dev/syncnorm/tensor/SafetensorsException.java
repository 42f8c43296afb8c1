package dev.syncnorm.tensor;

import java.io.IOException;

/**
 * A safetensors file that breaks the format, or holds something else than what was asked for.
 *
 * <p>The message is one line: the file, the tensor, the value found and what was expected.
 */
public final class SafetensorsException extends IOException {
  private static final long serialVersionUID = 1L;

  SafetensorsException(String source, String problem) {
    super(source + ": " + problem);
  }
}
