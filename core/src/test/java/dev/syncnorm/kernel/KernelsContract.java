package dev.syncnorm.kernel;

/** An implementation under test. */
interface KernelsContract {
  Kernels kernels();

  /** Whether the bits are the same however an image is cut into runs of rows. */
  default boolean isSameForAllCuts() {
    return true;
  }
}
