package dev.syncnorm.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.syncnorm.image.PixelKind;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.junit.jupiter.api.Test;

/** Groups of images of several kinds. */
class MomentResultTest {
  private static final int[] EIGHT_BITS = {0, 7, 255, 31};
  private static final int[] SIXTEEN_BITS = {65535, 1, 40000};

  @Test
  void depthsAreCombinedInScaledUnitsAndRawValuesAreNull() {
    MomentSums group = new MomentSums();
    group.accept(GrayImage.of(8, EIGHT_BITS));
    group.accept(GrayImage.of(16, SIXTEEN_BITS));

    Row row = MomentResult.of(group, options("quantiles", "0.5"));

    double[] values =
        DoubleStream.concat(
                DoubleStream.of(0, 7, 255, 31).map(v -> v / 255),
                DoubleStream.of(65535, 1, 40000).map(v -> v / 65535))
            .toArray();
    double mean = DoubleStream.of(values).sum() / 7;
    double squares = DoubleStream.of(values).map(v -> (v - mean) * (v - mean)).sum();
    // A naive loop over 7 values in [0, 1]: a dozen roundings of 2^-53 each.
    assertThat(first(row, "mean")).isCloseTo(mean, within(2e-15));
    assertThat(first(row, "populationVariance")).isCloseTo(squares / 7, within(2e-15));
    assertThat(first(row, "sampleVariance")).isCloseTo(squares / 6, within(2e-15));
    assertThat(value(row, "images")).isEqualTo(2L);
    assertThat(value(row, "pixels")).isEqualTo(7L);
    assertThat(List.of("depth", "sum", "sumOfSquares", "min", "max", "quantiles"))
        .allMatch(column -> value(row, column) == null);
  }

  @Test
  void theMeanOfImageStandardDeviationsWeighsImagesOfAllDepthsAlike() {
    MomentSums group = new MomentSums();
    group.accept(GrayImage.of(8, 0, 255));
    group.accept(GrayImage.of(16, 0, 0, 0, 65535));

    // Deviations 1/2 and sqrt(3)/4; each is rounded to 2^-40 of a raw value.
    assertThat(first(MomentResult.of(group, MomentOptions.NONE), "meanOfImageStandardDeviations"))
        .isCloseTo((0.5 + Math.sqrt(3) / 4) / 2, within(1e-12));
  }

  @Test
  void numbersOfChannelsThatDifferAreAnErrorThatNamesThemAndTheWayOut() {
    MomentSums group = new MomentSums();
    group.accept(GrayImage.of(8, EIGHT_BITS));
    group.accept(GrayImage.of(16, SIXTEEN_BITS));
    group.accept(GrayImage.withChannels(new PixelKind(3, 8)));

    assertThatThrownBy(() -> MomentResult.of(group, MomentOptions.NONE))
        .hasMessage(
            "image_moments: a group has 2 images with 1 channels and 1 images with 3 channels,"
                + " which have no common moments; use map('channels', 'rgb')");
  }

  @Test
  void rowsFitTheSchema() {
    MomentSums group = new MomentSums();
    group.accept(GrayImage.of(16, SIXTEEN_BITS));
    Row row = MomentResult.of(group, MomentOptions.NONE);

    Object there = CatalystTypeConverters.createToCatalystConverter(MomentResult.SCHEMA).apply(row);

    Object back = CatalystTypeConverters.createToScalaConverter(MomentResult.SCHEMA).apply(there);
    assertThat(RowFactory.create(((Row) back).getList(((Row) back).fieldIndex("max")).toArray()))
        .isEqualTo(RowFactory.create(65535));
  }

  private static Object value(Row row, String column) {
    return row.get(MomentResult.SCHEMA.fieldIndex(column));
  }

  private static double first(Row row, String column) {
    return (Double) ((List<?>) value(row, column)).get(0);
  }

  private static MomentOptions options(String key, String value) {
    TreeMap<String, String> options = new TreeMap<>();
    options.put(key, value);
    return new MomentOptions(options);
  }
}
