package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.testing.Samples;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StatisticsAccumulatorTest {
  private static final long SEED = 20261125;

  private static List<ImageSums> images(boolean histograms) throws Exception {
    List<ImageSums> images = new ArrayList<>();
    PixelSettings settings = new PixelSettings(Channels.NATIVE, Optional.empty(), Optional.empty());
    try (ImageMeter meter = new ImageMeter(new ImageDecoder(), settings, histograms)) {
      for (int i = 0; i < 60; i++) {
        int bits = i % 5 == 0 ? 16 : 8;
        images.add(meter.measure(Samples.random(1 + i, 1 + i % 7, 1 + i % 4, bits, i).png()));
      }
    }
    return images;
  }

  /** All of a part but the order of its lists, as values that can be compared. */
  private static List<Object> values(StatisticsPart part) {
    List<Object> values = new ArrayList<>(List.of(part.accepted(), part.bytes()));
    part.sums().values().forEach(sums -> values.add(values(sums)));
    part.groups()
        .forEach(
            (name, group) -> group.values().forEach(s -> values.add(List.of(name, values(s)))));
    values.add(part.contents().size());
    values.add(part.contents().digest());
    part.rejections().stream().sorted(Comparator.comparing(Rejection::path)).forEach(values::add);
    return values;
  }

  private static List<Object> values(PixelSums sums) {
    return List.of(
        sums.kind(),
        sums.images(),
        sums.pixels(),
        sums.channels(),
        sums.products(),
        sums.histograms()
            .map(of -> Arrays.stream(of).map(StatisticsAccumulatorTest::counts).toList()));
  }

  /** The values that occur, and how often. */
  private static List<String> counts(long[] histogram) {
    List<String> counts = new ArrayList<>();
    for (int value = 0; value < histogram.length; value++) {
      if (histogram[value] != 0) {
        counts.add(value + ": " + histogram[value]);
      }
    }
    return counts;
  }

  private static void accept(StatisticsAccumulator to, List<ImageSums> images, int i) {
    to.accept(100 + i, images.get(i), i % 3 == 0 ? Optional.empty() : Optional.of("g" + i % 3));
    byte[] sha256 = new byte[32];
    sha256[i % 32] = (byte) i;
    to.note(new Contents.Content("image" + i, sha256));
    if (i % 4 == 0) {
      to.reject(new Rejection("bad" + i, "corrupt", "why"));
    }
  }

  @Test
  void anyPartitionInAnyOrderGivesTheSamePart() throws Exception {
    Random random = new Random(SEED);
    for (boolean histograms : new boolean[] {true, false}) {
      List<ImageSums> images = images(histograms);
      StatisticsAccumulator whole = new StatisticsAccumulator();
      for (int i = 0; i < images.size(); i++) {
        accept(whole, images, i);
      }
      for (int trial = 0; trial < 30; trial++) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
          order.add(i);
        }
        Collections.shuffle(order, random);
        List<StatisticsPart> parts = new ArrayList<>(List.of(StatisticsPart.EMPTY));
        for (int from = 0; from < order.size(); ) {
          int to = Math.min(order.size(), from + 1 + random.nextInt(20));
          StatisticsAccumulator part = new StatisticsAccumulator();
          order.subList(from, to).forEach(i -> accept(part, images, i));
          parts.add(part.part());
          from = to;
        }
        // Merged as a tree of random shape.
        while (parts.size() > 1) {
          StatisticsAccumulator merged = new StatisticsAccumulator();
          merged.add(parts.remove(random.nextInt(parts.size())));
          merged.add(parts.remove(random.nextInt(parts.size())));
          parts.add(merged.part());
        }
        assertThat(values(parts.get(0)))
            .as("seed %d, trial %d", SEED, trial)
            .isEqualTo(values(whole.part()));
      }
    }
  }

  /** Sums of sums by arbitrary precision; counts of a histogram add up to the pixels. */
  @Test
  void sumsAreThoseOfAllImages() throws Exception {
    List<ImageSums> images = images(true);
    StatisticsAccumulator all = new StatisticsAccumulator();
    for (int i = 0; i < images.size(); i++) {
      accept(all, images, i);
    }
    StatisticsPart part = all.part();
    assertThat(part.accepted()).isEqualTo(60);
    assertThat(part.sums()).hasSize(8); // one to four channels of 8 and 16 bits
    for (PixelSums sums : part.sums().values()) {
      List<ImageSums> same = images.stream().filter(i -> i.kind().equals(sums.kind())).toList();
      assertThat(sums.images()).isEqualTo(same.size());
      for (int c = 0; c < sums.kind().channels(); c++) {
        int channel = c;
        BigInteger sum = BigInteger.ZERO;
        BigInteger squares = BigInteger.ZERO;
        for (ImageSums image : same) {
          sum = sum.add(BigInteger.valueOf(image.sums()[channel]));
          squares = squares.add(BigInteger.valueOf(image.squares()[channel]));
        }
        assertThat(sums.channels().get(c).sum()).isEqualTo(sum);
        assertThat(sums.channels().get(c).sumOfSquares()).isEqualTo(squares);
        long[] histogram = sums.histograms().orElseThrow()[c];
        assertThat(Arrays.stream(histogram).sum()).isEqualTo(sums.pixels().longValueExact());
      }
    }
  }

  @Test
  void whatAPartHoldsDoesNotChangeWithWhatIsAddedLater() throws Exception {
    List<ImageSums> images = images(true);
    StatisticsAccumulator accumulator = new StatisticsAccumulator();
    accept(accumulator, images, 2);
    StatisticsPart part = accumulator.part();
    long[] before = part.sums().get(new PixelKind(3, 8)).histograms().orElseThrow()[0].clone();
    accept(accumulator, images, 6);
    assertThat(part.sums().get(new PixelKind(3, 8)).histograms().orElseThrow()[0])
        .isEqualTo(before);
    assertThat(part.accepted()).isEqualTo(1);
  }

  @Test
  void sumsGoBeyond63Bits() {
    StatisticsAccumulator accumulator = new StatisticsAccumulator();
    long pixels = 715_000_000;
    long square = pixels * 65_535 * 65_535;
    ImageSums white =
        new ImageSums(
            new PixelKind(1, 16),
            (int) pixels,
            1,
            new long[] {pixels * 65_535},
            new long[] {square},
            new long[0],
            new int[] {65_535},
            new int[] {65_535},
            Optional.empty());
    for (int i = 0; i < 1000; i++) {
      accumulator.accept(1, white, Optional.empty());
    }
    ChannelSums sums = accumulator.part().sums().get(new PixelKind(1, 16)).channels().get(0);
    assertThat(sums.sumOfSquares())
        .isEqualTo(BigInteger.valueOf(square).multiply(BigInteger.valueOf(1000)));
    assertThat(sums.sumOfDeviations()).isZero();
  }
}
