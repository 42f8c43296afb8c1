package dev.syncnorm.layer;

import static dev.syncnorm.testing.Deviations.assertWithin;
import static dev.syncnorm.testing.Deviations.largest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.syncnorm.layer.RunningStatistics.Rule;
import dev.syncnorm.layer.RunningStatistics.Variance;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.testing.Golden;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RunningStatisticsTest {

  private static final int CHANNELS = 3;

  static Stream<Arguments> conventions() {
    return Stream.of(
        Arguments.of("torch", RunningStatistics.TORCH),
        Arguments.of("tf", RunningStatistics.TENSORFLOW),
        Arguments.of("tf", RunningStatistics.ONNX),
        Arguments.of("cumulative", new RunningStatistics(Rule.CUMULATIVE, Variance.SAMPLE)),
        Arguments.of(
            "zero_debias", new RunningStatistics(Rule.ZERO_DEBIASED, Variance.POPULATION)));
  }

  /** Every update rounds to float32 once and never enlarges older errors: 2^-24 for each update. */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("conventions")
  void tenBatchesOfUnequalSizeAgree(String name, RunningStatistics convention) {
    Golden golden = Golden.read("running_statistics");
    BatchNorm layer = new BatchNorm("bn", Shape.of(CHANNELS, 4, 4), 0.9, 1e-5, convention);
    float[] mean = new float[CHANNELS];
    float[] variance = new float[CHANNELS];
    Arrays.fill(variance, 1);
    double largestMean = 0;
    double largestVariance = 1;
    for (int batch = 0; batch < 10; batch++) {
      double[] centred = new double[CHANNELS];
      BatchNorm.Moments moments = moments(golden, batch, centred);
      layer.updateMoving(moments, centred, batch + 1, mean, variance);
      double[] expectedMean = golden.doubles(name + "_mean_" + batch);
      double[] expectedVariance = golden.doubles(name + "_var_" + batch);
      largestMean = Math.max(largestMean, largest(expectedMean));
      largestVariance = Math.max(largestVariance, largest(expectedVariance));
      double unit = Math.scalb((double) (batch + 1), -24);
      assertWithin("mean after batch " + batch, mean, expectedMean, unit * largestMean);
      assertWithin(
          "variance after batch " + batch, variance, expectedVariance, unit * largestVariance);
    }
  }

  @Test
  void frozenStatisticsStay() {
    Golden golden = Golden.read("running_statistics");
    for (Variance variance : Variance.values()) {
      BatchNorm layer =
          new BatchNorm(
              "bn",
              Shape.of(CHANNELS, 4, 4),
              0.9,
              1e-5,
              new RunningStatistics(Rule.FROZEN, variance));
      float[] mean = {1, -2, 3.3f};
      float[] movingVariance = {0.1f, 1, 7};
      for (int batch = 0; batch < 10; batch++) {
        double[] centred = new double[CHANNELS];
        layer.updateMoving(
            moments(golden, batch, centred), centred, batch + 1, mean, movingVariance);
      }
      assertThat(mean).containsExactly(1, -2, 3.3f);
      assertThat(movingVariance).containsExactly(0.1f, 1, 7);
    }
  }

  @Test
  void decayIsTheWeightOfTheOldValue() {
    RunningStatistics convention = RunningStatistics.TENSORFLOW;
    assertThat(convention.weight(0.9, 1)).isCloseTo(0.1, within(1e-15));
    assertThat(convention.weight(0, 5)).isEqualTo(1);
    assertThat(convention.weight(1, 5)).isZero();
  }

  @Test
  void zeroDebiasedAndCumulativeForgetTheInitialValue() {
    for (Rule rule : new Rule[] {Rule.ZERO_DEBIASED, Rule.CUMULATIVE}) {
      assertThat(new RunningStatistics(rule, Variance.POPULATION).weight(0.9, 1))
          .as(rule.name())
          .isEqualTo(1);
    }
  }

  /** (1 - decay) / (1 - decay^t) tends to 1 / t: the plain mean. */
  @Test
  void zeroDebiasedWithDecayOneIsThePlainMean() {
    RunningStatistics convention = new RunningStatistics(Rule.ZERO_DEBIASED, Variance.POPULATION);
    assertThat(convention.weight(1, 4)).isEqualTo(0.25);
    assertThat(convention.weight(1 - 1e-9, 4)).isCloseTo(0.25, within(1e-6));
  }

  @Test
  void sampleVarianceOfOneValueIsUndefined() {
    assertThat(RunningStatistics.TORCH.batchVariance(1, 0)).isNaN();
    assertThat(RunningStatistics.TORCH.batchVariance(2, 8)).isEqualTo(8);
    assertThat(RunningStatistics.TENSORFLOW.batchVariance(1, 0)).isZero();
    assertThat(RunningStatistics.TENSORFLOW.batchVariance(2, 8)).isEqualTo(4);
  }

  /** The batch's moments by their definition, in float64. */
  private static BatchNorm.Moments moments(Golden golden, int batch, double[] centred) {
    double[] x = golden.doubles("batch_" + batch);
    int count = x.length / CHANNELS;
    double[] mean = new double[CHANNELS];
    double[] variance = new double[CHANNELS];
    for (int i = 0; i < x.length; i++) {
      mean[i / 16 % CHANNELS] += x[i] / count;
    }
    for (int i = 0; i < x.length; i++) {
      double difference = x[i] - mean[i / 16 % CHANNELS];
      centred[i / 16 % CHANNELS] += difference * difference;
    }
    Arrays.setAll(variance, c -> centred[c] / count);
    return new BatchNorm.Moments(count, mean, variance);
  }
}
