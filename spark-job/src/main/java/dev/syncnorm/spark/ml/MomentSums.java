package dev.syncnorm.spark.ml;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.statistics.Contents;
import dev.syncnorm.statistics.ImageSums;
import dev.syncnorm.statistics.PixelSums;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.statistics.StatisticsPart;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a group of images adds up to: the aggregation buffer of {@code image_moments}. All of it is
 * integers, so any order and grouping gives the same. Not thread-safe.
 */
final class MomentSums {

  private final StatisticsAccumulator accepted = new StatisticsAccumulator();
  private final Map<BadImageCause, Long> rejected = new EnumMap<>(BadImageCause.class);

  /** Adds an image that was measured. */
  void accept(ImageSums image) {
    accepted.accept(0, image, Optional.empty());
  }

  /** Counts images that were not measured. */
  void reject(BadImageCause cause, long images) {
    rejected.merge(cause, images, Math::addExact);
  }

  /** Adds the sums of images of one kind. */
  void add(PixelSums sums) {
    SortedMap<PixelKind, PixelSums> byKind = new TreeMap<>(Map.of(sums.kind(), sums));
    accepted.add(
        new StatisticsPart(sums.images(), 0, byKind, new TreeMap<>(), Contents.NONE, List.of()));
  }

  /** Adds all of another group. */
  void add(MomentSums other) {
    other.sums().values().forEach(this::add);
    other.rejected.forEach(this::reject);
  }

  /** The sums by kind. */
  SortedMap<PixelKind, PixelSums> sums() {
    return accepted.part().sums();
  }

  /** How many images were not measured, for each cause that occurred. */
  Map<BadImageCause, Long> rejected() {
    return rejected;
  }
}
