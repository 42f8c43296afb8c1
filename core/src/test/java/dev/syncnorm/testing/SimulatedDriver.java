package dev.syncnorm.testing;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.Mailbox.Delivery;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.training.Coordinator;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.Coordinator.Outcome;
import dev.syncnorm.training.InProcessWorkers;
import dev.syncnorm.training.NonFiniteException;
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
 * The steps of the training driver, one at a time, over the real mailbox and coordinator. It keeps
 * the log of commits.
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
  private TrainingState before;
  private int generation;
  private boolean serving;
  private boolean workersHaveEnded;

  SimulatedDriver(TinyTraining training, Sabotage sabotage, LongSupplier clock) {
    this.training = training;
    this.sabotage = sabotage;
    this.clock = clock;
    this.before = training.initial();
    this.coordinator = training.coordinator(before);
    this.mailbox = new Mailbox(1, InProcessWorkers.sharedMemory(), clock);
  }

  List<CommittedStep> log() {
    return log;
  }

  /** The global sums of each committed step, by their number; the last one commits, and is none. */
  List<Map<Integer, double[]>> committedSums() {
    return committedSums;
  }

  boolean finished() {
    return coordinator.finished();
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
    generation = mailbox.open(workers, coordinator.begin(workers));
    sums.clear();
    serving = true;
    workersHaveEnded = false;
  }

  /** Gives the generation up. */
  void lose() {
    mailbox.close("the generation is over");
    serving = false;
    TrainingState state = sabotage.afterLoss(coordinator.state(), before, sums);
    if (state != coordinator.state()) {
      coordinator = training.coordinator(state);
    }
  }

  /** The driver's process dies; another one goes on from the last commit, as a run of its own. */
  void restart() {
    coordinator = training.coordinator(coordinator.state());
    mailbox = new Mailbox(mailbox.run() + 1, InProcessWorkers.sharedMemory(), clock);
    generation = 0;
    serving = false;
  }

  /** Takes one delivery, or looks for lost workers if there is none; may give up or finish. */
  void tick(boolean ended) throws InterruptedException {
    Optional<Delivery> delivery = mailbox.take(0);
    if (delivery.isPresent()) {
      take(delivery.get());
    } else if (workersHaveEnded || silent()) {
      lose();
    } else {
      workersHaveEnded = ended;
    }
  }

  private boolean silent() {
    return coordinator.missing().stream().anyMatch(w -> mailbox.silentNanos(w) > PATIENCE_NANOS);
  }

  private void take(Delivery delivery) {
    if (delivery instanceof Delivery.Failure failure) {
      throw new AssertionError("worker " + failure.worker() + ": " + failure.message());
    }
    Delivery.Contribution contribution = (Delivery.Contribution) delivery;
    TrainingState state = coordinator.state();
    try {
      Outcome outcome =
          coordinator.accept(contribution.worker(), contribution.id(), contribution.content());
      if (outcome instanceof Outcome.Summed summed) {
        double[] values = new double[summed.result().length / 8];
        ByteBuffer.wrap(summed.result()).asDoubleBuffer().get(values);
        sums.put(summed.id().sum(), values);
        publish(summed.id(), summed.result());
      } else if (outcome instanceof Outcome.Committed committed) {
        before = state;
        publish(committed.id(), committed.result());
        committed(committed.step());
        if (coordinator.finished()) {
          mailbox.close("the training is finished");
          serving = false;
        }
      }
    } catch (NonFiniteException e) {
      throw new AssertionError(e);
    }
  }

  private void publish(SumId id, byte[] result) {
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
