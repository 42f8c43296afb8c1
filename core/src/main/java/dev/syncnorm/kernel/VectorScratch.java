package dev.syncnorm.kernel;

import java.util.Collection;

/** What {@link VectorKernels} keep for a set of convolutions, computed as they allocate it. */
final class VectorScratch {

  private VectorScratch() {}

  /**
   * Bytes of one thread's kernels after a step over all of these convolutions, with the sums of
   * their weight gradients.
   */
  static long bytes(Collection<ConvolutionGeometry> geometries) {
    long copied = 0;
    long packed = 0;
    long flat = 0;
    long taps = 0;
    long sums = 0;
    for (ConvolutionGeometry geometry : geometries) {
      ConvolutionPlan forward = ConvolutionPlan.forward(geometry);
      ConvolutionPlan gradient = ConvolutionPlan.inputGradient(geometry);
      copied = Math.max(copied, forward.copiedFloats(geometry.outputHeight()));
      for (ConvolutionPlan plan : new ConvolutionPlan[] {forward, gradient}) {
        packed = Math.max(packed, VectorConvolution.packedFloats(plan));
        flat = Math.max(flat, VectorConvolution.flatFloats(plan));
        taps += plan.classes.stream().mapToLong(c -> Taps.bytes(c.taps().size())).sum();
      }
      sums += VectorWeightGradient.bytes(geometry);
    }
    return Float.BYTES * (copied + packed + flat) + taps + sums;
  }
}
