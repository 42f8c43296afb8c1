package dev.syncnorm.data;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Makes something of one file after another on a daemon thread, while the thread that uses it does
 * other work. A file that takes longer than the limit is {@code timed-out}: its thread is given up
 * with all that belongs to it, and the next file gets a new one. Used by one thread.
 *
 * @param <T> what is made
 */
public final class LimitedThread<T> implements AutoCloseable {

  private final Supplier<? extends Work<T>> makesWork;
  private final DecodeLimit limit;
  private Work<T> work;
  private ExecutorService thread;
  private FutureTask<T> running;
  private AtomicBoolean over;
  private long begunNanos;

  /** What is done with a file, on one thread. */
  public interface Work<T> extends AutoCloseable {
    /**
     * Makes something of it.
     *
     * @throws BadImageException if that can't be done
     */
    T of(byte[] file) throws BadImageException;

    @Override
    default void close() {}
  }

  /**
   * A thread with a limit, which it shares with others of this process.
   *
   * @param makesWork is asked anew for each thread that is needed
   */
  public LimitedThread(Supplier<? extends Work<T>> makesWork, DecodeLimit limit) {
    this.makesWork = makesWork;
    this.limit = limit;
    this.work = makesWork.get();
    this.thread = daemon();
  }

  /** Begins with a file; the result of the one before it must have been taken. */
  public void begin(byte[] file) {
    if (running != null) {
      throw new IllegalStateException("a file is under way");
    }
    Work<T> own = work;
    FutureTask<T> task = new FutureTask<>(() -> own.of(file));
    // Set by the first of the two that come to an end: the work or the patience.
    AtomicBoolean ended = new AtomicBoolean();
    running = task;
    over = ended;
    begunNanos = System.nanoTime();
    thread.execute(
        () -> {
          task.run();
          if (!ended.compareAndSet(false, true)) {
            limit.ended();
            own.close();
          }
        });
  }

  /** Whether a file is under way. */
  public boolean busy() {
    return running != null;
  }

  /**
   * Waits for the result of the file under way.
   *
   * @throws BadImageException with the cause of the work, or {@code timed-out}
   * @throws DecodeLimit.ExceededException if too many files of this process hang
   */
  public T result() throws BadImageException {
    FutureTask<T> task = running;
    running = null;
    long left = (long) (limit.seconds() * 1e9) - (System.nanoTime() - begunNanos);
    try {
      try {
        return task.get(Math.max(0, left), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        if (over.compareAndSet(false, true)) {
          thread.shutdown();
          thread = daemon();
          work = makesWork.get();
          limit.giveUp();
          throw new BadImageException(
              BadImageCause.TIMED_OUT, "decoding took longer than %s s".formatted(limit.text()), e);
        }
        return task.get();
      }
    } catch (ExecutionException e) {
      throw unwrapped(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("decoding was interrupted", e);
    }
  }

  private static BadImageException unwrapped(Throwable cause) {
    if (cause instanceof BadImageException bad) {
      return bad;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) cause;
  }

  private static ExecutorService daemon() {
    return Executors.newSingleThreadExecutor(
        task -> {
          Thread thread = new Thread(task, "syncnorm-decode");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Ends the thread, once it is done. */
  @Override
  public void close() {
    thread.execute(work::close);
    thread.shutdown();
  }
}
