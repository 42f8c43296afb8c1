package dev.syncnorm.network;

import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.Loss;
import dev.syncnorm.tensor.Shape;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A directed acyclic graph of layers with all shapes known. Value 0 is the image, value i + 1 is
 * the output of layer i; the last layer's output is the network's.
 *
 * @param input the shape of one image, [channels, height, width]
 * @param nodes the layers, every one after its inputs
 */
public record Network(Shape input, List<Node> nodes, Loss loss) {

  /**
   * A layer and where its inputs come from.
   *
   * @param inputs the values that it reads
   */
  public record Node(Layer layer, List<Integer> inputs) {}

  /** Copies the lists. */
  public Network {
    nodes = List.copyOf(nodes);
  }

  /** The number of values: the image and every layer's output. */
  public int values() {
    return nodes.size() + 1;
  }

  /** The shape of a value. */
  public Shape shape(int value) {
    return value == 0 ? input : nodes.get(value - 1).layer().outputShape();
  }

  /** The shape of the network's output. */
  public Shape output() {
    return shape(values() - 1);
  }

  /** The layers that lead to the output, with their shapes, for messages. */
  public String chain() {
    return ShapeChain.to(values() - 1, input, nodes);
  }

  /** The batch norms by the index of their node, in the order of the nodes. */
  public SortedMap<Integer, BatchNorm> batchNorms() {
    SortedMap<Integer, BatchNorm> norms = new TreeMap<>();
    for (int node = 0; node < nodes.size(); node++) {
      if (nodes.get(node).layer() instanceof BatchNorm norm) {
        norms.put(node, norm);
      }
    }
    return norms;
  }

  /** The parameters of all layers. */
  public ParameterTable parameters() {
    return new ParameterTable(this);
  }
}
