package dev.syncnorm.spark.ml;

import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.statistics.StatisticsPart;
import java.io.Serializable;

/**
 * What the rows of one or more partitions come to.
 *
 * @param part of the statistics; nothing of it is used if there is a failure
 * @param failure what is wrong with a row, or empty
 */
record MeasuredRows(StatisticsPart part, String failure) implements Serializable {

  /** No rows. */
  static final MeasuredRows NONE = of(StatisticsPart.EMPTY);

  static MeasuredRows of(StatisticsPart part) {
    return new MeasuredRows(part, "");
  }

  static MeasuredRows failed(String failure) {
    return new MeasuredRows(StatisticsPart.EMPTY, failure);
  }

  /** Both together; of two failures the first by its text, so that the order does not show. */
  MeasuredRows plus(MeasuredRows other) {
    if (failure.isEmpty() && other.failure.isEmpty()) {
      StatisticsAccumulator sum = new StatisticsAccumulator();
      sum.add(part);
      sum.add(other.part);
      return of(sum.part());
    }
    boolean others =
        failure.isEmpty() || !other.failure.isEmpty() && other.failure.compareTo(failure) < 0;
    return others ? other : this;
  }
}
