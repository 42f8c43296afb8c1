package dev.syncnorm.data;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Calls that decode image files, on a daemon thread of their own and each within a limit of time.
 * Whoever starts a call can do something else, such as read the next file, before awaiting it; more
 * than one call may be started, and they run and are awaited in that order.
 *
 * <p>A call that takes longer than the limit is {@code timed-out}. It keeps its thread and what the
 * thread works with; the calls behind it go to new ones. Used by one thread.
 *
 * @param <W> what calls work with and one thread owns; made, used and closed on the thread
 * @param <R> what calls result in
 */
public final class LimitedCalls<W extends AutoCloseable, R> implements AutoCloseable {

  /**
   * A call.
   *
   * @param <W> what it works with
   * @param <R> its result
   */
  @FunctionalInterface
  public interface Call<W, R> {
    /** Decodes a file. */
    R on(W worker, byte[] file) throws BadImageException;
  }

  private final Supplier<W> workers;
  private final Call<W, R> call;
  private final DecodeLimit limit;

  /** The calls that were started and not awaited. */
  private final Deque<Pending> pending = new ArrayDeque<>();

  private Runner runner;

  /** Calls with a limit, which they share with others of this process. */
  public LimitedCalls(Supplier<W> workers, Call<W, R> call, DecodeLimit limit) {
    this.workers = workers;
    this.call = call;
    this.limit = limit;
    runner = new Runner();
  }

  /** Starts a call; it begins when those before it have ended. The file is not copied. */
  public void start(byte[] file) {
    Pending next = new Pending(file);
    pending.add(next);
    runner.submit(next);
  }

  /**
   * Waits for the first call that was started and not awaited.
   *
   * @throws BadImageException with the call's cause, or {@code timed-out}
   * @throws DecodeLimit.ExceededException if too many calls of this process hang
   * @throws IllegalStateException if none was started
   */
  public R await() throws BadImageException {
    Pending first = pending.poll();
    if (first == null) {
      throw new IllegalStateException("no call was started");
    }
    if (!runner.await(first)) {
      runner = new Runner();
      pending.forEach(runner::submit);
      limit.giveUp();
      throw new BadImageException(
          BadImageCause.TIMED_OUT, "decoding took longer than %s s".formatted(limit.text()));
    }
    return first.result();
  }

  /** Ends the thread when the calls that were started have ended; it closes what it works with. */
  @Override
  public void close() {
    runner.close();
  }

  /** A call; guarded by the lock of its runner, but for the file. */
  private final class Pending {
    private final byte[] file;
    private R result;
    private Throwable failure;
    private boolean begun;
    private long beginNanos;
    private boolean ended;

    Pending(byte[] file) {
      this.file = file;
    }

    R result() throws BadImageException {
      if (failure instanceof BadImageException bad) {
        throw bad;
      }
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
      return result;
    }
  }

  /** A thread, and what it is to do. */
  private final class Runner implements Runnable {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition progress = lock.newCondition();
    private final Deque<Pending> queue = new ArrayDeque<>();
    private boolean closed;
    private boolean givenUp;

    Runner() {
      Thread thread = new Thread(this, "syncnorm-decode");
      thread.setDaemon(true);
      thread.start();
    }

    void submit(Pending next) {
      lock.lock();
      try {
        queue.add(next);
        work.signal();
      } finally {
        lock.unlock();
      }
    }

    void close() {
      lock.lock();
      try {
        closed = true;
        work.signal();
      } finally {
        lock.unlock();
      }
    }

    /** Waits until a call has ended; false if it is given up, with the thread. */
    boolean await(Pending first) {
      long nanos = (long) (limit.seconds() * 1e9);
      lock.lock();
      try {
        while (!first.ended) {
          // A call that waits for another one to end has all of its time yet.
          long rest = first.begun ? first.beginNanos + nanos - System.nanoTime() : nanos;
          if (rest <= 0) {
            givenUp = true;
            queue.clear();
            return false;
          }
          progress.awaitNanos(rest);
        }
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("decoding was interrupted", e);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void run() {
      W worker = null;
      try {
        Pending next = next();
        while (next != null) {
          R result = null;
          Throwable failure = null;
          try {
            if (worker == null) {
              worker = workers.get();
            }
            result = call.on(worker, next.file);
          } catch (Throwable e) { // whoever awaits the call gets it
            failure = e;
          }
          next = ended(next, result, failure) ? next() : null;
        }
      } finally {
        close(worker);
      }
    }

    /** The next call, which begins now; null at the end. */
    private Pending next() {
      lock.lock();
      try {
        while (queue.isEmpty() && !closed) {
          work.awaitUninterruptibly();
        }
        Pending next = queue.poll();
        if (next != null) {
          next.begun = true;
          next.beginNanos = System.nanoTime();
        }
        return next;
      } finally {
        lock.unlock();
      }
    }

    /** Notes the end of a call; false if it was given up before. */
    private boolean ended(Pending call, R result, Throwable failure) {
      lock.lock();
      try {
        if (givenUp) {
          limit.ended();
          return false;
        }
        call.result = result;
        call.failure = failure;
        call.ended = true;
        progress.signal();
        return true;
      } finally {
        lock.unlock();
      }
    }

    private void close(W worker) {
      if (worker == null) {
        return;
      }
      try {
        worker.close();
      } catch (Exception e) {
        throw new IllegalStateException("a decoder could not be closed", e);
      }
    }
  }
}
