package dev.syncnorm.training;

/** An image that the index accepted can't be read any more; the message names it and the cause. */
public final class SampleException extends Exception {

  /** Takes one line. */
  public SampleException(String message, Throwable cause) {
    super(message, cause);
  }
}
