package dev.syncnorm.image;

/**
 * Memory outside the Java heap has run out. No image is to blame: the same file may well be decoded
 * elsewhere, so it is no rejection, and what was to be computed has failed.
 */
public final class NativeMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NativeMemoryException(String what, Throwable cause) {
    super(
        "memory outside the Java heap ran out: "
            + what
            + "; give each process more of it, or fewer tasks at a time",
        cause);
  }
}
