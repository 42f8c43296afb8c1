package dev.syncnorm.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A row of history.jsonl.
 *
 * @param waitSeconds by sum, how long its first contribution waited for its last; empty with one
 *     worker
 * @param batchNorm the moving statistics by layer; empty but for the last row of an epoch
 */
record HistoryRow(
    long step,
    int epoch,
    double loss,
    double seconds,
    int images,
    Map<String, Double> waitSeconds,
    Map<String, MovingStatistics> batchNorm) {

  /** A layer's moving statistics, a value for each channel. */
  @SuppressWarnings("ArrayRecordComponent")
  record MovingStatistics(double[] mean, double[] variance) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Reads a row.
   *
   * @throws IOException saying what is wrong with it
   */
  static HistoryRow read(byte[] line) throws IOException {
    JsonNode row;
    try {
      row = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IOException("is not JSON: " + e.getOriginalMessage(), e);
    }
    if (!row.isObject()) {
      throw new IOException("is no JSON object");
    }
    Map<String, MovingStatistics> batchNorm = new LinkedHashMap<>();
    JsonNode layers = row.path("batchNorm");
    for (Map.Entry<String, JsonNode> layer : layers.properties()) {
      String name = "batchNorm." + layer.getKey();
      double[] mean = numbers(name + ".movingMean", layer.getValue().path("movingMean"));
      double[] variance =
          numbers(name + ".movingVariance", layer.getValue().path("movingVariance"));
      if (mean.length != variance.length || mean.length == 0) {
        throw new IOException(
            "%s has %d means and %d variances".formatted(name, mean.length, variance.length));
      }
      batchNorm.put(layer.getKey(), new MovingStatistics(mean, variance));
    }
    Map<String, Double> waitSeconds = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> sum : row.path("waitSeconds").properties()) {
      waitSeconds.put(sum.getKey(), positive(row.path("waitSeconds"), sum.getKey()));
    }
    return new HistoryRow(
        whole(row, "step", Long.MAX_VALUE),
        (int) whole(row, "epoch", Integer.MAX_VALUE),
        number("loss", row.path("loss")),
        positive(row, "seconds"),
        (int) whole(row, "images", Integer.MAX_VALUE),
        waitSeconds,
        batchNorm);
  }

  private static long whole(JsonNode row, String key, long most) throws IOException {
    JsonNode node = row.path(key);
    if (!node.canConvertToLong() || !node.isIntegralNumber()) {
      throw new IOException(key + " is " + shown(node) + ", expected a whole number");
    }
    if (node.longValue() < 1 || node.longValue() > most) {
      throw new IOException(key + " is " + node.longValue() + ", expected 1 or more");
    }
    return node.longValue();
  }

  private static double positive(JsonNode row, String key) throws IOException {
    double value = number(key, row.path(key));
    if (value < 0) {
      throw new IOException(key + " is " + value + ", expected 0 or more");
    }
    return value;
  }

  private static double number(String key, JsonNode node) throws IOException {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw new IOException(key + " is " + shown(node) + ", expected a number");
    }
    return node.doubleValue();
  }

  private static double[] numbers(String key, JsonNode array) throws IOException {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number(key + "[" + i + "]", array.path(i));
    }
    return numbers;
  }

  private static String shown(JsonNode node) {
    if (node instanceof MissingNode) {
      return "missing";
    }
    String text = node.isNumber() ? node.asText() : node.toString();
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }
}
