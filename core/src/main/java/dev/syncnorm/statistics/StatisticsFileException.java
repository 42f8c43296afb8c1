package dev.syncnorm.statistics;

/**
 * A file is no stats.json that can be used; the message is one line with the file, the field and
 * what was expected.
 */
public final class StatisticsFileException extends Exception {

  StatisticsFileException(String message) {
    super(message);
  }

  StatisticsFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
