package dev.syncnorm.report;

/** There can be no report; the message is one line that says why and what to do. */
public final class ReportException extends Exception {

  ReportException(String message) {
    super(message);
  }

  ReportException(String message, Throwable cause) {
    super(message, cause);
  }
}
