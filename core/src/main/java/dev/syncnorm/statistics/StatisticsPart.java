package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.Rejection;
import java.io.Serializable;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a part of a data set adds to its statistics; {@link StatisticsAccumulator} adds parts.
 *
 * @param accepted the number of images that were measured
 * @param bytes of their files
 * @param sums of all of them, by kind
 * @param groups of those of each group, by name and kind; without histograms
 * @param contents of the accepted images, for the digest; none without one
 * @param rejections the images that were not measured
 */
public record StatisticsPart(
    long accepted,
    long bytes,
    SortedMap<PixelKind, PixelSums> sums,
    SortedMap<String, SortedMap<PixelKind, PixelSums>> groups,
    Contents contents,
    List<Rejection> rejections)
    implements Serializable {

  /** A part without any image. */
  public static final StatisticsPart EMPTY =
      new StatisticsPart(0, 0, new TreeMap<>(), new TreeMap<>(), Contents.NONE, List.of());
}
