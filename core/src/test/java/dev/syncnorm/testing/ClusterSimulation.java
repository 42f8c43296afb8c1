package dev.syncnorm.testing;

import dev.syncnorm.testing.SimulatedWorker.State;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.Samples;
import dev.syncnorm.training.SumDesk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * A cluster under fire: one seed fixes which worker runs next, which messages are lost, delayed,
 * doubled or overtaken, who dies, freezes, is cut off or comes back, and when the driver starts
 * over with how many workers.
 *
 * <p>One thread of all runs at a time, so a seed always gives the same schedule. Faults stop after
 * a number that the seed fixes; from then on the schedule is fair and the training must end.
 */
public final class ClusterSimulation {

  /** What may become of one request. The first two also while a worker is cut off. */
  public enum MessageFault {
    /** It never comes. */
    REQUEST_LOST,
    /** It comes after the worker has stopped waiting for the reply. */
    REQUEST_LATE,
    /** It comes, the reply does not. */
    REPLY_LOST,
    /** It comes twice at once. */
    REQUEST_TWICE,
    /** It comes, and once more later. */
    REQUEST_AGAIN_LATE,
    /** Much happens before the reply comes. */
    REPLY_LATE
  }

  /** What may happen to a worker or to all of them. */
  public enum Disaster {
    /** The worker notices when it asks next. */
    TASK_KILLED,
    /** Nobody is told. */
    WORKER_DIES,
    /** Until the faults are over. */
    WORKER_FREEZES,
    /** None of its next requests gets through. */
    WORKER_CUT_OFF,
    /** A worker dies and the driver is told so. */
    EXECUTOR_LOST,
    /** The driver gives the generation up; its workers live on as zombies. */
    GENERATION_LOST,
    /** The same task once more in the same generation. */
    SECOND_ATTEMPT,
    /** From the last commit, as another run; the workers of the old run live on. */
    DRIVER_RESTARTS,
    /** All that happened in between took seconds. */
    TIME_LEAPS
  }

  /** A schedule takes 1,500 events on average and the longest of 1,500 took 5,104. */
  public static final int MOST_EVENTS = 30_000;

  private static final int MOST_WORKERS = 6;
  private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final TinyTraining training;
  private final boolean traced;
  private final SplittableRandom random;
  private final SimulatedDriver driver;
  private final List<SimulatedWorker> workers = new ArrayList<>();
  private final List<byte[]> delayed = new ArrayList<>();
  private final double messageFaultRate;
  private final double disasterRate;
  private int messageFaults;
  private int disasters;
  private long clockNanos = 1_000_000_007;
  private int events;
  private int generations;
  private long digest;
  private final Map<Enum<?>, Integer> faults = new HashMap<>();

  /**
   * A simulation that has not begun.
   *
   * @param traced whether every event is printed
   */
  public ClusterSimulation(TinyTraining training, long seed, Sabotage sabotage, boolean traced) {
    this.training = training;
    this.traced = traced;
    this.random = new SplittableRandom(seed);
    // All sums where they come in, none, or the short ones.
    int atOnceValues = new int[] {SumDesk.AT_ONCE_VALUES, 0, 20}[random.nextInt(3)];
    this.driver = new SimulatedDriver(training, sabotage, () -> clockNanos, atOnceValues);
    messageFaultRate = new double[] {0, 0.05, 0.2, 0.5}[random.nextInt(4)];
    disasterRate = new double[] {0, 0.005, 0.02, 0.1}[random.nextInt(4)];
    messageFaults = random.nextInt(200);
    disasters = random.nextInt(12);
  }

  /** The steps as they were committed. */
  public List<CommittedStep> log() {
    return driver.log();
  }

  /** The global sums of each committed step by their number, without the one that commits. */
  public List<Map<Integer, double[]>> committedSums() {
    return driver.committedSums();
  }

  /** How often each {@link MessageFault} and {@link Disaster} happened. */
  public Map<Enum<?>, Integer> faults() {
    return faults;
  }

  /** How many generations were opened. */
  public int generations() {
    return generations;
  }

  /** How many scheduler events it took. */
  public int events() {
    return events;
  }

  /** A number that two schedules share only if they are the same. */
  public long digest() {
    return digest;
  }

  /** Runs to the end of the training and of every worker. */
  public ClusterSimulation run() throws InterruptedException {
    try {
      while (!driver.finished()) {
        event();
      }
      messageFaults = 0;
      disasters = 0;
      while (workers.stream().anyMatch(SimulatedWorker::alive)) {
        event();
      }
      while (!delayed.isEmpty()) {
        deliverLate();
      }
      return this;
    } finally {
      for (SimulatedWorker worker : workers) {
        if (worker.alive()) {
          worker.dead = true;
          worker.resume();
        }
      }
    }
  }

  private void event() throws InterruptedException {
    if (++events > MOST_EVENTS) {
      throw new AssertionError("still not ended after " + MOST_EVENTS + " events");
    }
    clockNanos += random.nextInt(100_000);
    if (disasters > 0 && !workers.isEmpty() && random.nextDouble() < disasterRate) {
      disasters--;
      disaster();
      return;
    }
    List<SimulatedWorker> ready = workers.stream().filter(this::ready).toList();
    int choice = random.nextInt(ready.size() + 2);
    if (choice < ready.size()) {
      advance(ready.get(choice));
    } else if (choice == ready.size() && !delayed.isEmpty()) {
      deliverLate();
    } else if (driver.serving()) {
      note("driver looks", 0);
      driver.tick(current().stream().noneMatch(SimulatedWorker::alive));
    } else if (!driver.finished() && random.nextInt(4) == 0) {
      open();
    }
    if (ready.isEmpty()) {
      pass();
    }
  }

  private boolean ready(SimulatedWorker worker) {
    return worker.alive()
        && !(worker.frozen && disasters > 0)
        && (worker.state() != State.PAUSED || worker.wakeNanos <= clockNanos);
  }

  private List<SimulatedWorker> current() {
    return workers.stream()
        .filter(w -> w.run == driver.run() && w.generation == driver.generation())
        .toList();
  }

  private void open() {
    int count = 1 + random.nextInt(MOST_WORKERS);
    driver.open(count);
    generations++;
    note("generation opens with workers:", count);
    for (int number = 0; number < count; number++) {
      launch(number, count);
    }
  }

  private void launch(int number, int of) {
    SimulatedWorker[] self = new SimulatedWorker[1];
    Samples images = training.samples();
    Samples samples =
        (index, input, target) -> {
          images.load(index, input, target);
          if (!self[0].dead && disasters > 0 && random.nextInt(20) == 0) {
            clockNanos += random.nextLong(TimeUnit.SECONDS.toNanos(3)); // a slow disk
          }
        };
    self[0] =
        new SimulatedWorker(
            driver.run(),
            driver.generation(),
            number,
            of,
            driver.mailbox().shared(),
            () -> clockNanos,
            GIVE_UP_NANOS,
            exchange -> training.worker(samples).run(exchange, number, of));
    workers.add(self[0]);
  }

  private void advance(SimulatedWorker worker) throws InterruptedException {
    note("goes on: " + worker + " " + worker.state(), worker.number);
    if (worker.state() == State.ASKING && !carry(worker)) {
      return;
    }
    worker.resume();
    worker
        .failure()
        .ifPresent(
            cause -> {
              throw new AssertionError(worker + " failed", cause);
            });
    if (worker.state() == State.PAUSED) {
      // A sleep takes longer than asked for: it keeps the number of polls small.
      worker.wakeNanos += random.nextLong(TimeUnit.MILLISECONDS.toNanos(2_000));
    }
    if (!worker.alive()) {
      workers.remove(worker);
    }
  }

  /** Carries a request; false if the worker has to wait on. */
  private boolean carry(SimulatedWorker worker) {
    byte[] request = worker.request;
    boolean cutOff = worker.cutOffAsks > 0;
    if (cutOff) {
      worker.cutOffAsks--;
    }
    if (!cutOff && (messageFaults == 0 || random.nextDouble() >= messageFaultRate)) {
      worker.reply = Optional.of(driver.answer(request));
      return true;
    }
    messageFaults = Math.max(0, messageFaults - 1);
    MessageFault fault =
        MessageFault.values()[random.nextInt(cutOff ? 2 : MessageFault.values().length)];
    happened(fault, worker);
    switch (fault) {
      case REQUEST_LOST -> worker.reply = Optional.empty();
      case REQUEST_LATE -> {
        delayed.add(request.clone());
        worker.reply = Optional.empty();
      }
      case REPLY_LOST -> {
        driver.answer(request);
        worker.reply = Optional.empty();
      }
      case REQUEST_TWICE -> {
        driver.answer(request.clone());
        worker.reply = Optional.of(driver.answer(request));
      }
      case REQUEST_AGAIN_LATE -> {
        delayed.add(request.clone());
        worker.reply = Optional.of(driver.answer(request));
      }
      case REPLY_LATE -> {
        worker.reply = Optional.of(driver.answer(request));
        worker.answered();
        return false;
      }
    }
    return true;
  }

  private void deliverLate() {
    note("a delayed message comes", delayed.size());
    byte[] request = delayed.remove(random.nextInt(delayed.size()));
    driver.answer(request.clone());
    if (messageFaults > 0 && random.nextInt(4) == 0) {
      messageFaults--;
      delayed.add(request); // and once more
    }
  }

  /** Nobody can run: time passes until somebody can. */
  private void pass() {
    long next =
        workers.stream()
            .filter(w -> w.state() == State.PAUSED && !(w.frozen && disasters > 0))
            .mapToLong(w -> w.wakeNanos)
            .min()
            .orElse(clockNanos + TimeUnit.SECONDS.toNanos(1));
    clockNanos = Math.max(clockNanos, next);
  }

  private void disaster() throws InterruptedException {
    SimulatedWorker victim = workers.get(random.nextInt(workers.size()));
    Disaster disaster = Disaster.values()[random.nextInt(Disaster.values().length)];
    happened(disaster, victim);
    switch (disaster) {
      case TASK_KILLED -> victim.killed = true;
      case WORKER_DIES -> die(victim);
      case WORKER_FREEZES -> victim.frozen = true;
      case WORKER_CUT_OFF -> victim.cutOffAsks = 1 + random.nextInt(60);
      case EXECUTOR_LOST -> {
        die(victim);
        lose();
      }
      case GENERATION_LOST -> lose();
      case SECOND_ATTEMPT -> {
        if (random.nextBoolean()) {
          die(victim);
        }
        if (victim.generation == driver.generation() && victim.run == driver.run()) {
          launch(victim.number, victim.of);
        }
      }
      case DRIVER_RESTARTS -> driver.restart();
      case TIME_LEAPS -> clockNanos += random.nextLong(TimeUnit.SECONDS.toNanos(20));
    }
  }

  private void lose() {
    if (driver.serving()) {
      driver.lose();
    }
  }

  private void die(SimulatedWorker worker) throws InterruptedException {
    if (worker.state() == State.ASKING && random.nextBoolean()) {
      delayed.add(worker.request.clone());
    }
    workers.remove(worker);
    if (worker.state() != State.STARTING) {
      worker.dead = true;
      worker.resume();
    }
  }

  private void happened(Enum<?> fault, SimulatedWorker to) {
    faults.merge(fault, 1, Integer::sum);
    note(fault.name() + " for " + to, fault.ordinal());
  }

  private void note(String what, int detail) {
    digest = digest * 31 + what.hashCode() * 7L + detail + clockNanos;
    if (traced) {
      System.out.printf("%5d %.6f s: %s %d%n", events, clockNanos / 1e9, what, detail);
    }
  }
}
