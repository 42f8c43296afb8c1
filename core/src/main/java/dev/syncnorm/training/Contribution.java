package dev.syncnorm.training;

import dev.syncnorm.training.TreeReducer.Node;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A worker's part of one sum: tree nodes, and where its first value that is NaN or infinite came
 * from.
 */
record Contribution(Optional<NonFinite> nonFinite, List<Node> nodes) {

  /**
   * The first image of the batch with a value that is NaN or infinite.
   *
   * @param image index in the global batch
   * @param segment index in the sum's layout
   */
  record NonFinite(int image, int segment) implements Comparable<NonFinite> {
    @Override
    public int compareTo(NonFinite other) {
      return image != other.image
          ? Integer.compare(image, other.image)
          : Integer.compare(segment, other.segment);
    }
  }

  /** What a node of so many doubles takes of a message. */
  static int nodeBytes(int length) {
    return 3 * 4 + length * 8;
  }

  byte[] encode() {
    int bytes = nodes.stream().mapToInt(n -> nodeBytes(n.values().length)).sum();
    ByteBuffer buffer = ByteBuffer.allocate(3 * 4 + bytes);
    buffer.putInt(nonFinite.map(NonFinite::image).orElse(-1));
    buffer.putInt(nonFinite.map(NonFinite::segment).orElse(-1));
    buffer.putInt(nodes.size());
    for (Node node : nodes) {
      buffer.putInt(node.level()).putInt(node.index()).putInt(node.values().length);
      for (double value : node.values()) {
        buffer.putDouble(value);
      }
    }
    return buffer.array();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @param length the number of doubles that each node must have
   * @throws IllegalArgumentException if the bytes are no contribution to such a sum
   */
  static Contribution decode(byte[] bytes, int length) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int nodeBytes = nodeBytes(length);
    if (bytes.length < 12 || (bytes.length - 12) % nodeBytes != 0) {
      throw new IllegalArgumentException("a contribution of " + bytes.length + " bytes");
    }
    int image = buffer.getInt();
    int segment = buffer.getInt();
    int count = buffer.getInt();
    if (count != (bytes.length - 12) / nodeBytes) {
      throw new IllegalArgumentException("a contribution that says it has " + count + " nodes");
    }
    List<Node> nodes = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      int level = buffer.getInt();
      int index = buffer.getInt();
      if (level < 0 || level > 31 || index < 0 || buffer.getInt() != length) {
        throw new IllegalArgumentException("a node (%d, %d)".formatted(level, index));
      }
      double[] values = new double[length];
      for (int i = 0; i < length; i++) {
        values[i] = buffer.getDouble();
      }
      nodes.add(new Node(level, index, values));
    }
    return new Contribution(
        image < 0 ? Optional.empty() : Optional.of(new NonFinite(image, segment)), nodes);
  }
}
