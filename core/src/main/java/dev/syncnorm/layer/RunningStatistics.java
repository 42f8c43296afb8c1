package dev.syncnorm.layer;

import dev.syncnorm.configuration.Settings;
import java.util.Set;

/**
 * The convention by which moving means and variances follow the batch moments.
 *
 * <p>Every rule is moving += w (batch - moving) with a weight w of the new value; {@code decay} is
 * the weight of the old one.
 *
 * @param rule how w comes about
 * @param variance which batch variance the moving variance follows
 */
public record RunningStatistics(Rule rule, Variance variance) {

  /** TensorFlow's and Keras's: exponential, population variance. */
  public static final RunningStatistics TENSORFLOW =
      new RunningStatistics(Rule.EXPONENTIAL, Variance.POPULATION);

  /** PyTorch's: exponential, sample variance. */
  public static final RunningStatistics TORCH =
      new RunningStatistics(Rule.EXPONENTIAL, Variance.SAMPLE);

  /** ONNX's BatchNormalization in training mode: exponential, population variance. */
  public static final RunningStatistics ONNX =
      new RunningStatistics(Rule.EXPONENTIAL, Variance.POPULATION);

  /** How the weight of the new value comes about; t counts the updates from 1. */
  public enum Rule {
    /** w = 1 - decay. */
    EXPONENTIAL,
    /**
     * w = (1 - decay) / (1 - decay^t): an exponential average that started at 0, divided by the
     * total of its weights (Kingma and Ba 2015, section 3). The initial value counts for nothing.
     */
    ZERO_DEBIASED,
    /** w = 1 / t: the plain mean of all batches, as PyTorch's momentum=None. */
    CUMULATIVE,
    /** w = 0: the moving statistics stay as they are. */
    FROZEN
  }

  /** Which variance of the batch. */
  public enum Variance {
    /** Divided by n, the biased one. */
    POPULATION,
    /** Divided by n - 1, the unbiased one; undefined for a single value. */
    SAMPLE
  }

  /**
   * The weight of the new value.
   *
   * @param decay from 0 to 1
   * @param update the number of this update, from 1
   */
  public double weight(double decay, long update) {
    return switch (rule) {
      case EXPONENTIAL -> 1 - decay;
      case ZERO_DEBIASED ->
          decay == 1 ? 1.0 / update : (1 - decay) / (1 - StrictMath.pow(decay, update));
      case CUMULATIVE -> 1.0 / update;
      case FROZEN -> 0;
    };
  }

  /**
   * The batch variance that the moving variance follows.
   *
   * @param count values per channel in the global batch
   * @param centredSumOfSquares sum((x - mean)^2)
   * @return NaN for a sample variance of one value
   */
  public double batchVariance(double count, double centredSumOfSquares) {
    return switch (variance) {
      case POPULATION -> centredSumOfSquares / count;
      case SAMPLE -> count > 1 ? centredSumOfSquares / (count - 1) : Double.NaN;
    };
  }

  /** Reads {@code convention}: a preset's name or { rule, variance }. */
  static RunningStatistics read(Settings settings, String key) {
    if (settings.isObject(key)) {
      Settings own = settings.object(key);
      Rule rule = own.choice("rule", Rule.EXPONENTIAL);
      Variance variance = own.choice("variance", Variance.POPULATION);
      own.finish();
      return new RunningStatistics(rule, variance);
    }
    String preset = settings.optionalText(key).orElse("tensorflow");
    return switch (preset) {
      case "tensorflow" -> TENSORFLOW;
      case "torch" -> TORCH;
      case "onnx" -> ONNX;
      default -> {
        settings.wrong(
            key,
            "tensorflow, torch, onnx or { rule = ..., variance = ... }"
                + Settings.hint(preset, Set.of("tensorflow", "torch", "onnx")));
        yield TENSORFLOW;
      }
    };
  }
}
