package dev.syncnorm.testing;

import dev.syncnorm.exchange.Link;
import dev.syncnorm.exchange.PollingExchange;
import dev.syncnorm.exchange.SharedBytes;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A real worker on threads of its own that runs only while the scheduler waits for it: it hands
 * control back whenever it asks, pauses or ends.
 *
 * <p>All fields are used by whoever has control; the semaphores order what they do.
 */
final class SimulatedWorker implements Link, PollingExchange.Waiting {

  /** What a worker that has handed control back waits for. */
  enum State {
    STARTING,
    RUNNING,
    ASKING,
    ANSWERED,
    PAUSED,
    ENDED
  }

  /** The program of a worker. */
  interface Program {
    /** Runs to the end. */
    void run(PollingExchange exchange) throws InterruptedException;
  }

  /** The executor is gone; nothing in the worker may catch this. */
  private static final class SimulatedDeath extends Error {
    private static final long serialVersionUID = 1;
  }

  private static final long STUCK_SECONDS = 120;

  final long run;
  final int generation;
  final int number;
  final int of;

  /** The request that waits to be carried. */
  byte[] request = new byte[0];

  /** The reply, or none if the request fails. */
  Optional<byte[]> reply = Optional.empty();

  long wakeNanos;
  boolean killed;
  boolean frozen;
  int cutOffAsks;
  volatile boolean dead;

  private final Semaphore go = new Semaphore(0);
  private final Semaphore back = new Semaphore(0);
  private final LongSupplier clock;
  private final Thread thread;
  private volatile State state = State.STARTING;
  private volatile Optional<Throwable> failure = Optional.empty();

  SimulatedWorker(
      long run,
      int generation,
      int number,
      int of,
      SharedBytes shared,
      LongSupplier clock,
      long giveUpNanos,
      Program program) {
    this.run = run;
    this.generation = generation;
    this.number = number;
    this.of = of;
    this.clock = clock;
    this.thread = new Thread(() -> live(shared, giveUpNanos, program), "simulated-worker");
    thread.setDaemon(true);
  }

  State state() {
    return state;
  }

  boolean alive() {
    return state != State.ENDED;
  }

  /** What made the program end, if it was not a stop and not its death. */
  Optional<Throwable> failure() {
    return failure;
  }

  /** Gives control to this worker and waits until it comes back. */
  void resume() throws InterruptedException {
    boolean starts = state == State.STARTING;
    state = State.RUNNING;
    if (starts) {
      thread.start();
    } else {
      go.release();
    }
    if (!back.tryAcquire(STUCK_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError(this + " neither asks nor pauses nor ends");
    }
  }

  /** The reply is there, but the worker gets it only when it goes on. */
  void answered() {
    state = State.ANSWERED;
  }

  @Override
  public byte[] ask(byte[] bytes) throws IOException {
    request = bytes;
    handBack(State.ASKING);
    Optional<byte[]> received = reply;
    reply = Optional.empty();
    return received.orElseThrow(() -> new IOException("simulated loss"));
  }

  @Override
  public void pause(long nanos) {
    wakeNanos = clock.getAsLong() + nanos;
    handBack(State.PAUSED);
  }

  @Override
  public boolean killed() {
    return killed;
  }

  @Override
  public String toString() {
    return "worker " + number + " of " + of + " in generation " + generation + " of run " + run;
  }

  private void handBack(State why) {
    if (dead) {
      throw new SimulatedDeath();
    }
    state = why;
    back.release();
    go.acquireUninterruptibly();
    if (dead) {
      throw new SimulatedDeath();
    }
  }

  private void live(SharedBytes shared, long giveUpNanos, Program program) {
    try {
      program.run(
          new PollingExchange(this, shared, this, clock, run, generation, number, of, giveUpNanos));
    } catch (SimulatedDeath e) {
      // As it should be.
    } catch (Throwable e) {
      if (!dead) {
        failure = Optional.of(e);
      }
    } finally {
      state = State.ENDED;
      back.release();
    }
  }
}
