package dev.syncnorm.spark.statistics;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Spark sessions of tests. */
final class Sessions {

  private Sessions() {}

  /** Starts one, with as many attempts at a task as a cluster would make. */
  static SparkSession start(int cores, Map<String, String> settings) {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[%d,4]".formatted(cores))
            .setAppName("statistics")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.driver.bindAddress", "127.0.0.1");
    settings.forEach(conf::set);
    return SparkSession.builder().config(conf).getOrCreate();
  }
}
