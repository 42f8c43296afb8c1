package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.testing.SeedNetwork;
import dev.syncnorm.training.MemoryPlan.Place;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryPlanTest {

  private static final long GIB = 1L << 30;

  /** Pairs of 3 x 100 x 200 bytes each image: 120,000 bytes a pair. */
  private static TrainConfiguration configuration(String train) throws ConfigurationException {
    return configuration(train, 100, 200);
  }

  private static TrainConfiguration configuration(String train, int height, int width)
      throws ConfigurationException {
    return TrainConfiguration.read(
        ConfigurationFile.parse(
            "model { %s }\ndata { input = a, target = b }\ntrain { %s }"
                .formatted(SeedNetwork.model(height, width), train),
            List.of()),
        path -> path);
  }

  private static MemoryPlan plan(String train, Place place, long pairs, long available)
      throws ConfigurationException {
    return MemoryPlan.of(
        configuration(train), Backend.REFERENCE, place, OptionalLong.of(pairs), available);
  }

  private static long part(MemoryPlan plan, String name) {
    return plan.parts().stream()
        .filter(p -> p.name().equals(name))
        .mapToLong(MemoryPlan.Part::bytes)
        .sum();
  }

  @ParameterizedTest
  @CsvSource({"1, true, 10", "3, true, 10", "1, false, 10", "3, false, 4", "20, false, 1"})
  void imagesAreThoseOfTheProcess(int workers, boolean local, int images)
      throws ConfigurationException {
    MemoryPlan plan = plan("batch-size = 10", new Place(workers, local, 2), 100, GIB);

    assertThat(plan.images()).isEqualTo(images);
    // The output of conv2 has a row of 208 values, whole vectors of 16; 12 before the first, which
    // take a vector, and 128 behind the last.
    long target = 3 * 100 * 208 + 16 + 128;
    assertThat(part(plan, "tensors between phases")).isEqualTo(images * 4L * target);
    // The image has a border of zeros for conv1: rows of 208 values and one more vector, two rows
    // more.
    long image = 3 * 102 * 224 + 16 + 128;
    assertThat(part(plan, "images and targets")).isEqualTo(images * 4L * (image + target));
    // 27 sums and 27 * 28 / 2 sums of products for each image, with each worker and the driver.
    long holders = (local ? workers : 1) + 1;
    assertThat(part(plan, "patch moments")).isEqualTo(holders * 100 * 8 * (27 + 378));
  }

  @ParameterizedTest
  @CsvSource({
    "1, true, false, 12000000", // all pairs once
    "4, true, false, 12000000", // each worker a quarter of them
    "4, true, true, 48000000", // shuffled, each worker meets all
    "4, false, false, 3000000",
    "4, false, true, 12000000"
  })
  void theCacheHoldsWhatAWorkerMeets(int workers, boolean local, boolean shuffle, long bytes)
      throws ConfigurationException {
    MemoryPlan plan =
        plan("batch-size = 10, shuffle = " + shuffle, new Place(workers, local, 1), 100, GIB);

    assertThat(plan.cache()).isEqualTo(bytes);
  }

  @Test
  void theCacheIsBoundedByItsKeyAndCountsInFullForUnknownData() throws ConfigurationException {
    Place place = new Place(1, true, 1);
    assertThat(plan("cache = 1", place, 100, GIB).cache()).isEqualTo(1 << 20);
    assertThat(
            MemoryPlan.of(
                    configuration("cache = 7"), Backend.REFERENCE, place, OptionalLong.empty(), GIB)
                .cache())
        .isEqualTo(7 << 20);
  }

  @Test
  void theDriversStateIsInTheOneProcessOfLocalModeOnly() throws ConfigurationException {
    MemoryPlan local = plan("epochs = 1", new Place(2, true, 1), 1, GIB);
    MemoryPlan cluster = plan("epochs = 1", new Place(2, false, 1), 1, GIB);

    // 16*27 + 16 + 4*16 + 3*144 + 3 + 4*3 values; all but the 38 moving ones have two slots.
    long values = 16 * 27 + 16 + 64 + 432 + 3 + 12;
    assertThat(part(local, "driver's state")).isEqualTo(2 * 4 * (values + 2 * (values - 38)));
    assertThat(part(cluster, "driver's state")).isZero();
    assertThat(part(local, "parameters")).isEqualTo(2 * 4 * values);
    assertThat(part(cluster, "parameters")).isEqualTo(4 * values);
  }

  @Test
  void itFitsUpToTheLastByteAndSaysHowManyImagesWould() throws ConfigurationException {
    Place place = new Place(1, true, 1);
    long needed = plan("batch-size = 800", place, 800, GIB).needed();

    assertThat(plan("batch-size = 800", place, 800, needed).fits()).isTrue();
    MemoryPlan short1 = plan("batch-size = 800", place, 800, needed - 1);
    assertThat(short1.fits()).isFalse();
    assertThat(short1.missing()).isEqualTo(1);
    assertThat(short1.imagesThatFit()).isEqualTo(799);
    assertThat(plan("batch-size = 800", place, 800, 1000).imagesThatFit()).isZero();
  }

  @Test
  void sparkNeedsAHeapOf450MiBWhateverThePlan() throws ConfigurationException {
    Place place = new Place(1, true, 1);

    assertThat(plan("batch-size = 1", place, 1, (450 << 20) - 1).fits()).isFalse();
    assertThat(plan("batch-size = 1", place, 1, 450 << 20).fits()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 2", "8, 4", "200, 32"})
  void largeArraysTakeWholeRegions(long gibibytes, long regionMiB) throws ConfigurationException {
    // Regions as java -XX:+PrintFlagsFinal gives them for such a heap: whole regions from half of
    // one on. The image, its target and the output of conv2 each have 3 x 300 x 400 values, the
    // image with a border of zeros and rows of 402, all of them in whole vectors of 16.
    MemoryPlan plan =
        MemoryPlan.of(
            configuration("batch-size = 1", 300, 400),
            Backend.REFERENCE,
            new Place(1, true, 1),
            OptionalLong.of(1),
            gibibytes << 30);

    long image = 4 * (3 * 302 * 416 + 16 + 128);
    long other = 4 * (3 * 300 * 400 + 16 + 128);
    long expected = rounding(image, regionMiB << 20) + 2 * rounding(other, regionMiB << 20);
    assertThat(part(plan, "rounding to heap regions")).isEqualTo(expected);
  }

  private static long rounding(long bytes, long region) {
    long object = bytes + 16;
    return object < region / 2 ? 0 : (object + region - 1) / region * region - bytes;
  }

  @Test
  void sumsCostWhatTheirMessagesTake() throws ConfigurationException {
    StepPlan plan =
        new StepPlan(configuration("epochs = 1").network(), new StepPlan.Options(0, 1, false));

    List<SumCosts> costs = SumCosts.of(plan);

    assertThat(costs).hasSameSizeAs(plan.phases());
    assertThat(costs.get(0)).isEqualTo(new SumCosts("moments of bn1", 32, 12 + 32 * 8, 32 * 8));
    for (int i = 0; i < costs.size(); i++) {
      TreeReducer.Node node = new TreeReducer.Node(0, 0, new double[costs.get(i).doubles()]);
      Contribution contribution = new Contribution(Optional.empty(), List.of(node));
      // A message also has where the first NaN is, and the number of nodes.
      assertThat(costs.get(i).nodeBytes()).isEqualTo(contribution.encode().length - 12);
    }
    float[][] parameters =
        TrainingState.initial(
                plan.parameters(),
                new Adam(1e-3, 0.9, 0.999, 1e-8, Adam.BiasCorrection.TORCH),
                plan.network().nodes().size(),
                1)
            .parameters();
    assertThat(costs.get(costs.size() - 1).resultBytes())
        .isEqualTo(
            new TrainingState(1, parameters, new float[0][][], new long[0])
                .encodeForWorkers(Optional.empty())
                .length);
  }
}
