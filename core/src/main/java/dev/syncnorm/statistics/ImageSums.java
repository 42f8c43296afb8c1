package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import java.io.Serializable;
import java.util.Optional;

/**
 * Exact sums over the pixels of one image, in raw units. Not copied; nobody writes to them.
 *
 * @param width pixels that were looked at
 * @param height pixels that were looked at
 * @param sums [channels]
 * @param squares sums of squares, [channels]
 * @param products sums of products in the order of {@link PixelSums#products}
 * @param min [channels]
 * @param max [channels]
 * @param histograms [channels][greatest + 1]
 */
@SuppressWarnings({"ArrayRecordComponent", "OptionalUsedAsFieldOrParameterType"}) // never compared
public record ImageSums(
    PixelKind kind,
    int width,
    int height,
    long[] sums,
    long[] squares,
    long[] products,
    int[] min,
    int[] max,
    Optional<int[][]> histograms)
    implements Serializable {

  /** Width times height. */
  public long pixels() {
    return (long) width * height;
  }
}
