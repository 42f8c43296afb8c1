package dev.syncnorm.training;

import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The global sums of a step so far, as a worker's images need them; read by many threads. */
final class StepContext {

  private final int images;
  private final double elements;
  private final Map<Integer, BatchNorm.Moments> moments = new HashMap<>();
  private final Map<Integer, double[]> gradientSums = new HashMap<>();

  StepContext(Network network, int images) {
    this.images = images;
    this.elements = Sums.elements(network, images);
  }

  /** For inference: moments are the moving statistics. */
  static StepContext ofMovingStatistics(
      Network network, ParameterTable table, float[][] parameters) {
    StepContext context = new StepContext(network, 1);
    for (int node : network.batchNorms().keySet()) {
      context.moments.put(node, BatchNorm.movingMoments(table.ofNode(parameters, node)));
    }
    return context;
  }

  /** Takes the result of a sum; not while images run. */
  void take(SumLayout layout, double[] sums) {
    for (Segment segment : layout.segments()) {
      if (segment instanceof Segment.Moments m) {
        moments.put(m.node(), Sums.moments(m, sums, images));
      } else if (segment instanceof Segment.NormGradients g) {
        gradientSums.put(g.node(), Arrays.copyOfRange(sums, g.offset(), g.offset() + g.length()));
      }
    }
  }

  /** The elements of the network's output over the global batch. */
  double elements() {
    return elements;
  }

  /** The global batch's moments of a batch norm's input. */
  BatchNorm.Moments moments(int node) {
    return moments.get(node);
  }

  /** The global batch's sum(dy), then sum(dy (x - pivot)), of a batch norm. */
  double[] gradientSums(int node) {
    return gradientSums.get(node);
  }
}
