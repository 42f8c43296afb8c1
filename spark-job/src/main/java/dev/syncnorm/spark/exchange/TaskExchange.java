package dev.syncnorm.spark.exchange;

import dev.syncnorm.exchange.PollingExchange;
import dev.syncnorm.exchange.SumId;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;

/** The exchange of a barrier task, which is the worker of its partition's number. */
public final class TaskExchange {

  /** For how long the driver may fail to answer before a worker ends by itself. */
  private static final long GIVE_UP_SECONDS = 300;

  private TaskExchange() {}

  /**
   * Opens it.
   *
   * @param run of the driver's mailbox
   * @param generation that the mailbox was opened for
   * @throws IllegalStateException if Spark has not started the plugin in this executor
   */
  public static PollingExchange open(TaskContext context, long run, int generation, int workers) {
    return new PollingExchange(
        ExchangePlugin.link(),
        BroadcastBytes.ofExecutor(),
        new TaskWaiting(context),
        System::nanoTime,
        run,
        generation,
        context.partitionId(),
        workers,
        TimeUnit.SECONDS.toNanos(GIVE_UP_SECONDS));
  }

  /** Sleeps, and sees when Spark has killed the task. */
  private record TaskWaiting(TaskContext context) implements PollingExchange.Waiting {
    @Override
    public void pause(long nanos) throws InterruptedException {
      TimeUnit.NANOSECONDS.sleep(nanos);
    }

    @Override
    public void await(SumId id, long nanos) throws InterruptedException {
      ExchangePlugin.await(id, nanos);
    }

    @Override
    public boolean killed() {
      return context.isInterrupted();
    }
  }
}
