package dev.syncnorm.image;

import java.util.Locale;

/**
 * An image that cannot be used, and why.
 *
 * <p>The message is one line without the file's name, which the caller knows and puts in front.
 */
@SuppressWarnings("AnnotateFormatMethod") // its annotation would be a dependency for four methods
public final class BadImageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final BadImageCause kind;

  /** A rejection for this cause; {@code message} says what was found and what was expected. */
  public BadImageException(BadImageCause kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** A rejection that another exception led to. */
  public BadImageException(BadImageCause kind, String message, Throwable origin) {
    super(message, origin);
    this.kind = kind;
  }

  /** The cause under which the image is counted; {@link #getCause} is another exception, if any. */
  public BadImageCause kind() {
    return kind;
  }

  static BadImageException truncated(String format, Object... values) {
    return new BadImageException(
        BadImageCause.TRUNCATED, String.format(Locale.ROOT, format, values));
  }

  static BadImageException corrupt(String format, Object... values) {
    return new BadImageException(BadImageCause.CORRUPT, String.format(Locale.ROOT, format, values));
  }

  static BadImageException tooLarge(String format, Object... values) {
    return new BadImageException(
        BadImageCause.TOO_LARGE, String.format(Locale.ROOT, format, values));
  }

  static BadImageException unsupported(String format, Object... values) {
    return new BadImageException(
        BadImageCause.UNSUPPORTED, String.format(Locale.ROOT, format, values));
  }
}
