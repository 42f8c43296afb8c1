package dev.syncnorm.training;

import dev.syncnorm.configuration.Settings;
import java.util.List;

/**
 * Adam (Kingma and Ba 2015, arXiv:1412.6980): m = beta1 m + (1 - beta1) g, v = beta2 v + (1 -
 * beta2) g^2, then a step of the learning rate along m / sqrt(v), both corrected for their start at
 * 0.
 *
 * <p>Computed in float64; m, v and the value are rounded to float32 once at the end. Powers by
 * StrictMath, so that all processors agree.
 */
public record Adam(
    double learningRate, double beta1, double beta2, double epsilon, BiasCorrection biasCorrection)
    implements Optimizer {

  /** Where epsilon stands. */
  public enum BiasCorrection {
    /** learningRate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon). */
    TORCH,
    /**
     * learningRate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon): epsilon outside of
     * the correction, the paper's section 2 and TensorFlow 1.
     */
    TENSORFLOW
  }

  /** Reads learning-rate, beta1, beta2, epsilon and bias-correction; notes mistakes there. */
  static Adam read(Settings settings) {
    return new Adam(
        settings.number(
            "learning-rate", 1e-3, v -> v > 0 && v < 1e6, "a number above 0 and below 1e6"),
        settings.number("beta1", 0.9, v -> v >= 0 && v < 1, "a number from 0 to below 1"),
        settings.number("beta2", 0.999, v -> v >= 0 && v < 1, "a number from 0 to below 1"),
        settings.number("epsilon", 1e-8, v -> v > 0 && v < 1, "a number above 0 and below 1"),
        settings.choice("bias-correction", BiasCorrection.TORCH));
  }

  @Override
  public List<String> slots() {
    return List.of("m", "v");
  }

  @Override
  public void update(long update, double[] gradient, int offset, float[] value, float[][] slots) {
    double correction1 = 1 - StrictMath.pow(beta1, update);
    double correction2 = 1 - StrictMath.pow(beta2, update);
    double rootOfCorrection2 = Math.sqrt(correction2);
    for (int i = 0; i < value.length; i++) {
      double g = gradient[offset + i];
      double m = beta1 * slots[0][i] + (1 - beta1) * g;
      double v = beta2 * slots[1][i] + (1 - beta2) * g * g;
      double change =
          switch (biasCorrection) {
            case TORCH -> m / correction1 / (Math.sqrt(v / correction2) + epsilon);
            case TENSORFLOW -> m * rootOfCorrection2 / correction1 / (Math.sqrt(v) + epsilon);
          };
      slots[0][i] = (float) m;
      slots[1][i] = (float) v;
      value[i] = (float) (value[i] - learningRate * change);
    }
  }
}
