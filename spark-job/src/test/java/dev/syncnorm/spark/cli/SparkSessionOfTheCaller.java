package dev.syncnorm.spark.cli;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;

/** A Spark session that runs in this process before a command does. */
final class SparkSessionOfTheCaller {

  private SparkSessionOfTheCaller() {}

  /** Starts one with one core. */
  static void start(Map<String, String> settings) {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[1]")
            .setAppName("of the caller")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.driver.bindAddress", "127.0.0.1");
    settings.forEach(conf::set);
    new SparkContext(conf);
  }

  static boolean isRunning() {
    return SparkContext$.MODULE$.getActive().isDefined();
  }

  /** Stops the one that runs, if there is one. */
  static void stop() {
    if (isRunning()) {
      SparkContext$.MODULE$.getActive().get().stop();
    }
  }
}
