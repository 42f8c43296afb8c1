package dev.syncnorm.testing;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.training.Coordinator;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.InProcessWorkers;
import dev.syncnorm.training.SumDesk;
import dev.syncnorm.training.SumDesk.News;
import dev.syncnorm.training.TrainingState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The steps of the training driver, one at a time, over the real desk, mailbox and coordinator. It
 * keeps the log of commits.
 */
final class SimulatedDriver {

  /** How long a worker may say nothing. */
  static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final TinyTraining training;
  private final Sabotage sabotage;
  private final LongSupplier clock;
  private final List<CommittedStep> log = new ArrayList<>();
  private final List<Map<Integer, double[]>> committedSums = new ArrayList<>();
  private final Map<Integer, double[]> sums = new HashMap<>();
  private Coordinator coordinator;
  private Mailbox mailbox;
  private SumDesk desk;
  private final int atOnceValues;
  private TrainingState last;
  private TrainingState before;
  private int generation;
  private boolean serving;
  private boolean workersHaveEnded;

  /**
   * A driver that has not begun.
   *
   * @param atOnceValues the length of the largest sum that is added where its contributions come in
   */
  SimulatedDriver(TinyTraining training, Sabotage sabotage, LongSupplier clock, int atOnceValues) {
    this.training = training;
    this.sabotage = sabotage;
    this.clock = clock;
    this.atOnceValues = atOnceValues;
    this.before = training.initial();
    this.last = before;
    this.coordinator = training.coordinator(before);
    this.mailbox = new Mailbox(1, InProcessWorkers.sharedMemory(), clock);
    this.desk = desk();
  }

  List<CommittedStep> log() {
    return log;
  }

  /** The global sums of each committed step, by their number; the last one commits, and is none. */
  List<Map<Integer, double[]>> committedSums() {
    return committedSums;
  }

  boolean finished() {
    return coordinator.finished() && !serving;
  }

  boolean serving() {
    return serving;
  }

  long run() {
    return mailbox.run();
  }

  int generation() {
    return generation;
  }

  Mailbox mailbox() {
    return mailbox;
  }

  byte[] answer(byte[] request) {
    return sabotage.answer(mailbox, request, generation);
  }

  /** Opens the next generation. */
  void open(int workers) {
    generation = desk.open(workers);
    last = coordinator.state();
    sums.clear();
    serving = true;
    workersHaveEnded = false;
  }

  /** Gives the generation up. */
  void lose() {
    end("the generation is over").ifPresent(this::seeTo);
    TrainingState state = sabotage.afterLoss(coordinator.state(), before, sums);
    if (state != coordinator.state()) {
      coordinator = training.coordinator(state);
      desk = desk();
    }
  }

  /** The driver's process dies; another one goes on from the last commit, as a run of its own. */
  void restart() {
    end("the driver dies").ifPresent(this::seeTo); // the log is that of all drivers
    coordinator = training.coordinator(coordinator.state());
    mailbox = new Mailbox(mailbox.run() + 1, InProcessWorkers.sharedMemory(), clock);
    desk = desk();
    generation = 0;
  }

  private Optional<News.Committed> end(String reason) {
    serving = false;
    return desk.close(reason);
  }

  private SumDesk desk() {
    return new SumDesk(coordinator, mailbox, this::publish, atOnceValues);
  }

  /** Looks for news and for lost workers if there are none; may give up or finish. */
  void tick(boolean ended) {
    if (mailbox.hasDelivery()) {
      workersHaveEnded = false;
    }
    Optional<News> news = desk.work();
    if (news.isPresent()) {
      seeTo(news.get());
      desk.seenTo();
      if (coordinator.finished()) {
        end("the training is finished");
      }
    } else if (workersHaveEnded || silent()) {
      lose();
    } else {
      workersHaveEnded = ended;
    }
  }

  private boolean silent() {
    return coordinator.missing().stream().anyMatch(w -> mailbox.silentNanos(w) > PATIENCE_NANOS);
  }

  private void seeTo(News news) {
    if (news instanceof News.WorkerFailed failed) {
      throw new AssertionError(
          "worker " + failed.failure().worker() + ": " + failed.failure().message());
    }
    if (news instanceof News.Refused refused) {
      throw new AssertionError(refused.cause());
    }
    committed(((News.Committed) news).step());
  }

  private void publish(SumId id, byte[] result) {
    if (coordinator.state().step() == id.step()) {
      before = last; // with this sum the step was committed
      last = coordinator.state();
    } else {
      double[] values = new double[result.length / 8];
      ByteBuffer.wrap(result).asDoubleBuffer().get(values);
      sums.put(id.sum(), values);
    }
    if (sabotage.publishes(id.step(), id.sum())) {
      mailbox.publish(id, result);
    }
  }

  private void committed(CommittedStep step) {
    if (step.step() != log.size() + 1) {
      throw new AssertionError(
          "step %d was committed after %d commits".formatted(step.step(), log.size()));
    }
    log.add(step);
    committedSums.add(Map.copyOf(sums));
    sums.clear();
  }
}
