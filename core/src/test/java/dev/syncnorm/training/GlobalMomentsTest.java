package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.RunningStatistics;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.testing.Golden;
import dev.syncnorm.testing.WholeImages;
import dev.syncnorm.training.TreeReducer.Node;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Moments of images, merged in the canonical tree as workers and coordinator do. */
class GlobalMomentsTest {

  /** The error of a float32 lane that adds at most 32 fused squares, relative to their sum. */
  private static final double LANES = 33 * Math.scalb(1.0, -24);

  /** The precise statistics of all ten batches together are those of one batch of 47 images. */
  @ParameterizedTest
  @EnumSource(Backend.class)
  void preciseStatisticsOfTenBatchesAgree(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    Golden golden = Golden.read("running_statistics");
    List<float[]> images = new ArrayList<>();
    for (int batch = 0; batch < 10; batch++) {
      for (int i = 0; i < golden.shape("batch_" + batch)[0]; i++) {
        images.add(golden.image("batch_" + batch, i));
      }
    }
    double[] root = root(backend.create(), images, 3, 16, List.of(new Range(0, images.size())));
    double count = 16.0 * images.size();
    for (int c = 0; c < 3; c++) {
      double variance = golden.doubles("precise_var_population")[c];
      assertThat(root[c])
          .isCloseTo(golden.doubles("precise_mean")[c], within(LANES * Math.sqrt(variance)));
      assertThat(root[3 + c] / count).isCloseTo(variance, within(2 * LANES * variance));
    }
  }

  @Test
  void anyRangesAndAnyOrderGiveTheSameBits() {
    Kernels kernels = Backend.REFERENCE.create();
    for (long seed = 1; seed <= 40; seed++) {
      Random random = new Random(seed);
      List<float[]> images = randomImages(random, 1 + random.nextInt(40), 2 * 9, 10, 3);
      double[] whole = root(kernels, images, 2, 9, List.of(new Range(0, images.size())));
      for (int workers = 1; workers <= images.size() + 2; workers++) {
        List<Range> ranges = new ArrayList<>(Range.share(images.size(), workers));
        Collections.shuffle(ranges, random);
        assertThat(root(kernels, images, 2, 9, ranges))
            .as("seed %s, %s workers", seed, workers)
            .containsExactly(whole);
      }
    }
  }

  /**
   * Mean 151, standard deviation 0.1, against BigDecimal: mean to 1e-5 of the standard deviation,
   * variance to 1e-5, as the documentation promises.
   */
  @ParameterizedTest
  @EnumSource(Backend.class)
  void farFromZeroIsRight(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    long seed = 151;
    List<float[]> images = randomImages(new Random(seed), 13, 1200, 151, 0.1);
    double[] root = root(backend.create(), images, 1, 1200, Range.share(13, 3));
    BigDecimal count = BigDecimal.valueOf(13 * 1200);
    BigDecimal sum = BigDecimal.ZERO;
    for (float[] image : images) {
      for (float value : image) {
        sum = sum.add(new BigDecimal(value));
      }
    }
    BigDecimal mean = sum.divide(count, MathContext.DECIMAL128);
    BigDecimal squares = BigDecimal.ZERO;
    for (float[] image : images) {
      for (float value : image) {
        squares = squares.add(new BigDecimal(value).subtract(mean).pow(2));
      }
    }
    double variance = squares.divide(count, MathContext.DECIMAL128).doubleValue();
    assertThat(root[0]).isCloseTo(mean.doubleValue(), within(1e-5 * Math.sqrt(variance)));
    assertThat(root[1] / count.doubleValue()).isCloseTo(variance, within(1e-5 * variance));
  }

  @Test
  void constantChannelHasVarianceExactlyZeroOverAllImages() {
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      float[] image = new float[700];
      Arrays.fill(image, 0.1f);
      images.add(image);
    }
    for (Backend backend : Backend.values()) {
      if (backend.unavailable().isEmpty()) {
        assertThat(root(backend.create(), images, 1, 700, Range.share(11, 4)))
            .as(backend.label())
            .containsExactly(0.1f, 0);
      }
    }
  }

  private static List<float[]> randomImages(
      Random random, int count, int size, double mean, double standardDeviation) {
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] image = new float[size];
      for (int k = 0; k < size; k++) {
        image[k] = (float) (mean + standardDeviation * random.nextGaussian());
      }
      images.add(image);
    }
    return images;
  }

  /** Means, then centred sums of squares. */
  private static double[] root(
      Kernels kernels, List<float[]> images, int channels, int pixels, List<Range> ranges) {
    BatchNorm norm =
        new BatchNorm("bn", Shape.of(channels, 1, pixels), 0.9, 1e-5, RunningStatistics.TENSORFLOW);
    SumLayout layout =
        new SumLayout("moments", List.of(new Segment.Moments(0, "bn", 0, channels, pixels)));
    TreeReducer whole = new TreeReducer(layout, images.size(), new Range(0, images.size()));
    for (Range range : ranges) {
      TreeReducer part = new TreeReducer(layout, images.size(), range);
      for (int i = range.to() - 1; i >= range.from(); i--) {
        double[] sums =
            WholeImages.sums(
                norm.partialMoments(kernels),
                WholeImages.planes(norm.outputShape(), images.get(i)),
                2 * channels);
        part.add(0, i, sums);
      }
      assertThat(whole.covers(part.nodes())).isEqualTo(range.size() == images.size());
      part.nodes().forEach(n -> whole.add(n.level(), n.index(), n.values()));
    }
    List<Node> nodes = whole.nodes();
    assertThat(nodes).hasSize(1);
    return nodes.get(0).values();
  }
}
