package dev.syncnorm.training;

import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Starts workers and knows what became of them: threads in one process, or tasks on a cluster. */
public interface WorkerGroup {

  /**
   * Waits for places where workers can run.
   *
   * @param first whether this is the run's first generation, which must have as many as were asked
   *     for; later ones go on with what there is
   * @param stopAsked whether nobody wants the workers any more
   * @return how many workers can start, 1 or more; anything if a stop was asked for
   * @throws TrainingException if too few places came in time
   */
  int await(boolean first, BooleanSupplier stopAsked)
      throws TrainingException, InterruptedException;

  /** Starts the workers of a generation, which then join by themselves; returns at once. */
  Generation launch(int generation, int workers);

  /** The workers that were started together. */
  interface Generation {

    /** Whether no worker runs any more. */
    boolean ended();

    /** Why the workers ended, in one line, if they ended by a failure. */
    Optional<String> failure();

    /** Where a worker runs, such as {@code worker 1 (executor 3 on 10.0.0.7)}. */
    String describe(int worker);

    /** Takes the place of a worker that says nothing out of service. */
    void expel(int worker);

    /** Ends what still runs and waits until it has ended, but not for long. */
    void end() throws InterruptedException;
  }
}
