package dev.syncnorm.spark.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One line at the bottom of a terminal: a bar of what is done, and a text. Whoever prints something
 * else there clears the line first. Used by one thread.
 */
final class TerminalBar {

  private static final int WIDTH = 79;
  private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final PrintWriter terminal;
  private final boolean shown;
  private final LongSupplier nanos;
  private boolean used;
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

  /**
   * Draws the line, but not too often.
   *
   * @param done the part of the work that is done, 0 to 1
   * @param text what to write behind the bar; asked if it is drawn
   */
  void update(double done, Supplier<String> text) {
    long now = nanos.getAsLong();
    if (shown && (!used || now - drawnNanos >= REDRAW_NANOS)) {
      used = true;
      drawnNanos = now;
      draw(done, String.format(Locale.ROOT, " %3.0f %%  %s", Math.floor(100 * done), text.get()));
    }
  }

  private void draw(double done, String text) {
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

  /** Seconds as minutes and seconds, or with hours. */
  static String clock(double seconds) {
    long whole = Math.round(Math.min(seconds, 1e9));
    return whole < 3600
        ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole % 3600 / 60, whole % 60);
  }
}
