package dev.syncnorm.spark.dataset;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicLong;

/** The tasks of a listing, which start others, and what becomes of those that fail. */
final class ListingTasks implements AutoCloseable {

  private static final int THREADS = 16;

  private final List<String> inputs;
  private final InputFindings findings;
  private final ForkJoinPool pool =
      new ForkJoinPool(THREADS, ListingTasks::thread, null, false); // deepest first: a short queue
  private final AtomicLong running = new AtomicLong(1);
  private final CountDownLatch done = new CountDownLatch(1);

  ListingTasks(List<String> inputs, InputFindings findings) {
    this.inputs = inputs;
    this.findings = findings;
  }

  /** A thread that acts for the user for whom the caller does; the pool's own would not. */
  private static ForkJoinWorkerThread thread(ForkJoinPool pool) {
    return new ForkJoinWorkerThread(pool) {};
  }

  /** What may fail on a thread of the pool. */
  interface Work {
    void run() throws IOException;
  }

  /**
   * Starts a task.
   *
   * @param order the number of the input that it is part of
   * @param what it lists
   */
  void run(int order, String what, Work work) {
    running.incrementAndGet();
    pool.execute(
        () -> {
          try {
            work.run();
          } catch (FileNotFoundException e) {
            findings.problem(
                order,
                "%s vanished while %s was listed; list a data set that nothing changes"
                    .formatted(what, inputs.get(order)));
          } catch (IOException | RuntimeException e) {
            findings.problem(
                order,
                "%s can't be listed: %s; its images would be missing, make it readable or name inputs without it"
                    .formatted(what, Reasons.of(e)));
          } finally {
            ended();
          }
        });
  }

  /** Waits until all tasks have ended, with all that they have started. */
  void await() throws InterruptedException {
    ended();
    done.await();
  }

  private void ended() {
    if (running.decrementAndGet() == 0) {
      done.countDown();
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
