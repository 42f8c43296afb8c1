package dev.syncnorm.training;

/** Training can't go on; the message is one line that says why and what to do. */
public final class TrainingException extends Exception {

  /** Takes one line. */
  public TrainingException(String message) {
    super(message);
  }

  /** Takes one line and what caused it. */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
