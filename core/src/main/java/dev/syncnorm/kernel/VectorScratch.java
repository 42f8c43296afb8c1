package dev.syncnorm.kernel;

import java.util.Collection;

/** What {@link VectorKernels} keep for a set of convolutions, computed as they allocate it. */
final class VectorScratch {

  /** Lanes of a block of the weight gradient: 4 by 3 pairs. */
  private static final int BLOCK_LANES = 12 * Lanes.COUNT;

  private VectorScratch() {}

  /** Bytes of one thread's kernels after a step over all of these convolutions. */
  static long bytes(Collection<ConvolutionGeometry> geometries) {
    long planes = 0;
    long inputs = 0;
    long outputs = 0;
    long packed = 0;
    long flat = 0;
    long totals = 0;
    long taps = 0;
    for (ConvolutionGeometry geometry : geometries) {
      TapPlan forward = TapPlan.forward(geometry);
      TapPlan gradient = TapPlan.inputGradient(geometry);
      planes = Math.max(planes, Math.max(forward.size(), gradient.size()));
      inputs = Math.max(inputs, forward.size());
      outputs = Math.max(outputs, (long) forward.targetChannels * forward.planeSize);
      totals = Math.max(totals, totals(forward));
      for (TapPlan plan : new TapPlan[] {forward, gradient}) {
        packed = Math.max(packed, (long) taps(plan) * plan.targetChannels);
        flat = Math.max(flat, flat(plan));
        taps += 2L * taps(plan);
      }
    }
    return Float.BYTES * (planes + inputs + outputs + packed + flat + taps) + Double.BYTES * totals;
  }

  private static int taps(TapPlan plan) {
    int taps = 0;
    for (TapPlan.TargetClass c : plan.classes) {
      taps += c.taps().length;
    }
    return taps;
  }

  private static long flat(TapPlan plan) {
    int widest = plan.classes[0].columns();
    return plan.step == 1 && widest >= ConvolutionBlocks.COLUMNS
        ? 0
        : 4L * (plan.bandRows * plan.pitch + ConvolutionBlocks.COLUMNS);
  }

  private static long totals(TapPlan forward) {
    long taps = taps(forward);
    long channels = forward.targetChannels;
    long straight = (channels + 3) / 4 * ((taps + 2) / 3);
    long swapped = (taps + 3) / 4 * ((channels + 2) / 3);
    return Math.min(straight, swapped) * BLOCK_LANES;
  }
}
