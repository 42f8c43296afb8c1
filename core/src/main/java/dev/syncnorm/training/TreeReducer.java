package dev.syncnorm.training;

import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Adds the partial sums of images in one fixed binary tree over their index in the global batch.
 *
 * <p>Node (level, index) covers the images from index 2^level on, 2^level of them or as many as
 * there are. It is the merge of its left and right half; where the batch ends before the right half
 * begins, it is its left half. A worker merges what lies inside its range and sends the maximal
 * nodes; the coordinator does the same with the whole batch and ends with the root. The result does
 * not depend on ranges, on the order of arrival or on threads.
 *
 * <p>Plain segments are added in float64. Moments (mean, centred sum of squares M; the count
 * follows from the node) are merged by the formula of Chan, Golub and LeVeque (1979): with d = mean
 * b - mean a and n = na + nb, mean = mean a + d nb / n and M = Ma + Mb + d^2 na nb / n.
 *
 * <p>Thread-safe.
 */
final class TreeReducer {

  /** A node's values; owned by whoever holds the node. */
  @SuppressWarnings("ArrayRecordComponent")
  record Node(int level, int index, double[] values) {}

  private record Place(int level, int index) {}

  private final SumLayout layout;
  private final int images;
  private final Range range;
  private final Map<Place, double[]> waiting = new HashMap<>();

  /**
   * Without any node yet.
   *
   * @param images in the global batch, 1 or more
   * @param range of images that are merged here
   */
  TreeReducer(SumLayout layout, int images, Range range) {
    this.layout = layout;
    this.images = images;
    this.range = range;
  }

  /** Adds a node, the leaf (0, image) for one image; its values are changed. */
  synchronized void add(int level, int index, double[] values) {
    double[] merged = values;
    int atLevel = level;
    int at = index;
    while (inside(atLevel + 1, at / 2) && !isRoot(atLevel, at)) {
      Place sibling = new Place(atLevel, at ^ 1);
      if (first(sibling.level(), sibling.index()) < images) {
        double[] other = waiting.remove(sibling);
        if (other == null) {
          break;
        }
        merged =
            (at & 1) == 0
                ? merge(atLevel, at, merged, other)
                : merge(atLevel, at - 1, other, merged);
      }
      atLevel++;
      at /= 2;
    }
    if (waiting.putIfAbsent(new Place(atLevel, at), merged) != null) {
      throw new IllegalStateException("the node (%d, %d) came twice".formatted(level, index));
    }
  }

  /** The maximal nodes so far, from left to right. */
  synchronized List<Node> nodes() {
    List<Node> nodes = new ArrayList<>();
    waiting.forEach((place, values) -> nodes.add(new Node(place.level(), place.index(), values)));
    nodes.sort(Comparator.comparingLong(node -> first(node.level(), node.index())));
    return nodes;
  }

  /** Whether these nodes are just the maximal ones of the range. */
  boolean covers(List<Node> nodes) {
    long next = range.from();
    for (Node node : nodes) {
      boolean maximal =
          isRoot(node.level(), node.index()) || !inside(node.level() + 1, node.index() / 2);
      if (first(node.level(), node.index()) != next
          || !inside(node.level(), node.index())
          || !maximal
          || isAboveRoot(node.level())
          || node.values().length != layout.length()) {
        return false;
      }
      next = Math.min(images, first(node.level(), node.index() + 1));
    }
    return next == range.to();
  }

  private static long first(int level, int index) {
    return (long) index << level;
  }

  private long count(int level, int index) {
    return Math.min(images, first(level, index + 1)) - first(level, index);
  }

  private boolean inside(int level, int index) {
    return level <= 31
        && first(level, index) >= range.from()
        && Math.min(images, first(level, index + 1)) <= range.to();
  }

  private boolean isRoot(int level, int index) {
    return index == 0 && first(level, 1) >= images;
  }

  private boolean isAboveRoot(int level) {
    return level > 0 && first(level - 1, 1) >= images;
  }

  private double[] merge(int level, int leftIndex, double[] left, double[] right) {
    long leftImages = count(level, leftIndex);
    long rightImages = count(level, leftIndex + 1);
    for (Segment segment : layout.segments()) {
      if (segment instanceof Segment.Moments moments) {
        mergeMoments(moments, leftImages, rightImages, left, right);
      } else {
        for (int i = segment.offset(); i < segment.offset() + segment.length(); i++) {
          left[i] += right[i];
        }
      }
    }
    return left;
  }

  private static void mergeMoments(
      Segment.Moments moments, long leftImages, long rightImages, double[] left, double[] right) {
    double leftCount = (double) leftImages * moments.pixels();
    double rightCount = (double) rightImages * moments.pixels();
    double count = leftCount + rightCount;
    int channels = moments.channels();
    for (int i = moments.offset(); i < moments.offset() + channels; i++) {
      double delta = right[i] - left[i];
      left[i] += delta * (rightCount / count);
      left[i + channels] +=
          right[i + channels] + delta * delta * (leftCount * (rightCount / count));
    }
  }
}
