package dev.syncnorm.network;

import dev.syncnorm.layer.Add;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.Loss;
import dev.syncnorm.layer.PatchMoments;
import dev.syncnorm.layer.Relu;
import dev.syncnorm.network.Network.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where a step can do with fewer passes and sums because the mathematics allows it exactly.
 *
 * <ul>
 *   <li>Patch moments: a convolution without groups reads the image alone and feeds one batch norm
 *       alone. The moments of its output follow from those of the image's patches, which do not
 *       change from epoch to epoch, and its weight gradient from a sum that does not have to wait
 *       for the batch norm's own: {@link PatchMoments}. Only if that is so for every batch norm
 *       that the first sum is about, only if the patch moments of the whole data set are small
 *       enough to be kept, and only for patches of at most {@link #MOST_TAPS} values.
 *   <li>Residual: the network ends with the output of a batch norm plus a value that is there when
 *       the batch norm's moments are summed, and the loss is the mean squared error. The sums of
 *       its backward pass follow from sums that travel with its moments: {@link
 *       BatchNorm#gradientSumsOfResiduals}.
 *   <li>Chains: a layer is computed in place on the rows of the one before it, whose output nothing
 *       else reads. The batch norm of a convolution with patch moments is computed by that
 *       convolution itself, as its moments are known beforehand and its backward pass does not need
 *       its input: {@link PatchMoments#normalized}. A rectifier joins any layer but another
 *       rectifier, and its gradient the convolution that alone reads its output.
 * </ul>
 */
final class Rewrites {

  private static final int MOST_TAPS = 150;

  /** What a worker may keep of patch moments. */
  private static final long PATCH_BYTES = 64L << 20;

  private final Network network;
  private final SortedMap<Integer, Integer> patchNorms = new TreeMap<>();
  private final SortedMap<Integer, List<Integer>> chains = new TreeMap<>();
  private final SortedMap<Integer, Integer> masked = new TreeMap<>();
  private int residualNorm = -1;
  private int residualValue = -1;

  /** None. */
  static Rewrites none(Network network) {
    return new Rewrites(network);
  }

  /**
   * All that are possible.
   *
   * @param forwardPhase of each node
   * @param images in the data set
   */
  static Rewrites of(Network network, int[] forwardPhase, long images) {
    Rewrites rewrites = new Rewrites(network);
    rewrites.findPatchNorms(forwardPhase, images);
    rewrites.findResidual(forwardPhase);
    rewrites.findChains();
    return rewrites;
  }

  private Rewrites(Network network) {
    this.network = network;
  }

  private void findPatchNorms(int[] forwardPhase, long images) {
    SortedMap<Integer, Integer> found = new TreeMap<>();
    long bytes = 0;
    for (int i = 0; i < forwardPhase.length; i++) {
      if (forwardPhase[i] == 1 && network.nodes().get(i).layer() instanceof BatchNorm) {
        int convolution = network.nodes().get(i).inputs().get(0) - 1;
        if (convolution < 0 || !hasPatches(convolution)) {
          return;
        }
        found.put(convolution, i);
        bytes += Double.BYTES * (long) PatchMoments.length(convolution(convolution).geometry());
      }
    }
    if (bytes * images <= PATCH_BYTES) {
      patchNorms.putAll(found);
    }
  }

  private boolean hasPatches(int index) {
    Node node = network.nodes().get(index);
    return node.layer() instanceof Convolution convolution
        && convolution.geometry().groups() == 1
        && PatchMoments.taps(convolution.geometry()) <= MOST_TAPS
        && node.inputs().get(0) == 0
        && consumers(index + 1).size() == 1;
  }

  private Convolution convolution(int node) {
    return (Convolution) network.nodes().get(node).layer();
  }

  private void findResidual(int[] forwardPhase) {
    int last = network.nodes().size() - 1;
    Node output = network.nodes().get(last);
    if (network.loss() != Loss.MEAN_SQUARED_ERROR
        || !(output.layer() instanceof Add)
        || output.inputs().size() != 2) {
      return;
    }
    for (int i = 0; i < 2; i++) {
      int norm = output.inputs().get(i) - 1;
      int other = output.inputs().get(1 - i);
      int otherPhase = other == 0 ? 0 : forwardPhase[other - 1];
      if (norm >= 0
          && network.nodes().get(norm).layer() instanceof BatchNorm
          && consumers(norm + 1).size() == 1
          && otherPhase < forwardPhase[norm]) {
        residualNorm = norm;
        residualValue = other;
      }
    }
  }

  private void findChains() {
    for (int i = 0; i < network.nodes().size(); i++) {
      Node node = network.nodes().get(i);
      int before = node.inputs().get(0) - 1;
      if (before >= 0 && consumers(before + 1).size() == 1 && joins(i, before)) {
        List<Integer> chain = new ArrayList<>(chains.getOrDefault(before, List.of(before)));
        chain.add(i);
        chains.remove(before);
        chains.put(i, List.copyOf(chain));
      }
      if (node.layer() instanceof Relu) {
        List<Integer> consumers = consumers(i + 1);
        if (consumers.size() == 1
            && network.nodes().get(consumers.get(0)).layer() instanceof Convolution) {
          masked.put(i, consumers.get(0));
        }
      }
    }
  }

  private boolean joins(int node, int before) {
    return network.nodes().get(node).layer() instanceof Relu
        ? !(network.nodes().get(before).layer() instanceof Relu)
        : patchConvolution(node).isPresent();
  }

  private List<Integer> consumers(int value) {
    List<Integer> consumers = new ArrayList<>();
    for (int i = 0; i < network.nodes().size(); i++) {
      for (int input : network.nodes().get(i).inputs()) {
        if (input == value) {
          consumers.add(i);
        }
      }
    }
    return consumers;
  }

  /** What computes the output of a node. */
  Operation forward(int node) {
    List<Integer> chain = chains.get(node);
    return chain == null ? new Operation.Forward(node) : new Operation.Chain(chain);
  }

  /** What computes the gradient that a node's input receives from it. */
  Operation inputGradient(int node, int input) {
    Integer convolution = masked.get(node);
    return convolution == null
        ? new Operation.InputGradient(node, input)
        : new Operation.MaskedInputGradient(convolution, node);
  }

  /** The batch norms of the convolutions whose patches are summed, by convolution. */
  SortedMap<Integer, Integer> patchNorms() {
    return patchNorms;
  }

  /** The convolution whose patches give a batch norm's moments. */
  OptionalInt patchConvolution(int norm) {
    return patchNorms.entrySet().stream()
        .filter(entry -> entry.getValue() == norm)
        .mapToInt(entry -> entry.getKey())
        .findFirst();
  }

  /** Whether the sums of a batch norm's backward pass travel with its moments. */
  boolean isResidualNorm(int node) {
    return node == residualNorm;
  }

  /** What is added to that batch norm's output. */
  OptionalInt residualValue() {
    return residualValue < 0 ? OptionalInt.empty() : OptionalInt.of(residualValue);
  }
}
