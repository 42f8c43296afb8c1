package dev.syncnorm.network;

import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All parameters of a network in one order: layer by layer, within a layer as the layer has them.
 * Trainable parameters also have a place in the flat vector of gradients.
 */
public final class ParameterTable {

  /**
   * A parameter and its places.
   *
   * @param node index of its layer
   * @param gradientOffset where its gradient begins in the flat vector; -1 if it isn't trainable
   */
  public record Entry(int node, String layer, Parameter parameter, int gradientOffset) {
    /** The name in model files, {@code layer.parameter}. */
    public String name() {
      return layer + "." + parameter.name();
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  private final int[] firstOfNode;
  private final int gradientSize;

  ParameterTable(Network network) {
    firstOfNode = new int[network.nodes().size() + 1];
    int offset = 0;
    for (int node = 0; node < network.nodes().size(); node++) {
      Layer layer = network.nodes().get(node).layer();
      firstOfNode[node] = entries.size();
      for (Parameter parameter : layer.parameters()) {
        entries.add(new Entry(node, layer.name(), parameter, parameter.trainable() ? offset : -1));
        offset += parameter.trainable() ? parameter.shape().size() : 0;
      }
    }
    firstOfNode[network.nodes().size()] = entries.size();
    gradientSize = offset;
  }

  /** All parameters. */
  public List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** Index among {@link #entries()} of a layer's first parameter. */
  public int first(int node) {
    return firstOfNode[node];
  }

  /** The values of one layer's parameters out of those of all. */
  public float[][] ofNode(float[][] values, int node) {
    return Arrays.copyOfRange(values, firstOfNode[node], firstOfNode[node + 1]);
  }

  /** The number of trainable values. */
  public int gradientSize() {
    return gradientSize;
  }

  /** The number of values, trainable or not. */
  public long size() {
    return entries.stream().mapToLong(e -> e.parameter().shape().size()).sum();
  }

  /** The trainable values of one layer. */
  public int gradientSize(int node) {
    return entries.subList(firstOfNode[node], firstOfNode[node + 1]).stream()
        .filter(e -> e.parameter().trainable())
        .mapToInt(e -> e.parameter().shape().size())
        .sum();
  }

  /** Where a layer's gradients begin in the flat vector. */
  public int gradientOffset(int node) {
    return entries.subList(firstOfNode[node], firstOfNode[node + 1]).stream()
        .filter(e -> e.parameter().trainable())
        .findFirst()
        .map(Entry::gradientOffset)
        .orElse(0);
  }
}
