package dev.syncnorm.statistics;

/** Statistics can't be merged; the message is one line that says which, why and what to do. */
public final class StatisticsMergeException extends Exception {

  StatisticsMergeException(String message) {
    super(message);
  }
}
