package dev.syncnorm.training;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.SumDesk.News;
import dev.syncnorm.training.WorkerGroup.Generation;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * Runs a training to its end on one thread: starts generations of workers, tells what they commit
 * at the {@linkplain SumDesk desk}, and begins a new generation from the last commit when workers
 * are lost.
 */
public final class TrainingDriver {

  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final String OVER = "the generation is over";

  /**
   * How patient a run is.
   *
   * @param workerSilenceSeconds for how long a worker may say nothing while its part is missing
   * @param failures how many generations in a row may fail without a commit in between
   */
  public record Patience(double workerSilenceSeconds, int failures) {}

  /** Looked at only while the desk is closed, or holds news and therefore takes nothing. */
  private final Coordinator coordinator;

  private final Mailbox mailbox;
  private final SumDesk desk;
  private final WorkerGroup workers;
  private final Patience patience;
  private final TrainingListener listener;
  private final IntFunction<String> imageNames;
  private long committedNanos;

  /** The last commit, unless it has been told that no step follows. */
  private Optional<CommittedStep> last = Optional.empty();

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
    this.desk = new SumDesk(coordinator, mailbox);
    this.workers = workers;
    this.patience = patience;
    this.listener = listener;
    this.imageNames = imageNames;
  }

  /**
   * Lets {@link #run} end with the last commit; called from any thread. The step in progress is
   * given up, so nobody waits for workers that are slow, silent, lost or not there yet.
   */
  public void stop() {
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
    while (!over()) {
      int count = workers.await(first, () -> stopAsked);
      first = false;
      if (stopAsked) {
        break; // with fewer workers than are needed
      }
      long stepBefore = coordinator.state().step();
      int number = desk.open(count);
      Generation generation = workers.launch(number, count);
      Optional<String> failure;
      try {
        listener.started(number, count);
        failure = serve(generation);
        Optional<News.Committed> unseen = desk.close(OVER);
        if (unseen.isPresent()) {
          tell(unseen.get()); // came when the generation had just been given up
        }
        if (over()) {
          tellEnd(); // before the workers have ended, which may take a while
        }
      } finally {
        desk.close(OVER);
        generation.end();
      }
      if (!over()) {
        failures = coordinator.state().step() > stepBefore ? 1 : failures + 1;
        if (failures > patience.failures()) {
          throw new TrainingException(
              "%d generations of workers failed without a step in between, the last one because %s; the executors' logs say more, and train.max-failures allows for more"
                  .formatted(failures, failure.get()));
        }
        listener.lost(number, failure.get());
      }
    }
    tellEnd();
    return coordinator.state();
  }

  /** Whether no step follows the last commit. */
  private boolean over() {
    return stopAsked || coordinator.finished();
  }

  /** Serves a generation until training is over, or says why the generation is lost. */
  private Optional<String> serve(Generation generation)
      throws TrainingException, InterruptedException {
    committedNanos = System.nanoTime();
    boolean ended = false;
    while (!stopAsked) {
      Optional<News> news = desk.work();
      if (news.isPresent()) {
        seeTo(news.get(), generation);
        if (over()) {
          desk.close(OVER); // instead of having seen to it, so that no other step follows
          return Optional.empty();
        }
        desk.seenTo();
      } else if (!desk.await(TICK_NANOS)) {
        if (ended) {
          // What the workers had put before they ended has been taken by now.
          return Optional.of(generation.failure().orElse("its workers ended early"));
        }
        ended = generation.ended();
        Optional<String> silent = silent(generation);
        if (silent.isPresent()) {
          return silent;
        }
      }
    }
    return Optional.empty();
  }

  /** Tells a commit. */
  private void seeTo(News news, Generation generation) throws TrainingException {
    if (news instanceof News.WorkerFailed failed) {
      throw new TrainingException(
          "%s: %s"
              .formatted(
                  generation.describe(failed.failure().worker()), failed.failure().message()));
    }
    if (news instanceof News.Refused refused) {
      throw refusal(refused, generation);
    }
    tell((News.Committed) news);
  }

  private void tell(News.Committed committed) throws TrainingException {
    committed.sums().forEach(sum -> listener.summed(sum.name(), sum.waitNanos() / 1e9));
    listener.committed(committed.step(), (committed.nanos() - committedNanos) / 1e9);
    committedNanos = committed.nanos();
    last = Optional.of(committed.step());
  }

  private void tellEnd() throws TrainingException {
    if (last.isPresent()) {
      listener.ended(last.get());
      last = Optional.empty();
    }
  }

  private TrainingException refusal(News.Refused refused, Generation generation) {
    if (refused.cause() instanceof NonFiniteException e) {
      return new TrainingException(notFinite(e), e);
    }
    if (refused.cause() instanceof IllegalArgumentException e) {
      return new TrainingException(
          "%s sent what can't be used in %s: %s; all executors must run the same syncnorm.jar"
              .formatted(
                  generation.describe(refused.contribution().worker()),
                  refused.contribution().id(),
                  e.getMessage()),
          e);
    }
    throw new IllegalStateException(
        "%s could not be summed: %s".formatted(refused.contribution().id(), refused.cause()),
        refused.cause());
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
    SumDesk.Missing missing = desk.missing();
    for (int worker : missing.workers()) {
      double seconds = mailbox.silentNanos(worker) / 1e9;
      if (seconds > patience.workerSilenceSeconds()) {
        generation.expel(worker);
        return Optional.of(
            "%s said nothing for %.0f s and is missing from %s (%s)"
                .formatted(generation.describe(worker), seconds, missing.id(), missing.name()));
      }
    }
    return Optional.empty();
  }
}
