package dev.syncnorm.testing;

import dev.syncnorm.testing.Float64Network.Conv;
import dev.syncnorm.testing.Float64Network.Disturbance;
import dev.syncnorm.testing.Float64Network.Layer;
import dev.syncnorm.testing.Float64Network.Norm;
import dev.syncnorm.testing.Float64Network.Pass;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A training loop around {@link Float64Network}, all in float64: mean squared error, Adam as
 * TensorFlow 1 writes it, exponential moving averages of means and population variances.
 */
public final class Float64Training {

  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  /**
   * A step.
   *
   * @param loss before the update
   * @param parameters after the update, moving statistics included
   * @param gradients of the step
   */
  public record Step(
      double loss, Map<String, double[]> parameters, Map<String, double[]> gradients) {}

  private final Float64Network network;
  private final double learningRate;
  private final double decay;
  private final Map<String, double[]> m = new LinkedHashMap<>();
  private final Map<String, double[]> v = new LinkedHashMap<>();
  private Map<String, double[]> parameters;
  private int updates;

  /**
   * Before the first step.
   *
   * @param initial every parameter and moving statistic by name
   */
  public Float64Training(
      Float64Network network, double learningRate, double decay, Map<String, double[]> initial) {
    this.network = network;
    this.learningRate = learningRate;
    this.decay = decay;
    this.parameters = initial;
  }

  /** Trains on batches, one after the other. */
  public List<Step> train(List<double[][]> images, List<double[][]> targets) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      steps.add(step(images.get(i), targets.get(i)));
    }
    return steps;
  }

  /** Trains on one batch. */
  public Step step(double[][] images, double[][] targets) {
    Pass pass = network.forward(parameters, images, Disturbance.NONE);
    Map<String, double[]> gradients =
        network.gradients(parameters, pass, targets, Disturbance.NONE);
    Map<String, double[]> next = new LinkedHashMap<>();
    parameters.forEach((name, values) -> next.put(name, values.clone()));
    updates++;
    double rate =
        learningRate * Math.sqrt(1 - Math.pow(BETA2, updates)) / (1 - Math.pow(BETA1, updates));
    gradients.forEach((name, gradient) -> adam(name, gradient, rate, next.get(name)));
    for (int l = 0; l < network.layers().size(); l++) {
      Layer layer = network.layers().get(l);
      if (layer instanceof Norm) {
        follow(next.get(layer.name() + ".moving_mean"), pass.means()[l]);
        follow(next.get(layer.name() + ".moving_variance"), pass.variances()[l]);
      }
    }
    parameters = next;
    return new Step(pass.loss(targets), next, gradients);
  }

  private void adam(String name, double[] gradient, double rate, double[] values) {
    double[] means = m.computeIfAbsent(name, n -> new double[values.length]);
    double[] squares = v.computeIfAbsent(name, n -> new double[values.length]);
    for (int i = 0; i < values.length; i++) {
      means[i] = BETA1 * means[i] + (1 - BETA1) * gradient[i];
      squares[i] = BETA2 * squares[i] + (1 - BETA2) * gradient[i] * gradient[i];
      values[i] -= rate * means[i] / (Math.sqrt(squares[i]) + EPSILON);
    }
  }

  private void follow(double[] moving, double[] batch) {
    for (int c = 0; c < moving.length; c++) {
      moving[c] = decay * moving[c] + (1 - decay) * batch[c];
    }
  }

  /**
   * The seed network: two 3x3 convolutions to 16 and 3 channels with batch norms, plus the input.
   */
  public static Float64Network seedNetwork(int height, int width) {
    return new Float64Network(
        List.of(
            new Conv("conv1", 0, 3, height, width, 16, 3, 1, 1, 1, 1, 1, 1, 1, true),
            new Norm("bn1", 1, 16, 1e-5),
            new Conv("conv2", 2, 16, height, width, 3, 3, 1, 1, 1, 1, 1, 1, 1, true),
            new Norm("bn2", 3, 3, 1e-5),
            new Float64Network.Sum("output", List.of(4, 0))));
  }
}
