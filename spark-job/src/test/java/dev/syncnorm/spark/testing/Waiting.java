package dev.syncnorm.spark.testing;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for a condition, with a limit. */
public final class Waiting {
  private static final long PAUSE_MILLIS = 50;

  private Waiting() {}

  /**
   * Looks every 50 ms; an AssertionError that names what was waited for, and holds the diagnosis,
   * after the limit.
   */
  public static void until(
      String what, BooleanSupplier condition, Duration limit, Supplier<String> diagnosis) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "waited " + limit.toSeconds() + " s for " + what + diagnosis.get());
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for " + what, e);
      }
    }
  }
}
