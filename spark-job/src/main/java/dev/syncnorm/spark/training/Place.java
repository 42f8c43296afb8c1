package dev.syncnorm.spark.training;

/** Where a worker runs, as it announces itself to the driver. */
record Place(String executorId, String host) {

  String encode() {
    return executorId + " " + host;
  }

  static Place decode(String text) {
    int blank = text.indexOf(' ');
    return new Place(text.substring(0, blank), text.substring(blank + 1));
  }

  @Override
  public String toString() {
    return "executor %s on %s".formatted(executorId, host);
  }
}
