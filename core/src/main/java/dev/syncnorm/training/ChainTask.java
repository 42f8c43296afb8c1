package dev.syncnorm.training;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.Relu;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.Operation;
import dev.syncnorm.network.ParameterTable;
import java.util.List;
import java.util.Optional;

/**
 * Layers one behind the other that work on the same rows: a layer, by which a convolution may also
 * normalise its output, and a rectifier behind it.
 */
final class ChainTask extends RowTask {

  private final ParameterTable table;
  private final List<Integer> nodes;
  private final Layer first;
  private final boolean isNormalized;
  private final boolean isRectified;
  private final Kernels kernels;
  private float[][] parameters = {};
  private Optional<BatchNorm.Affine> affine = Optional.empty();

  ChainTask(Network network, ParameterTable table, Operation.Chain chain, Kernels kernels) {
    this.table = table;
    this.kernels = kernels;
    nodes = chain.nodes();
    first = network.nodes().get(nodes.get(0)).layer();
    isNormalized = network.nodes().get(nodes.get(1)).layer() instanceof BatchNorm;
    isRectified = network.nodes().get(nodes.get(nodes.size() - 1)).layer() instanceof Relu;
  }

  @Override
  void begin(Image image) {
    int node = nodes.get(0);
    parameters =
        isNormalized
            ? image.context().normalizedParameters(node, nodes.get(1))
            : table.ofNode(image.parameters(), node);
    affine =
        first instanceof BatchNorm norm
            ? Optional.of(norm.affine(parameters, image.context().moments(node)))
            : Optional.empty();
  }

  @Override
  void run(Planes[] reads, Optional<Planes> written, int from, int to) {
    Planes y = written.orElseThrow();
    if (isRectified && first instanceof Convolution convolution) {
      convolution.rectifiedForward(kernels, parameters, reads[0], y, from, to);
      return;
    }
    if (first instanceof BatchNorm norm) {
      norm.forward(kernels, affine.orElseThrow(), reads[0], y, from, to);
    } else {
      ((ImageLayer) first).forward(kernels, parameters, reads, y, from, to);
    }
    if (isRectified) {
      kernels.relu(y, y, from, to);
    }
  }
}
