package dev.syncnorm.spark.ml;

import static org.apache.spark.sql.functions.call_function;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static scala.jdk.javaapi.CollectionConverters.asJava;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The SQL function, in a session that was started with the extension. */
class ImageMomentsTest {
  private static final String BY_LABEL =
      "SELECT label, image_moments(content) AS m FROM images GROUP BY label ORDER BY label";

  private static SparkSession spark;

  @BeforeAll
  static void startSpark() {
    spark = LocalSession.withExtensions();
  }

  @AfterAll
  static void stopSpark() {
    spark.stop();
  }

  @BeforeEach
  void makeView() {
    LabelledImages.dataset(spark, 4).createOrReplaceTempView("images");
  }

  @Test
  void groupsHaveTheMomentsOfArbitraryPrecision() {
    List<Row> rows = sql(BY_LABEL);

    assertThat(rows).extracting(row -> row.getString(0)).isEqualTo(LabelledImages.LABELS);
    for (Row row : rows) {
      Row moments = row.getStruct(1);
      ExactMoments exact = new ExactMoments(LabelledImages.pictures(row.getString(0)));
      assertThat(moments.<Long>getAs("images")).isEqualTo(9);
      assertThat(moments.<Long>getAs("pixels")).isEqualTo(exact.count());
      assertThat(list(moments, "channels")).isEqualTo(List.of("red", "green", "blue"));
      assertThat(moments.<Integer>getAs("depth")).isEqualTo(8);
      assertThat(list(moments, "mean")).isEqualTo(each(exact::mean));
      assertThat(list(moments, "populationVariance")).isEqualTo(each(c -> exact.covariance(c, c)));
      assertThat(list(moments, "populationStandardDeviation"))
          .isEqualTo(each(exact::populationStandardDeviation));
      assertThat(list(moments, "sampleVariance")).isEqualTo(each(exact::sampleVariance));
      assertThat(list(moments, "sum")).isEqualTo(each(c -> new BigDecimal(exact.sum(c))));
      assertThat(list(moments, "sumOfSquares"))
          .isEqualTo(each(c -> new BigDecimal(exact.sumOfProducts(c, c))));
      assertThat(list(moments, "min")).isEqualTo(each(c -> exact.quantile(c, least(exact))));
      assertThat(list(moments, "max")).isEqualTo(each(c -> exact.quantile(c, BigDecimal.ONE)));
      List<scala.collection.Seq<Double>> covariance =
          moments.getList(moments.fieldIndex("covariance"));
      for (int c = 0; c < 3; c++) {
        int first = c;
        assertThat(asJava(covariance.get(c)))
            .isEqualTo(each(other -> exact.covariance(first, other)));
      }
      assertThat(moments.isNullAt(moments.fieldIndex("quantiles"))).isTrue();
    }
  }

  @Test
  void theQueryOfTheIssueWorks() {
    List<Row> rows =
        sql("SELECT label, image_moments(content).mean FROM images GROUP BY label ORDER BY label");

    assertThat(rows.get(1).getList(1))
        .isEqualTo(each(new ExactMoments(LabelledImages.pictures("dog"))::mean));
  }

  @Test
  void anyPartitioningGivesTheSameRows() {
    String query =
        """
        SELECT label, image_moments(content, map('quantiles', '0.1,0.5,1')) AS m
        FROM images GROUP BY label ORDER BY label\
        """;
    List<Row> expected = sql(query);
    for (int partitions : new int[] {1, 2, 7, 30}) {
      LabelledImages.dataset(spark, partitions).createOrReplaceTempView("images");
      assertThat(sql(query)).as("%d partitions", partitions).isEqualTo(expected);
    }
    // Sorts instead of hashing, which serializes the buffer of every group in between.
    spark.conf().set("spark.sql.objectHashAggregate.sortBased.fallbackThreshold", 1);
    try {
      assertThat(sql(query)).isEqualTo(expected);
    } finally {
      spark.conf().unset("spark.sql.objectHashAggregate.sortBased.fallbackThreshold");
    }
  }

  @Test
  void badImagesAreCountedByCauseAndNullsAreNoImages() {
    Row cats = sql(BY_LABEL).get(0).getStruct(1);

    assertThat(cats.<Long>getAs("rejected")).isEqualTo(2);
    assertThat(cats.getJavaMap(cats.fieldIndex("rejectedByCause")))
        .isEqualTo(Map.of("truncated", 1L, "not-an-image", 1L));
  }

  @Test
  void aGroupWithoutImagesHasCountsAndNulls() {
    for (String where : List.of("path = 'cat/null.png'", "false")) {
      Row moments =
          sql("SELECT image_moments(content) FROM images WHERE " + where).get(0).getStruct(0);
      assertThat(moments.<Long>getAs("images")).isZero();
      assertThat(moments.<Long>getAs("rejected")).isZero();
      assertThat(moments.<Long>getAs("pixels")).isZero();
      assertThat(IntStream.range(4, moments.size())).allMatch(moments::isNullAt);
    }
  }

  @Test
  void oneSinglePixelHasNoSampleVariance() {
    byte[] file = ImageFiles.encode(ImageFiles.picture(1, 1, 1), "png");
    view(List.of(file));

    Row moments = sql("SELECT image_moments(content) FROM some").get(0).getStruct(0);

    assertThat(list(moments, "sampleVariance")).containsExactly(null, null, null);
    assertThat(list(moments, "populationVariance")).isEqualTo(List.of(0.0, 0.0, 0.0));
  }

  @Test
  void quantilesAreThoseOfAllValuesInOrder() {
    List<Row> rows =
        sql(
            """
            SELECT label, image_moments(content, map('quantiles', '0.05, 0.5,1.0')).quantiles
            FROM images GROUP BY label\
            """);

    for (Row row : rows) {
      ExactMoments exact = new ExactMoments(LabelledImages.pictures(row.getString(0)));
      Map<String, scala.collection.Seq<Integer>> quantiles = row.getJavaMap(1);
      assertThat(quantiles).containsOnlyKeys("0.05", "0.5", "1.0");
      quantiles.forEach(
          (name, values) ->
              assertThat(asJava(values))
                  .isEqualTo(each(c -> exact.quantile(c, new BigDecimal(name)))));
    }
  }

  @Test
  void worksFromTheDatasetInterface() {
    Object expected = sql(BY_LABEL);

    assertThat(
            spark
                .table("images")
                .groupBy("label")
                .agg(call_function("image_moments", col("content")).as("m"))
                .orderBy("label")
                .collectAsList())
        .isEqualTo(expected);
    assertThat(
            spark
                .table("images")
                .groupBy("label")
                .agg(expr("image_moments(content)").as("m"))
                .orderBy("label")
                .collectAsList())
        .isEqualTo(expected);
  }

  @Test
  void filterDistinctAndWindowsSeeTheRowsTheyShould() {
    assertThat(
            sql(
                "SELECT image_moments(content) FILTER (WHERE label = 'dog').mean, count(*) FROM images"))
        .extracting(row -> row.getList(0))
        .containsExactly(each(new ExactMoments(LabelledImages.pictures("dog"))::mean));

    LabelledImages.dataset(spark, 2)
        .union(LabelledImages.dataset(spark, 3))
        .createOrReplaceTempView("twice");
    String moments = "image_moments(DISTINCT content, map('quantiles', '0.5'))";
    String options = "image_moments(content, map('quantiles', '0.5'))";
    List<Row> once = sql("SELECT " + options + ", 2 * count(DISTINCT path) FROM images");
    assertThat(sql("SELECT " + moments + ", count(path) FROM twice")).isEqualTo(once);
    assertThat(sql("SELECT " + moments + ", count(DISTINCT path) * 2 FROM twice")).isEqualTo(once);

    List<Row> running =
        sql(
            """
            SELECT label, image_moments(content) OVER (PARTITION BY label ORDER BY path
              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS m
            FROM images WHERE label = 'eel' ORDER BY m.images\
            """);
    assertThat(running)
        .extracting(row -> row.getStruct(1).getLong(0))
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
    assertThat(running.get(8)).isEqualTo(sql(BY_LABEL).get(2));
  }

  @Test
  void theSameCallTwiceIsComputedOnce() {
    String plan =
        spark
            .sql(
                "SELECT image_moments(content).mean, image_moments(content).max FROM images"
                    + " HAVING image_moments(content).images > 0")
            .queryExecution()
            .executedPlan()
            .toString();

    assertThat(
            plan.lines()
                .filter(line -> line.contains("partial_image_moments"))
                .map(line -> line.split("partial_image_moments", -1).length - 1)
                .distinct())
        .containsExactly(1);
  }

  @Test
  void namesItsColumnWithItsOptions() {
    assertThat(
            spark.sql("SELECT image_moments(content, map('resize', '8x8')) FROM images").columns())
        .containsExactly("image_moments(content, map('resize', '8x8'))");
  }

  @Test
  void isDescribed() {
    String description =
        sql("DESCRIBE FUNCTION EXTENDED image_moments").stream()
            .map(row -> row.getString(0))
            .collect(Collectors.joining("\n"));

    assertThat(description)
        .contains(
            "Function: image_moments",
            "Class: dev.syncnorm.spark.ml.ImageMoments",
            "image_moments(content[, options]) - Returns the exact statistics",
            "SELECT label, image_moments(content).mean FROM images GROUP BY label;",
            "resize - HxW")
        .doesNotContain("_FUNC_");
    assertThat(sql("SHOW FUNCTIONS LIKE 'image_moments'")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "map('resise', '8x8')|there is no option 'resise'; the options are channels, crop,"
            + " decode-timeout, quantiles, resize, verify",
        "map('resize', '8')|the option 'resize' is '8'; expected a height and a width such as 224x224, of at most",
        "map('crop', '0x8')|the option 'crop' is '0x8'; expected a height and a width such as 224x224, of at most",
        "map('channels', 'bgr')|the option 'channels' is 'bgr'; expected rgb, gray or native",
        "map('quantiles', '0.5,1.5')|the option 'quantiles' is '0.5,1.5'; expected numbers above 0"
            + " and up to 1, such as 0.05,0.5,0.95",
        "map('quantiles', '')|the option 'quantiles' is ''; expected numbers above 0",
        "map('decode-timeout', '0')|the option 'decode-timeout' is '0'; expected seconds above 0",
        "map('crop', 'x', 'channel', 'x')|there is no option 'channel'; the options are channels,"
            + " crop, decode-timeout, quantiles, resize, verify; the option 'crop' is 'x'; expected",
        "map('crop', CAST(NULL AS STRING))|the option 'crop' is 'null'; expected a height and a width",
        "map('resize', label)|expected a constant map of strings, such as map('resize', '224x224')",
        "map('resize', 8)|expected a constant map of strings, such as map('resize', '224x224')",
        "'resize=8x8'|invalid: 'resize=8x8' of type string; expected a constant map",
        "map('resize', '8x8', 'crop', '8x9')|the option 'crop' is '8x9', more than the 'resize' of"
            + " '8x8'; it is cut out of the resized image",
        "map('verify', 'yes')|the option 'verify' is 'yes'; expected structure or strict",
      })
  void wrongOptionsAreAnalysisErrorsThatSayWhatIsExpected(String options, String message) {
    assertThatThrownBy(
            () -> spark.sql("SELECT image_moments(content, " + options + ") FROM images"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageStartingWith(
            "[INVALID_PARAMETER_VALUE.PATTERN] The value of parameter(s) `options` in"
                + " `image_moments` is invalid: ")
        .hasMessageContaining(message);
  }

  @Test
  void threeArgumentsAreAnAnalysisError() {
    assertThatThrownBy(() -> spark.sql("SELECT image_moments(content, map(), 1) FROM images"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining(
            "`image_moments` requires [1, 2] parameters but the actual number is 3");
  }

  @Test
  void contentThatIsNotBinaryIsAnAnalysisError() {
    assertThatThrownBy(() -> spark.sql("SELECT image_moments(path) FROM images"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("image_moments(path)")
        .hasMessageContaining("\"BINARY\"");
  }

  @Test
  void depthsAndChannelsOfRealFilesAreMeasuredAsTheOptionsSay() {
    BufferedImage gray = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    gray.getRaster().setSample(0, 0, 0, 65535);
    gray.getRaster().setSample(1, 0, 0, 1);
    byte[] sixteenBits = ImageFiles.encode(gray, "png");
    byte[] colours = ImageFiles.encode(ImageFiles.picture(3, 3, 5), "png");
    String all = "SELECT image_moments(content, map('channels', '%s')) FROM some";

    view(List.of(sixteenBits));
    Row alone = sql(all.formatted("native")).get(0).getStruct(0);
    assertThat(list(alone, "max")).containsExactly(65535);
    assertThat(list(alone, "mean")).containsExactly(65536.0 / 2 / 65535);
    assertThat(list(alone, "channels")).containsExactly("gray");

    view(List.of(sixteenBits, colours));
    Row mixed = sql(all.formatted("rgb")).get(0).getStruct(0);
    assertThat(mixed.<Long>getAs("pixels")).isEqualTo(11);
    assertThat(mixed.isNullAt(mixed.fieldIndex("depth"))).isTrue();
    assertThat(list(mixed, "mean")).hasSize(3);
    assertThatThrownBy(() -> sql(all.formatted("native")))
        .hasStackTraceContaining(
            "image_moments: a group has 1 images with 1 channels and 1 images with 3 channels");
  }

  @Test
  void anImageThatTakesTooLongIsTimedOut() {
    BufferedImage large = new BufferedImage(4000, 4000, BufferedImage.TYPE_3BYTE_BGR);
    view(List.of(ImageFiles.encode(large, "png")));

    Row moments =
        sql("SELECT image_moments(content, map('decode-timeout', '0.001')) FROM some")
            .get(0)
            .getStruct(0);

    assertThat(moments.getJavaMap(moments.fieldIndex("rejectedByCause")))
        .isEqualTo(Map.of("timed-out", 1L));
  }

  private static BigDecimal least(ExactMoments exact) {
    return BigDecimal.ONE.divide(
        BigDecimal.valueOf(exact.count()),
        new java.math.MathContext(30, java.math.RoundingMode.DOWN));
  }

  private static void view(List<byte[]> files) {
    List<Row> rows = new ArrayList<>();
    files.forEach(file -> rows.add(RowFactory.create("", "", file)));
    spark.createDataFrame(rows, LabelledImages.SCHEMA).createOrReplaceTempView("some");
  }

  private static List<Row> sql(String query) {
    return spark.sql(query).collectAsList();
  }

  private static List<Object> list(Row row, String column) {
    return row.getList(row.fieldIndex(column));
  }

  private static List<Object> each(java.util.function.IntFunction<Object> value) {
    return Stream.of(0, 1, 2).map(value::apply).toList();
  }
}
