package dev.syncnorm.training;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * The threads of a worker, among them the one that calls {@link #run}: each takes the next image of
 * a phase until none is left. With one thread nothing is handed over and nobody is woken.
 */
final class ImageThreads implements AutoCloseable {

  /** What is done with one image. */
  interface Work {
    /**
     * Runs one image.
     *
     * @param image its number in the phase, from 0
     */
    void run(int image, PhaseRunner runner) throws SampleException;
  }

  private final Supplier<PhaseRunner> maker;
  private final PhaseRunner[] runners;
  private final ExecutorService helpers;

  /**
   * Threads that have not started.
   *
   * @param threads 1 or more, the one that will call among them
   * @param maker makes the runner of one thread, when it is needed
   */
  ImageThreads(int threads, String name, Supplier<PhaseRunner> maker) {
    this.maker = maker;
    runners = new PhaseRunner[threads];
    // A pool starts its threads when they are needed: none for a worker of one thread.
    helpers =
        Executors.newFixedThreadPool(
            Math.max(1, threads - 1),
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Runs the images of a phase. After a failure no other image is begun.
   *
   * @throws SampleException of the failed image with the lowest number, which does not depend on
   *     the threads: all images before it had been begun
   */
  void run(int images, Work work) throws SampleException, InterruptedException {
    AtomicInteger next = new AtomicInteger();
    AtomicBoolean failed = new AtomicBoolean();
    Throwable[] failures = new Throwable[images];
    IntConsumer takeImages =
        thread -> {
          while (!failed.get()) {
            int image = next.getAndIncrement();
            if (image >= images) {
              return;
            }
            try {
              work.run(image, runner(thread));
            } catch (Throwable e) {
              failures[image] = e;
              failed.set(true);
            }
          }
        };
    List<Future<?>> others = new ArrayList<>();
    for (int i = 1; i < Math.min(images, runners.length); i++) {
      int thread = i;
      others.add(helpers.submit(() -> takeImages.accept(thread)));
    }
    takeImages.accept(0);
    for (Future<?> other : others) {
      await(other);
    }
    for (Throwable failure : failures) {
      rethrow(failure);
    }
  }

  /** Of one thread at a time. */
  private PhaseRunner runner(int thread) {
    if (runners[thread] == null) {
      runners[thread] = maker.get();
    }
    return runners[thread];
  }

  private static void await(Future<?> other) throws InterruptedException {
    try {
      other.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("whatever an image throws is kept", e);
    }
  }

  private static void rethrow(Throwable failure) throws SampleException {
    if (failure instanceof SampleException sample) {
      throw sample;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw new IllegalStateException(failure.toString(), failure);
    }
  }

  /** Interrupts what still runs. */
  @Override
  public void close() {
    helpers.shutdownNow();
  }
}
