package dev.syncnorm.spark.statistics;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The tasks that run, as Spark tells it. Its status tracker does not say: it shows a moment of the
 * last 100 ms, which may be one between two tasks. Thread-safe.
 */
final class RunningTasks extends SparkListener {

  private final Map<Integer, List<Object>> stages = new ConcurrentHashMap<>();
  private final Map<Integer, Set<Long>> tasks = new ConcurrentHashMap<>();

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    stages.put(start.jobId(), List.copyOf(CollectionConverters.asJava(start.stageIds())));
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    tasks
        .computeIfAbsent(start.stageId(), id -> ConcurrentHashMap.newKeySet())
        .add(start.taskInfo().taskId());
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    tasks.getOrDefault(end.stageId(), Set.of()).remove(end.taskInfo().taskId());
  }

  /** Whether a task of a job runs. */
  boolean any(int job) {
    return stages.getOrDefault(job, List.of()).stream()
        .anyMatch(stage -> !tasks.getOrDefault((Integer) stage, Set.of()).isEmpty());
  }
}
