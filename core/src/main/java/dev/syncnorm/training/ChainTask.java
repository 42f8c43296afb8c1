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
 * Layers one behind the other that work on the same rows: a convolution and the batch norm behind
 * it, or any one layer; and a rectifier. A convolution normalises its own output if float32 allows
 * that, which follows from the batch's moments and the parameters alone; otherwise the batch norm
 * works on it in place.
 */
final class ChainTask extends RowTask {

  private final ParameterTable table;
  private final List<Integer> nodes;
  private final Layer first;
  private final Optional<BatchNorm> second;
  private final boolean isRectified;
  private final Kernels kernels;
  private float[][] parameters = {};
  private Optional<BatchNorm.Affine> affine = Optional.empty();

  ChainTask(Network network, ParameterTable table, Operation.Chain chain, Kernels kernels) {
    this.table = table;
    this.kernels = kernels;
    nodes = chain.nodes();
    first = network.nodes().get(nodes.get(0)).layer();
    second =
        Optional.of(network.nodes().get(nodes.get(1)).layer())
            .filter(layer -> layer instanceof BatchNorm)
            .map(layer -> (BatchNorm) layer);
    isRectified = network.nodes().get(nodes.get(nodes.size() - 1)).layer() instanceof Relu;
  }

  @Override
  void begin(Image image) {
    int node = nodes.get(0);
    parameters = table.ofNode(image.parameters(), node);
    affine = Optional.empty();
    if (first instanceof BatchNorm norm) {
      affine = Optional.of(affine(image, norm, node));
    } else if (second.isPresent()) {
      Optional<float[][]> own = image.context().normalizedParameters(node, nodes.get(1));
      parameters = own.orElse(parameters);
      if (own.isEmpty()) {
        affine = Optional.of(affine(image, second.get(), nodes.get(1)));
      }
    }
  }

  private BatchNorm.Affine affine(Image image, BatchNorm norm, int node) {
    return norm.affine(table.ofNode(image.parameters(), node), image.context().moments(node));
  }

  @Override
  void run(Planes[] reads, Optional<Planes> written, int from, int to) {
    Planes y = written.orElseThrow();
    if (isRectified && affine.isEmpty() && first instanceof Convolution convolution) {
      convolution.rectifiedForward(kernels, parameters, reads[0], y, from, to);
      return;
    }
    if (first instanceof BatchNorm norm) {
      norm.forward(kernels, affine.orElseThrow(), reads[0], y, from, to);
    } else {
      ((ImageLayer) first).forward(kernels, parameters, reads, y, from, to);
      if (affine.isPresent()) {
        second.orElseThrow().forward(kernels, affine.get(), y, y, from, to);
      }
    }
    if (isRectified) {
      kernels.relu(y, y, from, to);
    }
  }
}
