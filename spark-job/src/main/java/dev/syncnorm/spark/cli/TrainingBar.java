package dev.syncnorm.spark.cli;

import dev.syncnorm.training.Coordinator.CommittedStep;
import java.util.Locale;

/**
 * How far a training is on the line of a {@link TerminalBar}, with its rate and the remaining time.
 * Used by one thread.
 */
final class TrainingBar {

  /**
   * The weight of what was measured before, so that the rate follows changes in about ten steps.
   */
  private static final double SMOOTHING = 0.9;

  private final TerminalBar bar;
  private int measured;
  private double secondsPerStep;
  private double secondsPerImage;

  /** A training that has not begun. */
  TrainingBar(TerminalBar bar) {
    this.bar = bar;
  }

  /** Draws the line after a step, but not too often. */
  void update(CommittedStep step, double seconds, long steps, int epochs) {
    // The first step starts the workers' threads and compiles: it says nothing of those to come.
    double weight = measured < 2 ? 0 : SMOOTHING;
    secondsPerStep = weight * secondsPerStep + (1 - weight) * seconds;
    secondsPerImage = weight * secondsPerImage + (1 - weight) * seconds / step.images();
    measured++;
    bar.update((double) step.step() / steps, () -> text(step, steps, epochs));
  }

  private String text(CommittedStep step, long steps, int epochs) {
    return String.format(
        Locale.ROOT,
        "epoch %d/%d  step %d/%d  %.1f images/s  %s left",
        step.epoch(),
        epochs,
        step.step(),
        steps,
        1 / Math.max(secondsPerImage, 1e-9),
        TerminalBar.clock((steps - step.step()) * secondsPerStep));
  }

  /** Takes the line away. */
  void clear() {
    bar.clear();
  }
}
