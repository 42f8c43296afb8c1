package dev.syncnorm.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.PollingExchange;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.spark.exchange.BroadcastBytes;
import dev.syncnorm.spark.exchange.ExchangePlugin;
import dev.syncnorm.spark.exchange.TaskExchange;
import dev.syncnorm.spark.training.SessionSettings;
import dev.syncnorm.training.Doubles;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

/**
 * The sums of training steps on a Spark cluster and nothing else: {@code SumJob FILE WORKERS
 * UNTIMED TIMED LENGTH...}, the counterpart of bench/peers/gloo_sum.py.
 *
 * <p>Each LENGTH is the number of float64 values of one sum of a step. The workers are the tasks of
 * a barrier stage and exchange as those of a training do. Writes the seconds of each timed step,
 * all its sums one after the other, as worker 0 sees them, as JSON.
 */
public final class SumJob {

  private SumJob() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    int[] numbers = Arrays.stream(arguments).skip(1).mapToInt(Integer::parseInt).toArray();
    int workers = numbers[0];
    int[] lengths = Arrays.copyOfRange(numbers, 3, numbers.length);
    SparkConf conf = new SparkConf().setAppName("syncnorm bench: sums");
    SessionSettings.apply(conf);
    conf.set("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "60");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      Mailbox mailbox = new Mailbox(1, BroadcastBytes.ofDriver(spark), System::nanoTime);
      mailbox.attend(new Adder(mailbox, workers)::arrived);
      ExchangePlugin.connect(mailbox);
      Task task =
          new Task(mailbox.open(workers, new byte[0]), workers, numbers[1], numbers[2], lengths);
      double[] seconds = run(spark, task);
      new ObjectMapper().writeValue(file.toFile(), Map.of("seconds", seconds));
    } finally {
      ExchangePlugin.disconnect();
    }
  }

  private static double[] run(JavaSparkContext spark, Task task) {
    List<Integer> numbers = IntStream.range(0, task.workers()).boxed().toList();
    ClassTag<double[]> tag = ClassTag$.MODULE$.apply(double[].class);
    RDD<double[]> stage =
        spark
            .parallelize(numbers, task.workers())
            .rdd()
            .barrier()
            .mapPartitions(new RunTask(task), false, tag);
    return new JavaRDD<>(stage, tag).collect().get(0);
  }

  /**
   * Adds the contributions to a sum in the order of the workers and publishes the result, on the
   * thread that brings the last one, as {@link dev.syncnorm.training.SumDesk} does with small sums.
   */
  private static final class Adder {
    private final Mailbox mailbox;
    private final byte[][] parts;
    private int missing;

    Adder(Mailbox mailbox, int workers) {
      this.mailbox = mailbox;
      this.parts = new byte[workers][];
      this.missing = workers;
    }

    synchronized void arrived() {
      mailbox.take().ifPresent(this::take);
    }

    private void take(Mailbox.Delivery delivery) {
      Mailbox.Delivery.Contribution part = (Mailbox.Delivery.Contribution) delivery;
      parts[part.worker()] = part.content();
      missing--;
      if (missing > 0) {
        return;
      }
      double[] sum = Doubles.decode(parts[0]);
      for (int worker = 1; worker < parts.length; worker++) {
        double[] other = Doubles.decode(parts[worker]);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += other[i];
        }
      }
      missing = parts.length;
      mailbox.publish(part.id(), Doubles.encode(sum));
    }
  }

  /** What a worker does. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Task(int generation, int workers, int untimed, int timed, int[] lengths)
      implements Serializable {

    double[] run(TaskContext context) throws Exception {
      PollingExchange exchange = TaskExchange.open(context, 1, generation, workers);
      exchange.join();
      double[] seconds = new double[timed];
      for (int step = 1; step <= untimed + timed; step++) {
        double[][] values = contributions(context.partitionId() + 1, step);
        long begin = System.nanoTime();
        for (int sum = 0; sum < lengths.length; sum++) {
          values[sum] =
              Doubles.decode(exchange.sum(new SumId(step, sum), Doubles.encode(values[sum])));
        }
        if (step > untimed) {
          seconds[step - untimed - 1] = (System.nanoTime() - begin) / 1e9;
        }
        // 1 + 2 + ... + workers times the same values, which is exact.
        if (!Arrays.deepEquals(values, contributions(workers * (workers + 1) / 2, step))) {
          throw new IllegalStateException("the sums of step " + step + " are wrong");
        }
      }
      return seconds;
    }

    private double[][] contributions(int factor, int step) {
      double[][] values = new double[lengths.length][];
      for (int sum = 0; sum < lengths.length; sum++) {
        values[sum] = new double[lengths[sum]];
        Arrays.setAll(values[sum], i -> (double) factor * (step + i));
      }
      return values;
    }
  }

  /** The body of a task. */
  private static final class RunTask
      extends AbstractFunction1<Iterator<Integer>, Iterator<double[]>> implements Serializable {

    private static final long serialVersionUID = 1;
    private final Task task;

    RunTask(Task task) {
      this.task = task;
    }

    @Override
    public Iterator<double[]> apply(Iterator<Integer> numbers) {
      try {
        return CollectionConverters.asScala(List.of(task.run(TaskContext.get())).iterator());
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
