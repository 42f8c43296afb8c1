package dev.syncnorm.image;

import java.io.Serializable;
import java.util.List;

/**
 * What the samples of an image are.
 *
 * @param channels 1 to 4
 * @param depth bits of a sample, 8 or 16
 */
public record PixelKind(int channels, int depth) implements Serializable, Comparable<PixelKind> {

  private static final List<List<String>> NAMES =
      List.of(
          List.of("gray"),
          List.of("gray", "alpha"),
          List.of("red", "green", "blue"),
          List.of("red", "green", "blue", "alpha"));

  /** Checks both. */
  public PixelKind {
    if (channels < 1 || channels > 4 || depth != 8 && depth != 16) {
      throw new IllegalArgumentException(channels + " channels of " + depth + " bits");
    }
  }

  /** The names of the channels in their order. */
  public List<String> channelNames() {
    return NAMES.get(channels - 1);
  }

  /** The greatest value of a sample, 255 or 65535, which is what 1 stands for. */
  public int greatest() {
    return (1 << depth) - 1;
  }

  /** By channels, then by depth. */
  @Override
  public int compareTo(PixelKind other) {
    return channels != other.channels
        ? Integer.compare(channels, other.channels)
        : Integer.compare(depth, other.depth);
  }
}
