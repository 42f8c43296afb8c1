package dev.syncnorm.spark.training;

import dev.syncnorm.training.TrainingException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;
import org.apache.spark.status.api.v1.ExecutorSummary;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Where workers can run: a worker is one task with all cores of its executor. In local mode there
 * is one executor, this process, whose cores the workers share out.
 */
final class Slots {

  /** How long the number of executors must stand still when nobody has said how many to expect. */
  private static final double SETTLE_SECONDS = 1.5;

  private static final long LOOK_EVERY_MILLIS = 50;

  private final SparkContext spark;
  private final OptionalInt asked;
  private final double waitSeconds;
  private final Map<Integer, ResourceProfile> profiles = new HashMap<>();
  private int settledWorkers;

  /**
   * The slots of an application.
   *
   * @param asked the number of workers that the user wants, or empty for one on each executor
   * @param waitSeconds how long to wait for executors
   */
  Slots(SparkContext spark, OptionalInt asked, double waitSeconds) {
    this.spark = spark;
    this.asked = asked;
    this.waitSeconds = waitSeconds;
  }

  /**
   * How many workers can start, and with what.
   *
   * @param profile asks for all cores of an executor; empty in local mode
   * @param threads of each worker
   */
  record Found(int workers, int threads, Optional<ResourceProfile> profile) {}

  /**
   * Waits until there are as many places as expected.
   *
   * @param before how many workers the generation before had, or 0 for the first: the first must
   *     have as many as were asked for, later ones go on with what has come in time
   * @param stopAsked whether to wait no longer and return what there is, even if that is nothing
   */
  Found await(int before, BooleanSupplier stopAsked)
      throws TrainingException, InterruptedException {
    if (spark.isLocal()) {
      return local();
    }
    int expected = before > 0 ? before : expectedWorkers();
    long begin = System.nanoTime();
    long changed = begin;
    int last = 0;
    while (true) {
      Found found = look();
      long now = System.nanoTime();
      if (found.workers() != last) {
        last = found.workers();
        changed = now;
      }
      boolean settled =
          now - changed >= TimeUnit.MILLISECONDS.toNanos((long) (SETTLE_SECONDS * 1e3));
      boolean enough = expected > 0 ? last >= expected : last > 0 && settled;
      boolean late = (now - begin) / 1e9 >= waitSeconds;
      if (stopAsked.getAsBoolean()
          || enough
          || late && last > 0 && (before > 0 || asked.isEmpty())) {
        settledWorkers = last;
        int workers = Math.min(last, asked.orElse(Integer.MAX_VALUE));
        return new Found(workers, found.threads(), found.profile());
      }
      if (late) {
        throw tooFew(Math.max(expected, 1), last);
      }
      Thread.sleep(LOOK_EVERY_MILLIS);
    }
  }

  private Found local() throws TrainingException {
    int cores = spark.defaultParallelism();
    int workers = asked.orElse(1);
    if (workers > cores) {
      throw new TrainingException(
          "--workers is %d, but --master %s runs %d tasks at once; use --master local[%d] or more"
              .formatted(workers, spark.master(), cores, workers));
    }
    return new Found(workers, cores / workers, Optional.empty());
  }

  /**
   * How many workers there will be if all goes well: as many as someone has said, or else as stood
   * still before; 0 if neither is known.
   */
  private int expectedWorkers() {
    return asked.orElseGet(
        () -> spark.getConf().getInt("spark.executor.instances", settledWorkers));
  }

  private Found look() {
    int cores =
        CollectionConverters.asJava(spark.statusStore().executorList(true)).stream()
            .filter(e -> !e.id().equals("driver"))
            .mapToInt(ExecutorSummary::totalCores)
            .filter(c -> c > 0)
            .min()
            .orElse(0);
    if (cores == 0) {
      return new Found(0, 0, Optional.empty());
    }
    ResourceProfile profile = profiles.computeIfAbsent(cores, this::profile);
    return new Found(spark.maxNumConcurrentTasks(profile), cores, Optional.of(profile));
  }

  private ResourceProfile profile(int cores) {
    ResourceProfile profile =
        new ResourceProfileBuilder().require(new TaskResourceRequests().cpus(cores)).build();
    spark.resourceProfileManager().addResourceProfile(profile);
    return profile;
  }

  private TrainingException tooFew(int expected, int found) {
    return new TrainingException(
        "%d of %d workers could start within train.wait-for-workers = %.0f s on %s; start more executors, ask for fewer with --workers, or wait longer"
            .formatted(found, expected, waitSeconds, spark.master()));
  }
}
