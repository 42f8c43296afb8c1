package dev.syncnorm.training;

import dev.syncnorm.exchange.Link;
import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.PollingExchange;
import dev.syncnorm.exchange.SharedBytes;
import dev.syncnorm.exchange.SumId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Workers as threads of this process, without Spark: for benchmarks, tests and small data. */
public final class InProcessWorkers implements WorkerGroup {

  /** How long workers may take to see that their generation is over. */
  private static final long END_MILLIS = 60_000;

  private final Mailbox mailbox;
  private final int workers;
  private final Supplier<TrainingWorker> maker;

  /**
   * A group that starts a number of workers.
   *
   * @param maker makes one worker
   */
  public InProcessWorkers(Mailbox mailbox, int workers, Supplier<TrainingWorker> maker) {
    this.mailbox = mailbox;
    this.workers = workers;
    this.maker = maker;
  }

  /** The way large results take where sender and receiver share their memory: none. */
  public static SharedBytes sharedMemory() {
    return new LatestTwo();
  }

  /** Keeps what the contract asks for: a value until the next but one. */
  private static final class LatestTwo implements SharedBytes {
    private final Map<Long, byte[]> values = new HashMap<>();
    private long count;

    @Override
    public synchronized byte[] share(byte[] value) {
      values.put(count, value);
      values.remove(count - 2);
      return ByteBuffer.allocate(Long.BYTES).putLong(count++).array();
    }

    @Override
    public synchronized byte[] fetch(byte[] handle) throws IOException {
      byte[] value = values.get(ByteBuffer.wrap(handle).getLong());
      if (value == null) {
        throw new IOException("the shared value is not kept any more");
      }
      return value;
    }
  }

  @Override
  public int await(boolean first, BooleanSupplier stopAsked) {
    return workers;
  }

  @Override
  public Generation launch(int generation, int count) {
    List<Thread> threads = new ArrayList<>();
    AtomicReference<String> failure = new AtomicReference<>("");
    Link link = mailbox::answer;
    SharedBytes shared = mailbox.shared();
    for (int w = 0; w < count; w++) {
      int worker = w;
      Runnable program =
          () -> {
            PollingExchange exchange =
                new PollingExchange(
                    link,
                    shared,
                    new ThreadWaiting(mailbox),
                    System::nanoTime,
                    mailbox.run(),
                    generation,
                    worker,
                    count,
                    TimeUnit.SECONDS.toNanos(1));
            try {
              maker.get().run(exchange, worker, count);
            } catch (InterruptedException e) {
              failure.set("worker " + worker + " was interrupted");
            } catch (Throwable e) {
              failure.set("worker " + worker + " failed: " + e);
            }
          };
      Thread thread = new Thread(program, "syncnorm-worker-" + worker);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    return new ThreadGeneration(threads, failure);
  }

  /** Sees in the mailbox what it waits for, and is never killed. */
  private record ThreadWaiting(Mailbox mailbox) implements PollingExchange.Waiting {
    @Override
    public void pause(long nanos) throws InterruptedException {
      TimeUnit.NANOSECONDS.sleep(nanos);
    }

    @Override
    public void await(SumId id, long nanos) throws InterruptedException {
      mailbox.await(id, nanos);
    }

    @Override
    public boolean killed() {
      return false;
    }
  }

  private record ThreadGeneration(List<Thread> threads, AtomicReference<String> failureText)
      implements Generation {

    @Override
    public boolean ended() {
      return threads.stream().noneMatch(Thread::isAlive);
    }

    @Override
    public Optional<String> failure() {
      return Optional.of(failureText.get()).filter(text -> !text.isEmpty());
    }

    @Override
    public String describe(int worker) {
      return "worker " + worker;
    }

    @Override
    public void expel(int worker) {
      threads.get(worker).interrupt();
    }

    @Override
    public void end() throws InterruptedException {
      for (Thread thread : threads) {
        thread.join(END_MILLIS);
      }
    }
  }
}
