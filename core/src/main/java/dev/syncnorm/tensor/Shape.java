package dev.syncnorm.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The extents of a tensor, outermost first. Activations of one image have the shape [channels,
 * height, width]; convolution weights [out, in / groups, kernel height, kernel width]; per-channel
 * values [channels].
 */
public record Shape(List<Integer> extents) {

  /**
   * Checks the extents.
   *
   * @throws IllegalArgumentException if an extent is below 1 or the size exceeds an array's
   */
  public Shape {
    extents = List.copyOf(extents);
    long size = 1;
    for (int extent : extents) {
      if (extent < 1) {
        throw new IllegalArgumentException("the shape " + extents + " has an extent below 1");
      }
      size *= extent;
      if (size > Integer.MAX_VALUE - 64) {
        throw new IllegalArgumentException("the shape " + extents + " has more than 2^31 values");
      }
    }
  }

  /** The shape with these extents; none at all is a scalar. */
  public static Shape of(int... extents) {
    return new Shape(Arrays.stream(extents).boxed().toList());
  }

  /** The number of values. */
  public int size() {
    int size = 1;
    for (int extent : extents) {
      size *= extent;
    }
    return size;
  }

  /** The number of extents. */
  public int rank() {
    return extents.size();
  }

  /** The extent at an index, 0 being the outermost. */
  public int extent(int index) {
    return extents.get(index);
  }

  /** The first extent of [channels, height, width]. */
  public int channels() {
    return extent(0);
  }

  /** The second extent of [channels, height, width]. */
  public int height() {
    return extent(1);
  }

  /** The third extent of [channels, height, width]. */
  public int width() {
    return extent(2);
  }

  /** Values in one channel: all extents but the first. */
  public int pixels() {
    return IntStream.range(1, rank()).map(this::extent).reduce(1, (a, b) -> a * b);
  }

  /** For example {@code 16x3x3x3}; a scalar is {@code scalar}. */
  @Override
  public String toString() {
    return extents.isEmpty()
        ? "scalar"
        : extents.stream().map(String::valueOf).collect(Collectors.joining("x"));
  }
}
