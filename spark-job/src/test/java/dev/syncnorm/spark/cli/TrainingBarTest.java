package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.TrainingState;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingBarTest {

  private static final String TO_END_OF_LINE = "\u001b[K";

  private final StringWriter written = new StringWriter();
  private long nanos;

  @Test
  void drawsProgressRateAndRemainingTime() {
    TrainingBar bar = bar(true);
    bar.update(step(1), 30, 8, 4);
    nanos += 1_000_000_000;
    bar.update(step(2), 2, 8, 4);

    List<String> lines = lines();
    assertThat(lines).hasSize(2);
    // The first step took 30 s, but the six to come are expected to take 2 s each.
    assertThat(lines.get(1)).endsWith("]  25 %  epoch 1/4  step 2/8  2.0 images/s  0:12 left");
    assertThat(lines).allMatch(line -> line.length() == 79);
    String drawn = lines.get(1).substring(1, lines.get(1).indexOf(']'));
    assertThat(drawn).matches("#+-+");
    assertThat(drawn.indexOf('-')).isEqualTo(drawn.length() / 4);
  }

  @Test
  void isDrawnTenTimesASecondAtMost() {
    TrainingBar bar = bar(true);
    for (int i = 1; i <= 1000; i++) {
      bar.update(step(i), 0.001, 1000, 1);
      nanos += 1_000_000;
    }

    assertThat(lines()).hasSize(10);
  }

  @Test
  void neverFillsMoreThanALine() {
    TrainingBar bar = bar(true);
    bar.update(step(1_000_000_000_000L), 1e6, 2_000_000_000_000L, Integer.MAX_VALUE);

    assertThat(lines()).allMatch(line -> line.length() <= 79);
  }

  @Test
  void isTakenAwayOnce() {
    TrainingBar bar = bar(true);
    bar.update(step(1), 1, 8, 4);
    written.getBuffer().setLength(0);
    bar.clear();
    bar.clear();

    assertThat(written.toString()).isEqualTo("\r" + TO_END_OF_LINE);
  }

  @Test
  void writesNothingWhereThereIsNoTerminal() {
    TrainingBar bar = bar(false);
    bar.update(step(1), 1, 8, 4);
    bar.clear();

    assertThat(written.toString()).isEmpty();
  }

  private TrainingBar bar(boolean shown) {
    return new TrainingBar(new TerminalBar(new PrintWriter(written), shown, () -> nanos));
  }

  private List<String> lines() {
    assertThat(written.toString()).doesNotContain("\n");
    return written
        .toString()
        .replace(TO_END_OF_LINE, "")
        .lines()
        .filter(line -> !line.isEmpty())
        .toList();
  }

  /** Two steps in an epoch, four images in a step. */
  private static CommittedStep step(long step) {
    TrainingState state = new TrainingState(step, new float[0][], new float[0][][], new long[0]);
    return new CommittedStep(step, (int) ((step + 1) / 2), step % 2 == 0, 4, 1.0, state);
  }
}
