package dev.syncnorm.training;

import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.SumLayout.Segment;

/** What global sums mean; the same on the driver and on the workers. */
final class Sums {

  private Sums() {}

  /** The moments of the global batch from the root of the tree. */
  static BatchNorm.Moments moments(Segment.Moments segment, double[] sums, int images) {
    double count = (double) images * segment.pixels();
    int channels = segment.channels();
    double[] mean = new double[channels];
    double[] variance = new double[channels];
    for (int c = 0; c < channels; c++) {
      mean[c] = sums[segment.offset() + c];
      variance[c] = sums[segment.offset() + channels + c] / count;
    }
    return new BatchNorm.Moments(count, mean, variance);
  }

  /** The elements of the network's output over a batch. */
  static double elements(Network network, int images) {
    return (double) images * network.output().size();
  }
}
