package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.training.MemoryPlan;
import dev.syncnorm.training.MemoryPlan.Place;
import dev.syncnorm.training.TrainConfiguration;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a plan that does not fit is advised to change. */
class AdviceTest {

  private static final String CONFIGURATION =
      """
      model {
        input = { height = 500, width = 500 }
        layers = [
          { name = conv1, type = conv, filters = 8, kernel = 3 }
          { name = bn1, type = batch-norm }
          { name = conv2, type = conv, filters = 3, kernel = 3 }
        ]
      }
      data { input = a, target = b }
      train { batch-size = 400 }
      """;

  static Stream<Arguments> plans() {
    return Stream.of(
        Arguments.of(
            new Place(1, true, 2),
            100,
            1024,
            "the heap has 1.0 GiB: set train.batch-size to \\d+ or less, run \\d workers on a"
                + " cluster, make model.input and data.pixels.resize smaller, or give more memory:"
                + " SYNCNORM_JAVA_OPTS=-Xmx[34]g"),
        Arguments.of(
            new Place(2, false, 2),
            100,
            1024,
            "the heap of an executor has 1.0 GiB: set train.batch-size to \\d+ or less, use"
                + " --workers [34] or more, make model.input and data.pixels.resize smaller, or give"
                + " more memory: SYNCNORM_SPARK_SUBMIT_OPTS='--executor-memory 2g'"),
        Arguments.of(
            new Place(1, true, 1),
            100_000,
            5000,
            "the heap has 4.9 GiB: set train.cache to \\d+ or less, set train.batch-size to \\d+ or"
                + " less, .*"),
        Arguments.of(
            new Place(1, true, 1),
            100,
            400,
            "the heap has 400.0 MiB: give more memory: SYNCNORM_JAVA_OPTS=-Xmx[34]g"));
  }

  @ParameterizedTest
  @MethodSource("plans")
  void adviceIsOneLineOfWhatHelps(Place place, long pairs, long heapMiB, String expected)
      throws ConfigurationException {
    TrainConfiguration configuration =
        TrainConfiguration.read(ConfigurationFile.parse(CONFIGURATION, List.of()), path -> path);
    MemoryPlan plan =
        MemoryPlan.of(
            configuration, Backend.REFERENCE, place, OptionalLong.of(pairs), heapMiB << 20);

    assertThat(plan.fits()).isFalse();
    assertThat(ofHeap(configuration, place, pairs, plan.gibibytesThatFit()).fits()).isTrue();
    assertThat(ofHeap(configuration, place, pairs, plan.gibibytesThatFit() - 1).fits()).isFalse();
    assertThat(DryRun.advice(configuration, plan))
        .matches("the training needs \\d\\.\\d GiB, but " + expected);
  }

  @Test
  void sizesThatAreNearlyEqualAreToldInMiB() throws ConfigurationException {
    TrainConfiguration configuration =
        TrainConfiguration.read(ConfigurationFile.parse(CONFIGURATION, List.of()), path -> path);
    Place place = new Place(1, true, 1);
    // From 2 to 4 GiB the regions of a heap have one size, and so has the need.
    long needed = ofHeap(configuration, place, 400, 3).needed();
    MemoryPlan plan =
        MemoryPlan.of(
            configuration, Backend.REFERENCE, place, OptionalLong.of(400), needed - (1 << 20));

    assertThat(DryRun.advice(configuration, plan))
        .matches(
            "the training needs 3\\d{3}\\.\\d MiB, but the heap has 3\\d{3}\\.\\d MiB: set"
                + " train.cache to \\d+ or less, set train.batch-size to 399 or less, .*");
  }

  private static MemoryPlan ofHeap(
      TrainConfiguration configuration, Place place, long pairs, long gibibytes) {
    return MemoryPlan.of(
        configuration, Backend.REFERENCE, place, OptionalLong.of(pairs), gibibytes << 30);
  }
}
