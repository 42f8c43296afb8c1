package dev.syncnorm.testing;

import dev.syncnorm.testing.SimulatedWorker.State;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.Samples;
import java.util.ArrayList;
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

  /** A schedule takes about 500 events; one that takes so many does not end. */
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
  private long digest;

  /**
   * A simulation that has not begun.
   *
   * @param traced whether every event is printed
   */
  public ClusterSimulation(TinyTraining training, long seed, Sabotage sabotage, boolean traced) {
    this.training = training;
    this.traced = traced;
    this.random = new SplittableRandom(seed);
    this.driver = new SimulatedDriver(training, sabotage, () -> clockNanos);
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
    int kind = cutOff ? random.nextInt(2) : random.nextInt(6);
    note("message fault", kind);
    switch (kind) {
      case 0 -> worker.reply = Optional.empty(); // the request is lost
      case 1 -> { // it comes after the worker has given up waiting for the reply
        delayed.add(request.clone());
        worker.reply = Optional.empty();
      }
      case 2 -> { // the reply is lost
        driver.answer(request);
        worker.reply = Optional.empty();
      }
      case 3 -> { // delivered twice
        driver.answer(request.clone());
        worker.reply = Optional.of(driver.answer(request));
      }
      case 4 -> { // delivered, and once more later
        delayed.add(request.clone());
        worker.reply = Optional.of(driver.answer(request));
      }
      default -> { // the reply takes its time
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
    int kind = random.nextInt(9);
    note("disaster for " + victim, kind);
    switch (kind) {
      case 0 -> victim.killed = true; // the task is killed: it notices when it asks next
      case 1 -> die(victim);
      case 2 -> victim.frozen = true; // thaws when the faults are over
      case 3 -> victim.cutOffAsks = 1 + random.nextInt(60);
      case 4 -> { // the executor is lost and the driver is told so
        die(victim);
        lose();
      }
      case 5 -> lose(); // its workers live on as zombies
      case 6 -> { // the same task again in the same generation
        if (random.nextBoolean()) {
          die(victim);
        }
        if (victim.generation == driver.generation() && victim.run == driver.run()) {
          launch(victim.number, victim.of);
        }
      }
      case 7 -> driver.restart();
      default -> clockNanos += random.nextLong(TimeUnit.SECONDS.toNanos(20));
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

  private void note(String what, int detail) {
    digest = digest * 31 + what.hashCode() * 7L + detail + clockNanos;
    if (traced) {
      System.out.printf("%5d %.6f s: %s %d%n", events, clockNanos / 1e9, what, detail);
    }
  }
}
