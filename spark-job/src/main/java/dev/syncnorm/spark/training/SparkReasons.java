package dev.syncnorm.spark.training;

/** Why Spark gave a job up, for people. */
final class SparkReasons {

  private SparkReasons() {}

  /** Spark's reason in one line, without its stack traces. */
  static String line(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    String line = text.lines().findFirst().orElse(text);
    return line.replaceFirst("^Job aborted due to stage failure: ", "");
  }
}
