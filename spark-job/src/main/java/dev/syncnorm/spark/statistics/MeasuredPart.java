package dev.syncnorm.spark.statistics;

import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.HostReads;
import dev.syncnorm.spark.dataset.PassedOver;
import dev.syncnorm.statistics.StatisticsPart;
import java.io.Serializable;
import java.util.List;

/**
 * What a task found.
 *
 * @param part of the statistics
 * @param reads how its host fared
 * @param passedOver the members of archives that were not looked at
 * @param staged the copies of rejected images for the quarantine
 * @param failure why the task came to no more images, or empty
 */
record MeasuredPart(
    StatisticsPart part,
    HostReads reads,
    PassedOver passedOver,
    List<StagedCopy> staged,
    String failure)
    implements Serializable {

  /**
   * A copy of a rejected image.
   *
   * @param name of the image, relative to its input
   * @param staged as {@code QuarantineStage} has named it
   */
  record StagedCopy(Rejection rejection, String name, String staged) implements Serializable {}
}
