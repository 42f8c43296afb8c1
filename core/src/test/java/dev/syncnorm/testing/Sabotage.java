package dev.syncnorm.testing;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.training.TrainingState;
import java.util.Map;

/** Breaks the system on purpose, so that a test can show that the simulation notices. */
public interface Sabotage {

  /** None: everything stays as it is. */
  Sabotage NONE = new Sabotage() {};

  /** Answers a request in place of the mailbox. */
  default byte[] answer(Mailbox mailbox, byte[] request, int generation) {
    return mailbox.answer(request);
  }

  /** Whether a result is published. */
  default boolean publishes(long step, int sum) {
    return true;
  }

  /**
   * The state that the next generation starts from when one was lost.
   *
   * @param committed by the last commit
   * @param before the last commit
   * @param unfinished the sums of the step in progress by their number
   */
  default TrainingState afterLoss(
      TrainingState committed, TrainingState before, Map<Integer, double[]> unfinished) {
    return committed;
  }
}
