package dev.syncnorm.spark.ml;

import org.apache.spark.sql.SparkSession;

/** A session of two threads, as a user would start it. */
final class LocalSession {

  private LocalSession() {}

  /** With the functions of {@link SyncnormExtensions}. */
  static SparkSession withExtensions() {
    return builder()
        .config("spark.sql.extensions", SyncnormExtensions.class.getName())
        .getOrCreate();
  }

  /** Without anything of ours. */
  static SparkSession plain() {
    return builder().getOrCreate();
  }

  private static SparkSession.Builder builder() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("spark.ml")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "3");
  }
}
