package dev.syncnorm.training;

import dev.syncnorm.training.Coordinator.CommittedStep;

/** Is told on the driver's thread what happens; the sums of the next step wait for it. */
public interface TrainingListener {

  /** Workers of a generation have been started. */
  void started(int generation, int workers);

  /**
   * A sum was complete; those of a step are told with its commit, just before it, in their order.
   *
   * @param sum such as {@code moments of bn1}
   * @param waitSeconds from the arrival of the first contribution to that of the last
   */
  default void summed(String sum, double waitSeconds) {}

  /**
   * A step was committed.
   *
   * @param seconds since the commit before, or since the workers were started
   */
  void committed(CommittedStep step, double seconds) throws TrainingException;

  /** No step follows the one that was committed last. */
  default void ended(CommittedStep last) throws TrainingException {}

  /** A generation was given up; another one follows. */
  void lost(int generation, String reason);
}
