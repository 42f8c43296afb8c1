package dev.syncnorm.data;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How long a decode may take, and how many of a process may be given up. A native decode can't be
 * interrupted: one that is given up keeps its thread, a core and its memory until it ends by
 * itself, if ever. Shared by the {@link LimitedCalls} of a process; thread-safe.
 */
public final class DecodeLimit implements Serializable {

  /** How many decodes of a process may go on after they were given up. */
  public static final int MOST_GIVEN_UP = 4;

  private static final long serialVersionUID = 1;

  private final String setting;
  private final double seconds;
  private final AtomicInteger givenUp = new AtomicInteger();

  /**
   * A limit of so many seconds for each decode.
   *
   * @param setting that it is set by, such as {@code data.decode-timeout}, for messages
   */
  public DecodeLimit(String setting, double seconds) {
    this.setting = setting;
    this.seconds = seconds;
  }

  /** So many decodes hang that a process can't go on. */
  public static final class ExceededException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ExceededException(String message) {
      super(message);
    }
  }

  double seconds() {
    return seconds;
  }

  /**
   * Counts a decode that is given up.
   *
   * @throws ExceededException if too many of those before still go on
   */
  void giveUp() {
    if (givenUp.incrementAndGet() > MOST_GIVEN_UP) {
      throw new ExceededException(
          "more than %d decodes took longer than %s = %s s and go on; raise it, or remove the images that are timed-out"
              .formatted(MOST_GIVEN_UP, setting, text()));
    }
  }

  /** A decode that was given up has ended after all. */
  void ended() {
    givenUp.decrementAndGet();
  }

  /** The seconds without a needless fraction or an exponent. */
  String text() {
    return text(seconds);
  }

  /** The same of any seconds. */
  public static String text(double seconds) {
    return new BigDecimal(Double.toString(seconds)).stripTrailingZeros().toPlainString();
  }
}
