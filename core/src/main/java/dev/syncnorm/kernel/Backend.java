package dev.syncnorm.kernel;

import java.util.Locale;

/** The implementations of {@link Kernels} that a user can choose. */
public enum Backend {
  /** SIMD on the JDK's Vector API: the same bits on every machine with fused multiply-add. */
  VECTOR,
  /** ND4J with oneDNN: the same bits on one kind of processor. */
  ND4J,
  /** Naive loops in double precision: slow, for checking the others. */
  REFERENCE;

  /** The name on the command line and in files, in lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
