package dev.syncnorm.spark.training;

import dev.syncnorm.data.DataIndex;
import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.training.TrainingException;
import dev.syncnorm.training.WorkerGroup;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.SerializableConfiguration;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * Workers as the tasks of a barrier stage, which Spark starts all together or not at all. Every
 * generation is a job of its own: Spark doesn't retry the stage.
 */
final class BarrierWorkers implements WorkerGroup {

  /** Many times over what workers that are well take to see that their generation has ended. */
  private static final long END_SECONDS = 2;

  private final JavaSparkContext spark;
  private final Slots slots;
  private final Mailbox mailbox;
  private final String configuration;
  private final Broadcast<DataIndex> index;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final Backend backend;
  private Slots.Found found = new Slots.Found(0, 0, Optional.empty());

  BarrierWorkers(
      JavaSparkContext spark,
      Slots slots,
      Mailbox mailbox,
      String configuration,
      DataIndex index,
      Broadcast<SerializableConfiguration> hadoop,
      Backend backend) {
    this.spark = spark;
    this.slots = slots;
    this.mailbox = mailbox;
    this.configuration = configuration;
    this.index = spark.broadcast(index);
    this.hadoop = hadoop;
    this.backend = backend;
  }

  @Override
  public int await(boolean first, BooleanSupplier stopAsked)
      throws TrainingException, InterruptedException {
    found = slots.await(first ? 0 : found.workers(), stopAsked);
    return found.workers();
  }

  /** Threads of each worker of the generation that was awaited last. */
  int threads() {
    return found.threads();
  }

  @Override
  public Generation launch(int generation, int workers) {
    WorkerTask task =
        new WorkerTask(
            configuration,
            index,
            hadoop,
            backend,
            mailbox.run(),
            generation,
            workers,
            found.threads());
    JavaRDD<Integer> numbers =
        spark.parallelize(IntStream.range(0, workers).boxed().toList(), workers);
    RDD<Integer> stage =
        numbers.rdd().barrier().mapPartitions(new RunTask(task), false, integers());
    JavaRDD<Integer> barrier = new JavaRDD<>(stage, integers());
    found.profile().ifPresent(barrier::withResources);
    spark.sc().setJobDescription("syncnorm: generation " + generation + " of the workers");
    return new BarrierGeneration(barrier.collectAsync());
  }

  private static ClassTag<Integer> integers() {
    return ClassTag$.MODULE$.apply(Integer.class);
  }

  /** The body of a task. */
  private static final class RunTask extends AbstractFunction1<Iterator<Integer>, Iterator<Integer>>
      implements java.io.Serializable {

    private static final long serialVersionUID = 1;
    private final WorkerTask task;

    RunTask(WorkerTask task) {
      this.task = task;
    }

    @Override
    public Iterator<Integer> apply(Iterator<Integer> numbers) {
      task.run(TaskContext.get());
      return numbers;
    }
  }

  private final class BarrierGeneration implements Generation {

    private final JavaFutureAction<List<Integer>> job;

    BarrierGeneration(JavaFutureAction<List<Integer>> job) {
      this.job = job;
    }

    @Override
    public boolean ended() {
      return job.isDone();
    }

    @Override
    public Optional<String> failure() {
      try {
        job.get(0, TimeUnit.SECONDS);
        return Optional.empty();
      } catch (ExecutionException e) {
        return Optional.of(SparkReasons.line(e.getCause()));
      } catch (TimeoutException e) {
        return Optional.empty();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.empty();
      }
    }

    @Override
    public String describe(int worker) {
      return mailbox
          .place(worker)
          .map(place -> "worker %d (%s)".formatted(worker, Place.decode(place)))
          .orElse("worker %d (not started)".formatted(worker));
    }

    @Override
    public void expel(int worker) {
      mailbox
          .place(worker)
          .map(Place::decode)
          .filter(place -> !spark.sc().isLocal())
          .ifPresent(place -> spark.sc().killAndReplaceExecutor(place.executorId()));
    }

    @Override
    public void end() throws InterruptedException {
      try {
        job.get(END_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        job.cancel(true);
      } catch (ExecutionException e) {
        // The generation is over; the driver has asked for the reason if it wants to know it.
      }
    }
  }
}
