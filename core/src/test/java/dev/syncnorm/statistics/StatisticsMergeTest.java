package dev.syncnorm.statistics;

import static dev.syncnorm.statistics.StatisticsFileTest.DEEP_RGB;
import static dev.syncnorm.statistics.StatisticsFileTest.RGB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.testing.RandomStatistics;
import dev.syncnorm.testing.RandomStatistics.Image;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsMergeTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void partsThatAreMergedAreTheWholeInEveryByte(long seed) throws Exception {
    Random random = new Random(seed);
    boolean histograms = random.nextBoolean();
    List<String> groups = random.nextBoolean() ? List.of("a", "b", "c") : List.of();
    PixelKind[] kinds =
        random.nextBoolean() ? new PixelKind[] {RGB} : new PixelKind[] {RGB, DEEP_RGB};
    List<Image> images = RandomStatistics.images(random, 14, histograms, groups, kinds);
    int count = 2 + random.nextInt(4);
    List<DataSetStatistics> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int from = images.size() * i / count;
      int to = images.size() * (i + 1) / count;
      parts.add(throughAFile(set("part", images.subList(from, to), digest(i))));
    }

    DataSetStatistics merged = StatisticsMerge.of(parts).statistics();

    DataSetStatistics whole = set("part", images, digest(99));
    assertThat(merged.inputs()).hasSize(count).containsOnly("part");
    assertThat(merged.digest()).isEmpty();
    assertThat(merged.mergedFrom())
        .containsExactlyElementsOf(parts.stream().map(p -> p.digest().orElseThrow()).toList());
    assertThat(merged.elapsedSeconds()).isEqualTo(count * 1.25);
    assertThat(bytesButForOrigin(merged)).isEqualTo(bytesButForOrigin(whole));
    assertThat(StatisticsFile.toJson(throughAFile(merged)))
        .isEqualTo(StatisticsFile.toJson(merged));
  }

  @Test
  void theOrderOfThePartsIsOfNoAccount() throws Exception {
    DataSetStatistics a = some(1, 5);
    DataSetStatistics b = some(2, 7);
    DataSetStatistics c = some(3, 2);

    DataSetStatistics one =
        StatisticsMerge.of(List.of(StatisticsMerge.of(List.of(a, b)).statistics(), c)).statistics();
    DataSetStatistics other =
        StatisticsMerge.of(List.of(c, StatisticsMerge.of(List.of(b, a)).statistics())).statistics();

    assertThat(bytesButForOrigin(one)).isEqualTo(bytesButForOrigin(other));
    assertThat(one.mergedFrom()).isEqualTo(other.mergedFrom()).hasSize(3);
  }

  @Test
  void oneOfThemIsItself() throws Exception {
    DataSetStatistics one = some(1, 5);

    assertThat(StatisticsMerge.of(List.of(one)).statistics()).isSameAs(one);
  }

  @Test
  void anEmptyDataSetAddsNothingButItsRejections() throws Exception {
    DataSetStatistics empty = some(1, 0);
    DataSetStatistics full = some(2, 5);

    StatisticsMerge merged =
        StatisticsMerge.of(
            List.of(StatisticsMerge.of(List.of(empty, empty)).statistics(), full, empty));

    assertThat(merged.notes()).isEmpty();
    assertThat(merged.statistics().sums()).isEqualTo(full.sums());
    assertThat(merged.statistics().rejections()).hasSize(8);
    assertThat(merged.statistics().mergedFrom()).containsExactly(digest(2));
  }

  @Test
  void withoutAHistogramInOneThereIsNoneAndItIsSaid() throws Exception {
    List<Image> images = RandomStatistics.images(new Random(1), 4, false, List.of(), RGB);
    DataSetStatistics without = set("c", images, digest(7));

    StatisticsMerge merged =
        StatisticsMerge.of(List.of("a.json", "b.json"), List.of(some(1, 5), without));

    assertThat(merged.notes())
        .containsExactly(
            "b.json has no histograms, so the merged statistics have neither histograms nor quantiles");
    assertThat(merged.statistics().sums().get(RGB).histograms()).isEmpty();
    assertThat(merged.statistics().accepted()).isEqualTo(9);
  }

  @Test
  void withoutADigestOfOneItIsSaidThatNobodySeesAnOverlap() throws Exception {
    DataSetStatistics one = some(1, 5);

    StatisticsMerge merged =
        StatisticsMerge.of(
            List.of("a.json", "b.json"), List.of(one, withDigest(some(2, 4), Optional.empty())));

    assertThat(merged.notes())
        .containsExactly(
            "b.json has no digest, so nobody sees whether its images are counted twice");
  }

  @Test
  void aDataSetIsNotMergedWithItself() throws Exception {
    DataSetStatistics a = some(1, 5);
    DataSetStatistics both = StatisticsMerge.of(List.of(a, some(2, 3))).statistics();

    assertThatThrownBy(() -> StatisticsMerge.of(List.of("a.json", "b.json"), List.of(a, a)))
        .isInstanceOf(StatisticsMergeException.class)
        .hasMessage(
            "a.json and b.json have the data set with the digest %s both; leave one of them out, or its images count twice",
            digest(1));
    assertThatThrownBy(() -> StatisticsMerge.of(List.of(both, a)))
        .hasMessageStartingWith(
            "statistics 1 of images 1, images 2 and statistics 2 of images 1 have");
  }

  @Test
  void theSameSumsOfTheSameInputsAreNotMergedWithoutDigestsEither() throws Exception {
    DataSetStatistics digested = some(1, 5);
    DataSetStatistics plain = withDigest(digested, Optional.empty());
    DataSetStatistics again = throughAFile(plain);
    List<String> names = List.of("a.json", "b.json", "c.json");

    for (List<DataSetStatistics> twice : List.of(List.of(plain, again), List.of(digested, plain))) {
      assertThatThrownBy(() -> StatisticsMerge.of(names.subList(0, 2), twice))
          .isInstanceOf(StatisticsMergeException.class)
          .hasMessage(
              "a.json and b.json have the same sums of the same inputs, images 1; leave one of them out, or its images count twice");
    }
    assertThatThrownBy(() -> StatisticsMerge.of(names, List.of(plain, some(2, 3), again)))
        .hasMessageStartingWith("a.json and c.json have the same sums");
    // What differs is no copy: other inputs, or other digests of files with the same pixels.
    DataSetStatistics elsewhere =
        withDigest(
            set(
                "other",
                RandomStatistics.images(new Random(1), 5, true, List.of(), RGB),
                digest(1)),
            Optional.empty());
    assertThat(StatisticsMerge.of(List.of(plain, elsewhere)).statistics().accepted()).isEqualTo(10);
    DataSetStatistics proven = withDigest(digested, Optional.of(digest(7)));
    assertThat(StatisticsMerge.of(List.of(digested, proven)).statistics().accepted()).isEqualTo(10);
  }

  @ParameterizedTest
  @CsvSource({
    "cls, cls/train/cat, 'a.json is of cls, and b.json of cls/train/cat, which lies in it'",
    "cls/train/cat, cls/, 'b.json is of cls, and a.json of cls/train/cat, which lies in it'",
    "./cls//, cls/*.png, 'a.json is of cls, and b.json of cls/*.png, which lies in it'",
    "s3a://b, s3a://b/x, 'a.json is of s3a://b, and b.json of s3a://b/x, which lies in it'",
    "/, /data, 'a.json is of /, and b.json of /data, which lies in it'",
    "cls, ./cls, a.json and b.json are both of ./cls",
  })
  void inputsThatLieInEachOtherAreTold(String a, String b, String note) throws Exception {
    assertThat(notes(a, b))
        .containsExactly(note + "; images that were measured for both count twice");
  }

  @ParameterizedTest
  @CsvSource({"cls, cls2", "cls/a, cls/b", "a/b, b", "/a, a", "s3a://b/x, s3a://c/x"})
  void inputsBesideEachOtherAreNotTold(String a, String b) throws Exception {
    assertThat(notes(a, b)).isEmpty();
  }

  private static List<String> notes(String a, String b) throws Exception {
    return StatisticsMerge.of(
            List.of("a.json", "b.json"),
            List.of(withInput(some(1, 5), a), withInput(some(2, 3), b)))
        .notes();
  }

  @Test
  void settingsThatAllPartsShareStay() throws Exception {
    DataSetStatistics a =
        some(1, 5).withSettings(new TreeMap<>(Map.of("verify", "strict", "max-pixels", "100")));
    DataSetStatistics b =
        some(2, 3).withSettings(new TreeMap<>(Map.of("verify", "strict", "max-pixels", "99")));

    assertThat(throughAFile(a).settings()).isEqualTo(a.settings());
    assertThat(StatisticsMerge.of(List.of(a, b)).statistics().settings())
        .containsExactly(Map.entry("verify", "strict"));
    assertThat(StatisticsMerge.of(List.of(a, some(3, 1))).statistics().settings()).isEmpty();
  }

  @Test
  void otherPixelsAreNotMerged() {
    DataSetStatistics a = some(1, 5);
    DataSetStatistics b = some(2, 5);
    DataSetStatistics cropped =
        withPixels(
            b, new PixelSettings(Channels.RGB, Optional.empty(), Optional.of(new Extent(8, 9))));

    assertThatThrownBy(() -> StatisticsMerge.of(List.of("a.json", "b.json"), List.of(a, cropped)))
        .hasMessage(
            "a.json is of pixels with channels rgb, resize 12x34, crop none, but b.json with channels rgb, resize none, crop 8x9; merge statistics of the same pixels only");
  }

  @Test
  void otherNumbersOfChannelsAreNotMerged() {
    DataSetStatistics gray = nativePixels(1);
    DataSetStatistics rgb = nativePixels(3);

    assertThatThrownBy(() -> StatisticsMerge.of(List.of("a.json", "b.json"), List.of(gray, rgb)))
        .hasMessage(
            "a.json has images of 1 channels, but b.json of 3; compute both with `--channels rgb`");
  }

  @Test
  void groupsAreNotMergedWithNone() {
    DataSetStatistics with =
        set("a", RandomStatistics.images(new Random(1), 4, true, List.of("x"), RGB), digest(1));

    assertThatThrownBy(
            () -> StatisticsMerge.of(List.of("a.json", "b.json"), List.of(with, some(2, 3))))
        .hasMessage(
            "a.json has groups, but b.json has none; compute both with `--group-by parent` or both without");
  }

  private static DataSetStatistics nativePixels(int channels) {
    return RandomStatistics.of(
        "images",
        Channels.NATIVE,
        RandomStatistics.images(
            new Random(channels), 3, true, List.of(), new PixelKind(channels, 8)),
        0,
        digest(channels));
  }

  private static DataSetStatistics some(int seed, int images) {
    return set(
        "images " + seed,
        RandomStatistics.images(new Random(seed), images, true, List.of(), RGB),
        digest(seed));
  }

  private static DataSetStatistics set(String input, List<Image> images, String digest) {
    return RandomStatistics.of(input, Channels.RGB, images, 2, digest);
  }

  private static String digest(int seed) {
    return "%064x".formatted(seed);
  }

  private static DataSetStatistics throughAFile(DataSetStatistics statistics) throws Exception {
    return StatisticsFile.read(
        new ByteArrayInputStream(StatisticsFile.toJson(statistics)), "stats.json");
  }

  private static DataSetStatistics withDigest(DataSetStatistics s, Optional<String> digest) {
    return with(s, s.inputs(), s.pixels(), digest);
  }

  private static DataSetStatistics withPixels(DataSetStatistics s, PixelSettings pixels) {
    return with(s, s.inputs(), pixels, s.digest());
  }

  private static DataSetStatistics withInput(DataSetStatistics s, String input) {
    return with(s, List.of(input), s.pixels(), s.digest());
  }

  private static DataSetStatistics with(
      DataSetStatistics s, List<String> inputs, PixelSettings pixels, Optional<String> digest) {
    return new DataSetStatistics(
        inputs,
        pixels,
        s.accepted(),
        s.bytes(),
        digest,
        s.sums(),
        s.groups(),
        s.rejections(),
        s.elapsedSeconds());
  }

  /** Inputs, digests, rejections and time are of the parts. */
  private static String bytesButForOrigin(DataSetStatistics s) {
    return new String(
        StatisticsFile.toJson(
            new DataSetStatistics(
                List.of(),
                s.pixels(),
                s.accepted(),
                s.bytes(),
                Optional.empty(),
                s.sums(),
                s.groups(),
                List.of(),
                1)),
        java.nio.charset.StandardCharsets.UTF_8);
  }
}
