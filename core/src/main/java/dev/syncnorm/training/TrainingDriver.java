package dev.syncnorm.training;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.Mailbox.Delivery;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.training.Coordinator.Outcome;
import dev.syncnorm.training.WorkerGroup.Generation;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * Runs a training to its end on one thread: starts generations of workers, feeds the coordinator
 * with what the mailbox delivers, publishes its results, and begins a new generation from the last
 * commit when workers are lost.
 */
public final class TrainingDriver {

  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /**
   * How patient a run is.
   *
   * @param workerSilenceSeconds for how long a worker may say nothing while its part is missing
   * @param failures how many generations in a row may fail without a commit in between
   */
  public record Patience(double workerSilenceSeconds, int failures) {}

  private final Coordinator coordinator;
  private final Mailbox mailbox;
  private final WorkerGroup workers;
  private final Patience patience;
  private final TrainingListener listener;
  private final IntFunction<String> imageNames;
  private volatile boolean stopAsked;

  /**
   * A driver that has not begun.
   *
   * @param imageNames names an image of the data set by its index, for messages
   */
  public TrainingDriver(
      Coordinator coordinator,
      Mailbox mailbox,
      WorkerGroup workers,
      Patience patience,
      TrainingListener listener,
      IntFunction<String> imageNames) {
    this.coordinator = coordinator;
    this.mailbox = mailbox;
    this.workers = workers;
    this.patience = patience;
    this.listener = listener;
    this.imageNames = imageNames;
  }

  /** Lets {@link #run} end after the step in progress; called from any thread. */
  public void stopAfterStep() {
    stopAsked = true;
  }

  /**
   * Trains until all steps are committed or a stop is asked for.
   *
   * @return the state after the last commit
   * @throws TrainingException if it can't go on; all commits so far have been told to the listener
   */
  public TrainingState run() throws TrainingException, InterruptedException {
    int failures = 0;
    boolean first = true;
    while (!coordinator.finished() && !stopAsked) {
      int count = workers.await(first);
      first = false;
      long stepBefore = coordinator.state().step();
      int number = mailbox.open(count, coordinator.begin(count));
      Generation generation = workers.launch(number, count);
      Optional<String> failure;
      try {
        listener.started(number, count);
        failure = serve(generation);
      } finally {
        mailbox.close("the generation is over");
        generation.end();
      }
      if (failure.isPresent()) {
        failures = coordinator.state().step() > stepBefore ? 1 : failures + 1;
        if (failures > patience.failures()) {
          throw new TrainingException(
              "%d generations of workers failed without a step in between, the last one because %s; the executors' logs say more, and train.max-failures allows for more"
                  .formatted(failures, failure.get()));
        }
        listener.lost(number, failure.get());
      }
    }
    return coordinator.state();
  }

  /** How long the first contribution to the expected sum has waited for the latest. */
  private final class SumWait {
    private SumId sum = SumId.JOIN;
    private long firstNanos;
    private long latestNanos;

    void arrived(Delivery delivery) {
      if (delivery instanceof Delivery.Contribution contribution
          && contribution.id().equals(coordinator.expected())) {
        if (!contribution.id().equals(sum)) {
          sum = contribution.id();
          firstNanos = contribution.arrivedNanos();
        }
        latestNanos = contribution.arrivedNanos();
      }
    }

    double seconds() {
      return (latestNanos - firstNanos) / 1e9;
    }
  }

  /** Serves a generation until training is finished, or says why the generation is lost. */
  private Optional<String> serve(Generation generation)
      throws TrainingException, InterruptedException {
    long committedNanos = System.nanoTime();
    boolean ended = false;
    SumWait wait = new SumWait();
    while (true) {
      Optional<Delivery> delivery = mailbox.take(TICK_NANOS);
      if (delivery.isPresent()) {
        String sum = coordinator.expectedName();
        wait.arrived(delivery.get());
        Outcome outcome = accept(delivery.get(), generation);
        if (outcome instanceof Outcome.Summed summed) {
          mailbox.publish(summed.id(), summed.result());
          listener.summed(sum, wait.seconds());
        } else if (outcome instanceof Outcome.Committed committed) {
          mailbox.publish(committed.id(), committed.result());
          listener.summed(sum, wait.seconds());
          long now = System.nanoTime();
          listener.committed(committed.step(), (now - committedNanos) / 1e9);
          committedNanos = now;
          if (coordinator.finished() || stopAsked) {
            listener.ended(committed.step());
            return Optional.empty();
          }
        }
      } else if (ended) {
        // What the workers had put before they ended has been taken by now.
        return Optional.of(generation.failure().orElse("its workers ended early"));
      } else {
        ended = generation.ended();
        Optional<String> silent = silent(generation);
        if (silent.isPresent()) {
          return silent;
        }
      }
    }
  }

  private Outcome accept(Delivery delivery, Generation generation) throws TrainingException {
    if (delivery instanceof Delivery.Failure failure) {
      throw new TrainingException(
          "%s: %s".formatted(generation.describe(failure.worker()), failure.message()));
    }
    Delivery.Contribution contribution = (Delivery.Contribution) delivery;
    try {
      return coordinator.accept(contribution.worker(), contribution.id(), contribution.content());
    } catch (NonFiniteException e) {
      throw new TrainingException(notFinite(e), e);
    } catch (IllegalArgumentException e) {
      throw new TrainingException(
          "%s sent what can't be used in %s: %s; all executors must run the same syncnorm.jar"
              .formatted(
                  generation.describe(contribution.worker()), contribution.id(), e.getMessage()),
          e);
    }
  }

  private String notFinite(NonFiniteException e) {
    return "step %d was not committed: %s became NaN or infinite%s; the last commit is step %d; lower train.optimizer.learning-rate, or look at the data"
        .formatted(
            e.step(),
            e.subject(),
            e.image().map(i -> ", first for image " + imageNames.apply(i)).orElse(""),
            e.step() - 1);
  }

  private Optional<String> silent(Generation generation) {
    for (int worker : coordinator.missing()) {
      double seconds = mailbox.silentNanos(worker) / 1e9;
      if (seconds > patience.workerSilenceSeconds()) {
        generation.expel(worker);
        return Optional.of(
            "%s said nothing for %.0f s and is missing from %s (%s)"
                .formatted(
                    generation.describe(worker),
                    seconds,
                    coordinator.expected(),
                    coordinator.expectedName()));
      }
    }
    return Optional.empty();
  }
}
