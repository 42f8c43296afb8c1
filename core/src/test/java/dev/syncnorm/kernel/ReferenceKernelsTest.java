package dev.syncnorm.kernel;

/** The contract, on the naive implementation. */
class ReferenceKernelsTest
    implements ConvolutionContract, PatchMomentsContract, SumsContract, ElementwiseContract {
  @Override
  public Kernels kernels() {
    return new ReferenceKernels();
  }

  @Override
  public int randomGeometries() {
    return 15;
  }
}
