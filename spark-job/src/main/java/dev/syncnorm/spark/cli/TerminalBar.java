package dev.syncnorm.spark.cli;

import dev.syncnorm.training.Coordinator.CommittedStep;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * One line at the bottom of a terminal: how far a training is, its rate and the remaining time.
 * Whoever prints something else there clears the line first. Used by one thread.
 */
final class TerminalBar {

  private static final int WIDTH = 79;
  private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * The weight of what was measured before, so that the rate follows changes in about ten steps.
   */
  private static final double SMOOTHING = 0.9;

  private final PrintWriter terminal;
  private final boolean shown;
  private final LongSupplier nanos;
  private int measured;
  private double secondsPerStep;
  private double secondsPerImage;
  private boolean drawn;
  private long drawnNanos;

  /**
   * A line that is not drawn yet.
   *
   * @param shown whether it is a terminal; otherwise nothing is ever written
   */
  TerminalBar(PrintWriter terminal, boolean shown, LongSupplier nanos) {
    this.terminal = terminal;
    this.shown = shown;
    this.nanos = nanos;
  }

  /** Draws the line after a step, but not too often. */
  void update(CommittedStep step, double seconds, long steps, int epochs) {
    if (!shown) {
      return;
    }
    // The first step starts the workers' threads and compiles: it says nothing of those to come.
    double weight = measured < 2 ? 0 : SMOOTHING;
    secondsPerStep = weight * secondsPerStep + (1 - weight) * seconds;
    secondsPerImage = weight * secondsPerImage + (1 - weight) * seconds / step.images();
    measured++;
    long now = nanos.getAsLong();
    if (measured == 1 || now - drawnNanos >= REDRAW_NANOS) {
      drawnNanos = now;
      draw(step, steps, epochs);
    }
  }

  private void draw(CommittedStep step, long steps, int epochs) {
    double done = (double) step.step() / steps;
    String text =
        String.format(
            Locale.ROOT,
            " %3.0f %%  epoch %d/%d  step %d/%d  %.1f images/s  %s left",
            Math.floor(100 * done),
            step.epoch(),
            epochs,
            step.step(),
            steps,
            1 / Math.max(secondsPerImage, 1e-9),
            clock((steps - step.step()) * secondsPerStep));
    int room = WIDTH - 2 - text.length();
    String bar = "";
    if (room >= 5) {
      int full = (int) (room * done);
      bar = "[" + "#".repeat(full) + "-".repeat(room - full) + "]";
    }
    String line = bar + text;
    terminal.print("\r" + line.substring(0, Math.min(WIDTH, line.length())) + "\u001b[K");
    terminal.flush();
    drawn = true;
  }

  /** Takes the line away. */
  void clear() {
    if (drawn) {
      terminal.print("\r\u001b[K");
      terminal.flush();
      drawn = false;
    }
  }

  private static String clock(double seconds) {
    long whole = Math.round(Math.min(seconds, 1e9));
    return whole < 3600
        ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole % 3600 / 60, whole % 60);
  }
}
