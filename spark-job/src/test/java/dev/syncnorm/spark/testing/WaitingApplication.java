package dev.syncnorm.spark.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The simplest job that a test can catch at work: each task leaves a file {@code running-<task>} in
 * a folder and waits for a file {@code go} there; then the driver prints the sum of the task
 * numbers. Arguments: folder, number of tasks.
 */
public final class WaitingApplication {
  private WaitingApplication() {}

  public static void main(String[] arguments) {
    String folder = arguments[0];
    int tasks = Integer.parseInt(arguments[1]);
    List<Integer> numbers = IntStream.range(0, tasks).boxed().toList();
    try (JavaSparkContext spark = new JavaSparkContext(new SparkConf().setAppName("waiting"))) {
      int sum =
          spark.parallelize(numbers, tasks).map(task -> await(folder, task)).reduce(Integer::sum);
      System.out.println("sum " + sum);
    }
  }

  private static int await(String folder, int task) throws IOException, InterruptedException {
    Files.writeString(Path.of(folder, "running-" + task), "");
    while (!Files.exists(Path.of(folder, "go"))) {
      Thread.sleep(20);
    }
    return task;
  }
}
