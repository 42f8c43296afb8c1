package dev.syncnorm.network;

import dev.syncnorm.network.Network.Node;
import dev.syncnorm.tensor.Shape;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/** The layers that lead to a value, with their shapes: what an error about a shape must show. */
final class ShapeChain {

  private ShapeChain() {}

  /**
   * Such as {@code input 3x8x9 -> conv1 16x8x9 -> sum (with bn0) 16x8x9}: a layer of several inputs
   * is reached by its first, and names the others.
   *
   * @param value of the network, 0 for the image
   */
  static String to(int value, Shape image, List<Node> nodes) {
    Deque<String> chain = new ArrayDeque<>();
    int at = value;
    while (at > 0) {
      Node node = nodes.get(at - 1);
      String others =
          node.inputs().stream()
              .skip(1)
              .map(input -> input == 0 ? "input" : nodes.get(input - 1).layer().name())
              .collect(Collectors.joining(", "));
      chain.addFirst(
          node.layer().name()
              + (others.isEmpty() ? " " : " (with " + others + ") ")
              + node.layer().outputShape());
      at = node.inputs().get(0);
    }
    chain.addFirst("input " + image);
    return String.join(" -> ", chain);
  }
}
