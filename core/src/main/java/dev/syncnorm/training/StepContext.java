package dev.syncnorm.training;

import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.PatchMoments;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The global sums of a step so far and what follows from them; the same on the driver and on the
 * workers, where it is read by many threads.
 */
final class StepContext {

  private static final float[] NO_BIAS = {};

  private final Network network;
  private final ParameterTable table;
  private final float[][] parameters;
  private final int images;
  private final double elements;
  private final Map<Integer, BatchNorm.Moments> moments = new HashMap<>();
  private final Map<Integer, double[]> centredSums = new HashMap<>();
  private final Map<Integer, PatchMoments> patches = new HashMap<>();
  private final Map<Integer, double[]> gradientSums = new HashMap<>();

  /**
   * The beginning of a step.
   *
   * @param parameters that the step begins with; not to be changed before it is done
   * @param images in the global batch
   */
  StepContext(Network network, ParameterTable table, float[][] parameters, int images) {
    this.network = network;
    this.table = table;
    this.parameters = parameters;
    this.images = images;
    this.elements = (double) images * network.output().size();
  }

  /** For inference: moments are the moving statistics. */
  static StepContext ofMovingStatistics(
      Network network, ParameterTable table, float[][] parameters) {
    StepContext context = new StepContext(network, table, parameters, 1);
    for (int node : network.batchNorms().keySet()) {
      context.moments.put(node, BatchNorm.movingMoments(table.ofNode(parameters, node)));
    }
    return context;
  }

  /** Takes the result of a sum; not while images run. */
  void take(SumLayout layout, double[] sums) {
    for (Segment segment : layout.segments()) {
      if (segment instanceof Segment.Moments m) {
        double count = (double) images * m.pixels();
        takeMoments(m.node(), count, sums, m.offset(), m.channels());
      } else if (segment instanceof Segment.PatchMoments p) {
        takePatches(p, sums);
      } else if (segment instanceof Segment.ResidualSums r) {
        takeResiduals(r, sums);
      } else if (segment instanceof Segment.NormGradients g) {
        gradientSums.put(g.node(), Arrays.copyOfRange(sums, g.offset(), g.offset() + g.length()));
      } else if (segment instanceof Segment.UnprojectedGradients g) {
        gradientSums.put(
            g.norm(),
            patches
                .get(g.node())
                .normGradientSums(
                    weight(g.node()),
                    bias(g.node()),
                    BatchNorm.pivot(moments.get(g.norm())),
                    sums,
                    g.offset()));
      }
    }
  }

  private void takeMoments(int node, double count, double[] sums, int offset, int channels) {
    double[] mean = Arrays.copyOfRange(sums, offset, offset + channels);
    double[] centred = Arrays.copyOfRange(sums, offset + channels, offset + 2 * channels);
    double[] variance = Arrays.stream(centred).map(squares -> squares / count).toArray();
    moments.put(node, new BatchNorm.Moments(count, mean, variance));
    centredSums.put(node, centred);
  }

  private void takePatches(Segment.PatchMoments segment, double[] sums) {
    Convolution layer = (Convolution) network.nodes().get(segment.node()).layer();
    double count = (double) images * segment.pixels();
    PatchMoments patch = new PatchMoments(layer.geometry(), count, sums, segment.offset());
    patches.put(segment.node(), patch);
    double[] output = patch.outputMoments(weight(segment.node()), bias(segment.node()));
    takeMoments(segment.norm(), count, output, 0, output.length / 2);
  }

  private void takeResiduals(Segment.ResidualSums segment, double[] sums) {
    int node = segment.node();
    float[][] own = table.ofNode(parameters, node);
    gradientSums.put(
        node,
        norm(node)
            .gradientSumsOfResiduals(
                own,
                moments.get(node),
                centredSums.get(node),
                sums,
                segment.offset(),
                own[BatchNorm.MOVING_MEAN],
                2 / elements));
  }

  private BatchNorm norm(int node) {
    return (BatchNorm) network.nodes().get(node).layer();
  }

  /**
   * Weights and biases of a convolution that computes the output of the batch norm behind it, where
   * float32 allows that.
   */
  Optional<float[][]> normalizedParameters(int convolution, int norm) {
    float[][] own = table.ofNode(parameters, norm);
    return patches
        .get(convolution)
        .normalized(
            weight(convolution),
            own[BatchNorm.GAMMA],
            norm(norm).gain(own, moments.get(norm)),
            own[BatchNorm.BETA]);
  }

  private float[] weight(int node) {
    return table.ofNode(parameters, node)[0];
  }

  private float[] bias(int node) {
    float[][] own = table.ofNode(parameters, node);
    return own.length > 1 ? own[1] : NO_BIAS;
  }

  /**
   * Writes the parameter gradients that follow from a sum which has been taken.
   *
   * @param gradients of all trainable parameters
   */
  void putGradients(SumLayout layout, double[] sums, double[] gradients) {
    for (Segment segment : layout.segments()) {
      if (segment instanceof Segment.NormGradients g) {
        norm(g.node())
            .parameterGradients(
                moments.get(g.node()), sums, g.offset(), gradients, table.gradientOffset(g.node()));
      } else if (segment instanceof Segment.LayerGradients g) {
        System.arraycopy(sums, g.offset(), gradients, table.gradientOffset(g.node()), g.length());
      } else if (segment instanceof Segment.UnprojectedGradients g) {
        norm(g.norm())
            .parameterGradients(
                moments.get(g.norm()),
                gradientSums.get(g.norm()),
                0,
                gradients,
                table.gradientOffset(g.norm()));
        int at = table.gradientOffset(g.node());
        System.arraycopy(sums, g.offset(), gradients, at, weight(g.node()).length);
        project(g, gradients, at);
      }
    }
  }

  private void project(Segment.UnprojectedGradients segment, double[] gradients, int at) {
    BatchNorm.Moments own = moments.get(segment.norm());
    BatchNorm.Projection projection =
        norm(segment.norm())
            .projection(
                table.ofNode(parameters, segment.norm()), own, gradientSums.get(segment.norm()), 0);
    patches
        .get(segment.node())
        .projectWeightGradient(
            projection, own.mean(), weight(segment.node()), bias(segment.node()), gradients, at);
  }

  /** The elements of the network's output over the global batch. */
  double elements() {
    return elements;
  }

  /** The batch norms whose moments are known. */
  Map<Integer, BatchNorm.Moments> allMoments() {
    return moments;
  }

  /** The global batch's moments of a batch norm's input. */
  BatchNorm.Moments moments(int node) {
    return moments.get(node);
  }

  /** The centred sums of squares of those moments. */
  double[] centredSums(int node) {
    return centredSums.get(node);
  }

  /** The global batch's sum(dy), then sum(dy (x - pivot)), of a batch norm. */
  double[] gradientSums(int node) {
    return gradientSums.get(node);
  }
}
