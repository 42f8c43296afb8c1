package dev.syncnorm.exchange;

/** The driver has ended this worker's generation: the worker returns without an error. */
public final class StoppedException extends Exception {

  /** Names the reason, as the driver gave it. */
  public StoppedException(String reason) {
    super(reason);
  }
}
