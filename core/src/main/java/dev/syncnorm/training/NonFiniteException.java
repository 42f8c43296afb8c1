package dev.syncnorm.training;

import java.util.Optional;

/** A sum or a new parameter is NaN or infinite; the step is not committed. */
public final class NonFiniteException extends Exception {

  private final long step;
  private final String subject;
  private final Optional<Integer> image;

  /**
   * Names what became NaN or infinite.
   *
   * @param step the step that was not committed
   * @param subject such as {@code the gradients at bn1}
   * @param image index in the data set of the first image in the batch that shows it
   */
  public NonFiniteException(long step, String subject, Optional<Integer> image) {
    super("step " + step + ": " + subject + " are not finite");
    this.step = step;
    this.subject = subject;
    this.image = image;
  }

  /** The step that was not committed. */
  public long step() {
    return step;
  }

  /** What became NaN or infinite. */
  public String subject() {
    return subject;
  }

  /** Index in the data set of the first image in the batch that shows it, if it is one. */
  public Optional<Integer> image() {
    return image;
  }
}
