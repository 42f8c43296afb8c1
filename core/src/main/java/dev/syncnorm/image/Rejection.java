package dev.syncnorm.image;

import java.io.Serializable;

/**
 * An image that is not used.
 *
 * @param path as messages tell it
 * @param cause in one word, such as {@code truncated}: the label of a {@link BadImageCause}
 * @param message why, without the path
 */
public record Rejection(String path, String cause, String message) implements Serializable {

  /** The rejection that an exception is about. */
  public static Rejection of(String path, BadImageException e) {
    return new Rejection(path, e.kind().label(), e.getMessage());
  }
}
