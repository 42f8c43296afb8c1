package dev.syncnorm.training;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.Mailbox.Delivery;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.Coordinator.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where contributions become results: feeds the coordinator with what the mailbox delivers, one
 * delivery after the other, and publishes what comes out.
 *
 * <p>A small sum is added by the thread that brings a contribution, so that the reply to the last
 * one is the result and nobody has to be woken; that takes some tens of microseconds and waits for
 * nothing. A large one is left to the driver's thread. Either way one thread works at a time.
 *
 * <p>A commit is <em>news</em>: the driver's thread writes it down and tells it while the workers
 * begin the next step. Until it has, nothing more is taken, so the workers are never further ahead
 * than that and a run can be stopped between any two steps. All methods but {@link #arrived} are
 * the driver's thread's.
 */
public final class SumDesk {

  /** Sums of up to so many values are added where they come in: 64 KiB in each contribution. */
  public static final int AT_ONCE_VALUES = 8 << 10;

  /** Gives out a result. */
  public interface Publisher {
    /** As {@link Mailbox#publish}. */
    void publish(SumId id, byte[] result);
  }

  /** What the driver has to see to before anything more is taken. */
  public sealed interface News {

    /**
     * A step was committed and its result is given out.
     *
     * @param nanos when, by {@link System#nanoTime}
     * @param sums of the step, in their order
     */
    record Committed(CommittedStep step, long nanos, List<Sum> sums) implements News {}

    /** A worker can't go on. */
    record WorkerFailed(Delivery.Failure failure) implements News {}

    /** A contribution can't be used, or the sum that it completes can't. */
    record Refused(Delivery.Contribution contribution, Throwable cause) implements News {}
  }

  /**
   * A sum that is complete.
   *
   * @param name such as {@code moments of bn1}
   * @param waitNanos from the arrival of the first contribution to that of the last
   */
  public record Sum(String name, long waitNanos) {}

  private final Coordinator coordinator;
  private final Mailbox mailbox;
  private final Publisher publisher;
  private final int atOnceValues;

  /** Released when the driver's thread should look. */
  private final Semaphore bell = new Semaphore(0);

  /** Held by the thread that works; guards the coordinator and all below. */
  private final ReentrantLock working = new ReentrantLock();

  private final List<Sum> sums = new ArrayList<>();
  private Optional<News> news = Optional.empty();
  private SumId awaited = SumId.JOIN;
  private long firstArrivedNanos;

  /** The desk of a run. */
  SumDesk(Coordinator coordinator, Mailbox mailbox) {
    this(coordinator, mailbox, mailbox::publish, AT_ONCE_VALUES);
  }

  /**
   * The desk of a run.
   *
   * @param atOnceValues the length of the largest sum that is added by the thread that brings it
   */
  public SumDesk(Coordinator coordinator, Mailbox mailbox, Publisher publisher, int atOnceValues) {
    this.coordinator = coordinator;
    this.mailbox = mailbox;
    this.publisher = publisher;
    this.atOnceValues = atOnceValues;
  }

  /**
   * Opens the next generation.
   *
   * @return its number, from 1
   */
  public int open(int workers) {
    working.lock();
    try {
      sums.clear();
      awaited = SumId.JOIN;
      mailbox.attend(this::arrived);
      return mailbox.open(workers, coordinator.begin(workers));
    } finally {
      working.unlock();
    }
  }

  /**
   * Ends the generation: nothing more is taken.
   *
   * @return the commit that has not been seen to yet; failures of its workers concern nobody now
   */
  public Optional<News.Committed> close(String reason) {
    working.lock();
    try {
      mailbox.close(reason);
      Optional<News> last = news;
      news = Optional.empty();
      return last.filter(News.Committed.class::isInstance).map(News.Committed.class::cast);
    } finally {
      working.unlock();
    }
  }

  /** A delivery has come, on any thread; never blocks. */
  public void arrived() {
    boolean forDriver = false;
    while (!forDriver && mailbox.hasDelivery() && working.tryLock()) {
      try {
        forDriver = news.isPresent() || coordinator.expectedLength() > atOnceValues;
        if (!forDriver) {
          mailbox.take().ifPresent(this::take);
          forDriver = news.isPresent();
        }
      } finally {
        working.unlock();
      }
    }
    if (forDriver || mailbox.hasDelivery()) {
      bell.release();
    }
  }

  /**
   * Takes all that has come, up to the next news.
   *
   * @return the news, which stay until they are {@linkplain #seenTo seen to}
   */
  public Optional<News> work() {
    working.lock();
    try {
      Optional<Delivery> next = Optional.empty();
      while (news.isEmpty() && (next = mailbox.take()).isPresent()) {
        take(next.get());
      }
      return news;
    } finally {
      working.unlock();
    }
  }

  /** Waits until there may be {@link #work}, but not longer than the time; whether there may be. */
  boolean await(long nanos) throws InterruptedException {
    boolean rung = bell.tryAcquire(nanos, TimeUnit.NANOSECONDS);
    bell.drainPermits();
    return rung;
  }

  /** The news have been seen to: on with the next step. */
  public void seenTo() {
    working.lock();
    try {
      news = Optional.empty();
    } finally {
      working.unlock();
    }
  }

  /** What is awaited from which workers, as it is at the moment. */
  Missing missing() {
    working.lock();
    try {
      return new Missing(coordinator.missing(), coordinator.expected(), coordinator.expectedName());
    } finally {
      working.unlock();
    }
  }

  /**
   * What workers are missing from.
   *
   * @param name of the sum
   */
  record Missing(List<Integer> workers, SumId id, String name) {}

  private void take(Delivery delivery) {
    if (delivery instanceof Delivery.Failure failure) {
      news = Optional.of(new News.WorkerFailed(failure));
      return;
    }
    Delivery.Contribution contribution = (Delivery.Contribution) delivery;
    try {
      take(contribution);
    } catch (NonFiniteException | RuntimeException | Error e) {
      // This may be a thread of the transport: the driver's is the one to end the run.
      news = Optional.of(new News.Refused(contribution, e));
    }
  }

  private void take(Delivery.Contribution contribution) throws NonFiniteException {
    SumId id = contribution.id();
    if (id.equals(coordinator.expected()) && !id.equals(awaited)) {
      awaited = id;
      firstArrivedNanos = contribution.arrivedNanos();
    }
    String name = coordinator.expectedName();
    Outcome outcome = coordinator.accept(contribution.worker(), id, contribution.content());
    if (outcome instanceof Outcome.Summed summed) {
      publisher.publish(id, summed.result());
      sums.add(new Sum(name, contribution.arrivedNanos() - firstArrivedNanos));
    } else if (outcome instanceof Outcome.Committed committed) {
      publisher.publish(id, committed.result());
      sums.add(new Sum(name, contribution.arrivedNanos() - firstArrivedNanos));
      news =
          Optional.of(new News.Committed(committed.step(), System.nanoTime(), List.copyOf(sums)));
      sums.clear();
    }
  }
}
