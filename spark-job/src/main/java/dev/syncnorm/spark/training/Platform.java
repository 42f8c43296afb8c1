package dev.syncnorm.spark.training;

import java.util.Optional;

/**
 * The versions of Spark and Java that this program runs on. Spark's scheduler has no public
 * interface for what a training needs of it, and the Vector API changes with Java: others than
 * those which are tested are refused.
 *
 * <p>Asked before anything else of Spark is touched, which may be missing in another version.
 */
public final class Platform {

  private static final String SPARK = "4.1";
  private static final int JAVA = 17;

  private Platform() {}

  /** Why this process can't run trainings, and what to do; empty if it can. */
  public static Optional<String> mistake() {
    String spark;
    try {
      spark = org.apache.spark.package$.MODULE$.SPARK_VERSION();
    } catch (LinkageError e) {
      return Optional.of(
          "there is no Spark on the class path; run bin/syncnorm, or syncnorm.jar by the spark-submit of Spark "
              + SPARK);
    }
    return mistake(spark, Runtime.version().feature());
  }

  /**
   * As {@link #mistake()}.
   *
   * @param spark such as 4.1.0 or 4.2.0-SNAPSHOT
   * @param java such as 17
   */
  static Optional<String> mistake(String spark, int java) {
    if (!spark.equals(SPARK) && !spark.startsWith(SPARK + ".")) {
      return Optional.of(
          "this is Spark %s, but syncnorm runs on Spark %s (Scala 2.13) with Java %d; set SPARK_HOME to a Spark %s installation and use its spark-submit"
              .formatted(spark, SPARK, JAVA, SPARK));
    }
    if (java != JAVA) {
      return Optional.of(
          "this is Java %d, but syncnorm runs on Java %d with Spark %s; set JAVA_HOME to a JDK %d, on a cluster for the executors too: --conf spark.executorEnv.JAVA_HOME=PATH"
              .formatted(java, JAVA, SPARK, JAVA));
    }
    return Optional.empty();
  }
}
