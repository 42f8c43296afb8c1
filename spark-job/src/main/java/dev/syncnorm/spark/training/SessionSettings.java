package dev.syncnorm.spark.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.spark.exchange.ExchangePlugin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;

/** What a training needs of its Spark session, which reads these settings when it starts. */
public final class SessionSettings {

  private static final String PLUGINS = "spark.plugins";
  private static final String ATTEMPTS = "spark.stage.maxConsecutiveAttempts";
  private static final String DYNAMIC = "spark.dynamicAllocation.enabled";

  private SessionSettings() {}

  /**
   * Sets what a training needs and leaves all else, the user's own plugins among it.
   *
   * @throws ConfigurationException if the user wants what a training can't have
   */
  public static void apply(SparkConf conf) throws ConfigurationException {
    refuseDynamicAllocation(conf);
    conf.set(DYNAMIC, "false");
    conf.set(PLUGINS, plugins(conf));
    // A generation of workers that fails is followed by a new one from the last commit: Spark must
    // not retry its stage, nor wait long for places that are gone.
    conf.set(ATTEMPTS, "1");
    conf.set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    conf.set("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "5");
    conf.setIfMissing("spark.executorEnv.OMP_NUM_THREADS", "1");
    conf.setIfMissing("spark.executorEnv.OPENCV_LOG_LEVEL", "SILENT");
  }

  /**
   * Checks the settings of a session that runs.
   *
   * @throws ConfigurationException with the options to start it with
   */
  public static void check(SparkConf conf) throws ConfigurationException {
    refuseDynamicAllocation(conf);
    List<String> missing = new ArrayList<>();
    if (!plugins(conf).equals(conf.get(PLUGINS, ""))) {
      missing.add("--conf %s=%s".formatted(PLUGINS, plugins(conf)));
    }
    if (!conf.get(ATTEMPTS, "").equals("1")) {
      missing.add("--conf %s=1".formatted(ATTEMPTS));
    }
    if (!missing.isEmpty()) {
      throw new ConfigurationException(
          List.of(
              "the Spark session %s was not started for a training, whose sums travel by a plugin; start it with %s"
                  .formatted(conf.get("spark.app.name", ""), String.join(" ", missing))));
    }
  }

  private static void refuseDynamicAllocation(SparkConf conf) throws ConfigurationException {
    if (conf.getBoolean(DYNAMIC, false)) {
      throw new ConfigurationException(
          List.of(
              "spark.dynamicAllocation.enabled is true, but a training needs all of its executors from the first step to the last; set it to false, and spark.executor.instances to their number"));
    }
  }

  /** The plugins that are wanted, and ours behind them. */
  private static String plugins(SparkConf conf) {
    String ours = ExchangePlugin.class.getName();
    String wanted = conf.get(PLUGINS, "");
    if (Arrays.stream(wanted.split(",")).map(String::strip).anyMatch(ours::equals)) {
      return wanted;
    }
    return wanted.isBlank() ? ours : wanted + "," + ours;
  }
}
