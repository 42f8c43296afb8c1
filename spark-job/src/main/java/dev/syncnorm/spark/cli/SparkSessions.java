package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.spark.exchange.ExchangePlugin;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Opens Spark with what the jobs need: embedded, or as spark-submit has configured it. */
final class SparkSessions {

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
    if (!conf.contains("spark.master")) {
      embed(
          conf,
          master.orElse(workers.isPresent() ? "local[" + workers.getAsInt() + "]" : "local[*]"));
    } else if (master.isPresent() && !master.get().equals(conf.get("spark.master"))) {
      throw new ConfigurationException(
          List.of(
              "--master is %s, but spark-submit has set %s; give it to one of them"
                  .formatted(master.get(), conf.get("spark.master"))));
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

  private static void embed(SparkConf conf, String master) throws ConfigurationException {
    if (!master.matches("local(\\[(\\*|[1-9][0-9]*)\\])?")) {
      throw new ConfigurationException(
          List.of(
              "--master is %s; this process runs local or local[N], bin/syncnorm and spark-submit run clusters"
                  .formatted(master)));
    }
    conf.setMaster(master);
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.driver.host", "127.0.0.1");
    conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
  }
}
