package dev.syncnorm.spark.statistics;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import scala.Function1;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;
import scala.util.Failure;
import scala.util.Try;

/**
 * The results of a job's tasks as they come, each partition's once: of attempts that were repeated
 * or ran twice Spark hands out the first result. Only those that nobody has taken yet are held in
 * memory. Closing it cancels what still runs.
 */
final class PartResults implements AutoCloseable {

  private static final long MOST_WAIT_MILLIS = 5_000;
  private static final long PAUSE_MILLIS = 20;

  /** So often none is seen before there is none: Spark tells of a task when it runs already. */
  private static final int MOST_UNSEEN = 5;

  private final BlockingQueue<Numbered> arrived = new LinkedBlockingQueue<>();
  private final SparkContext spark;
  private final SimpleFutureAction<BoxedUnit> job;
  private final RunningTasks tasks = new RunningTasks();

  /** A partition's result. */
  record Numbered(int partition, MeasuredPart part) {}

  /** Begins a job on partitions of one part each. */
  PartResults(SparkSession session, JavaRDD<MeasuredPart> parts) {
    spark = session.sparkContext();
    spark.setJobDescription("syncnorm: measures images");
    spark.addSparkListener(tasks);
    List<Object> partitions =
        IntStream.range(0, parts.getNumPartitions()).<Object>mapToObj(i -> i).toList();
    Seq<Object> all = CollectionConverters.asScala(partitions).toSeq();
    job =
        spark.submitJob(
            parts.rdd(),
            new First(),
            all,
            new AbstractFunction2<Object, MeasuredPart, BoxedUnit>() {
              @Override
              public BoxedUnit apply(Object partition, MeasuredPart part) {
                // On the scheduler's thread, which waits for nothing.
                arrived.add(new Numbered((Integer) partition, part));
                return BoxedUnit.UNIT;
              }
            },
            new AbstractFunction0<BoxedUnit>() {
              @Override
              public BoxedUnit apply() {
                return BoxedUnit.UNIT;
              }
            });
    spark.setJobDescription(null);
  }

  /** The one result of a partition. */
  private static final class First extends AbstractFunction1<Iterator<MeasuredPart>, MeasuredPart>
      implements Function1<Iterator<MeasuredPart>, MeasuredPart>, Serializable {
    private static final long serialVersionUID = 1;

    @Override
    public MeasuredPart apply(Iterator<MeasuredPart> parts) {
      return parts.next();
    }
  }

  /** The next result, if one comes in time. */
  Optional<Numbered> next(long millis) throws InterruptedException {
    return Optional.ofNullable(arrived.poll(millis, TimeUnit.MILLISECONDS));
  }

  /**
   * Whether all results have been taken.
   *
   * @throws SparkException if the job has failed
   */
  boolean done() throws SparkException {
    if (!job.isCompleted()) {
      return false;
    }
    Optional<Try<BoxedUnit>> end = OptionConverters.toJava(job.value());
    if (end.isPresent() && end.get() instanceof Failure<BoxedUnit> failure) {
      Throwable cause = failure.exception();
      throw cause instanceof SparkException spark
          ? spark
          : new SparkException(String.valueOf(cause.getMessage()), cause);
    }
    return arrived.isEmpty();
  }

  /** What a failed job says, in one line. */
  static String reason(SparkException e) {
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    if (message.contains("spark.driver.maxResultSize")) {
      return "the sums of all tasks are larger than spark.driver.maxResultSize, though they are never in memory together; start the Spark session with --conf spark.driver.maxResultSize=0";
    }
    return "the job failed: " + message;
  }

  /**
   * Tasks end with the image that they are at; where another one has failed, Spark goes on without
   * them. They are waited for, but not for long: a session that closes under them makes them fail
   * aloud, and what they leave in a quarantine would stay there.
   */
  @Override
  public void close() {
    Optional<Try<BoxedUnit>> end = OptionConverters.toJava(job.value());
    if (end.filter(Try::isSuccess).isEmpty()) {
      job.cancel();
      awaitTasks();
    }
    spark.removeSparkListener(tasks);
  }

  private void awaitTasks() {
    int unseen = 0;
    try {
      for (long waited = 0;
          waited < MOST_WAIT_MILLIS && unseen < MOST_UNSEEN;
          waited += PAUSE_MILLIS) {
        unseen = running() ? 0 : unseen + 1;
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean running() {
    return !job.isCompleted()
        || CollectionConverters.asJava(job.jobIds()).stream()
            .anyMatch(id -> tasks.any((Integer) id));
  }
}
