package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.spark.exchange.ExchangePlugin;
import dev.syncnorm.training.MemoryPlan;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;

/** Opens Spark with what the jobs need: embedded, or as spark-submit has configured it. */
final class SparkSessions {

  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|[1-9][0-9]{0,5})\\])?");

  private SparkSessions() {}

  /**
   * Opens a context.
   *
   * @param master as given on the command line, for an embedded Spark
   * @param workers as given; without a master there are as many local cores
   * @throws ConfigurationException if Spark's configuration can't work
   */
  static JavaSparkContext open(String name, Optional<String> master, OptionalInt workers)
      throws ConfigurationException {
    SparkConf conf = new SparkConf();
    conf.setIfMissing("spark.app.name", name);
    Optional<String> mistake = masterMistake(master);
    if (mistake.isPresent()) {
      throw new ConfigurationException(List.of(mistake.get()));
    }
    if (!conf.contains("spark.master")) {
      embed(conf, embedded(master, workers));
    }
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw new ConfigurationException(
          List.of(
              "spark.dynamicAllocation.enabled is true, but a training needs all of its executors from the first step to the last; set it to false, and spark.executor.instances to their number"));
    }
    conf.set("spark.dynamicAllocation.enabled", "false");
    String plugins = conf.get("spark.plugins", "");
    if (!List.of(plugins.split(",")).contains(ExchangePlugin.class.getName())) {
      conf.set(
          "spark.plugins",
          plugins.isEmpty()
              ? ExchangePlugin.class.getName()
              : plugins + "," + ExchangePlugin.class.getName());
    }
    // A generation of workers that fails is followed by a new one from the last commit: Spark must
    // not retry its stage, nor wait long for places that are gone.
    conf.set("spark.stage.maxConsecutiveAttempts", "1");
    conf.set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    conf.set("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "5");
    conf.setIfMissing("spark.executorEnv.OMP_NUM_THREADS", "1");
    conf.setIfMissing("spark.executorEnv.OPENCV_LOG_LEVEL", "SILENT");
    return new JavaSparkContext(conf);
  }

  /** What is wrong with the master as given on the command line. */
  static Optional<String> masterMistake(Optional<String> master) {
    SparkConf conf = new SparkConf();
    if (master.isEmpty()) {
      return Optional.empty();
    }
    if (conf.contains("spark.master")) {
      return master.get().equals(conf.get("spark.master"))
          ? Optional.empty()
          : Optional.of(
              "--master is %s, but spark-submit has set %s; give it to one of them"
                  .formatted(master.get(), conf.get("spark.master")));
    }
    return LOCAL.matcher(master.get()).matches()
        ? Optional.empty()
        : Optional.of(
            "--master is %s; this process runs local or local[N], bin/syncnorm and spark-submit run clusters"
                .formatted(master.get()));
  }

  /**
   * Where workers would run, without opening Spark. On a cluster that has not been told the number
   * of its executors there is one, with as many cores as this machine.
   */
  static MemoryPlan.Place place(Optional<String> master, OptionalInt workers) {
    SparkConf conf = new SparkConf();
    int cores = Runtime.getRuntime().availableProcessors();
    Matcher local = LOCAL.matcher(conf.get("spark.master", embedded(master, workers)));
    if (!local.matches()) {
      int executors = workers.orElse(conf.getInt("spark.executor.instances", 1));
      return new MemoryPlan.Place(executors, false, conf.getInt("spark.executor.cores", cores));
    }
    String given = local.group(1) == null ? "1" : local.group(1);
    int threads = given.equals("*") ? cores : Integer.parseInt(given);
    return new MemoryPlan.Place(workers.orElse(1), true, Math.max(1, threads / workers.orElse(1)));
  }

  /** The largest heap of a process with workers, in bytes. */
  static long heap(MemoryPlan.Place place) {
    return place.local()
        ? Runtime.getRuntime().maxMemory()
        : new SparkConf().getSizeAsBytes("spark.executor.memory", "1g");
  }

  /** Hadoop's configuration as Spark would have it. */
  static Configuration hadoop() {
    return SparkHadoopUtil.get().newConfiguration(new SparkConf());
  }

  private static String embedded(Optional<String> master, OptionalInt workers) {
    return master.orElse(workers.isPresent() ? "local[" + workers.getAsInt() + "]" : "local[*]");
  }

  private static void embed(SparkConf conf, String master) {
    conf.setMaster(master);
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.driver.host", "127.0.0.1");
    conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
    // A broadcast stays in this process: compressing it would only load a native library.
    conf.setIfMissing("spark.broadcast.compress", "false");
  }
}
