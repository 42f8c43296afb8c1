package dev.syncnorm.layer;

/** The shapes of a layer's inputs do not fit it; the message names both. */
public final class ShapeException extends Exception {

  /** Takes one line. */
  public ShapeException(String message) {
    super(message);
  }
}
