package dev.syncnorm.kernel;

/** The contract, on ND4J. */
class Nd4jKernelsTest
    implements ConvolutionContract, PatchMomentsContract, SumsContract, ElementwiseContract {
  private static final Kernels KERNELS = new Nd4jKernels();

  @Override
  public Kernels kernels() {
    return KERNELS;
  }

  @Override
  public boolean isSameForAllCuts() {
    return false;
  }

  @Override
  public boolean spreadsBetweenTaps() {
    return true;
  }
}
