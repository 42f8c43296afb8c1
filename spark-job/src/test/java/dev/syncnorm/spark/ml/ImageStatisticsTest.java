package dev.syncnorm.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.nullif;
import static org.apache.spark.sql.functions.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.statistics.Measuring;
import dev.syncnorm.spark.statistics.StatisticsJob;
import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.PixelSums;
import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java interface, in a session that has nothing of ours. */
class ImageStatisticsTest {
  private static final PixelKind RGB = new PixelKind(3, 8);
  private static final Path SOURCE =
      Path.of("src/main/java/dev/syncnorm/spark/ml/ImageStatistics.java");
  private static final Path EXAMPLE =
      Path.of("src/test/java/dev/syncnorm/spark/ml/ImageStatisticsExample.java");

  private static SparkSession spark;

  @TempDir private Path folder;

  @BeforeAll
  static void startSpark() {
    spark = LocalSession.plain();
  }

  @AfterAll
  static void stopSpark() {
    spark.stop();
  }

  @Test
  void aDatasetHasTheMomentsOfArbitraryPrecision() {
    DataSetStatistics statistics =
        ImageStatistics.of(LabelledImages.dataset(spark, 5), col("content"))
            .paths(col("path"))
            .groupedBy(col("label"))
            .compute();

    assertThat(statistics.accepted()).isEqualTo(27);
    ExactMoments exact = new ExactMoments(pictures());
    PixelSums sums = statistics.sums().get(RGB);
    for (int c = 0; c < 3; c++) {
      ChannelStatistics channel = sums.channel(c);
      assertThat(channel.mean()).isEqualTo(exact.mean(c));
      assertThat(channel.populationVariance()).isEqualTo(exact.covariance(c, c));
      assertThat(channel.quantile(new BigDecimal("0.3")))
          .hasValue(exact.quantile(c, new BigDecimal("0.3")));
    }
    assertThat(statistics.groups()).containsOnlyKeys(LabelledImages.LABELS);
    assertThat(statistics.groups().get("eel").get(RGB).channel(1).mean())
        .isEqualTo(new ExactMoments(LabelledImages.pictures("eel")).mean(1));
  }

  @Test
  void rejectedImagesAreListedByPathAndANullIsAnEmptyOne() {
    ImageStatistics images = ImageStatistics.of(LabelledImages.dataset(spark, 3), col("content"));

    assertThat(images.paths(col("path")).compute().rejections())
        .extracting(Rejection::path, Rejection::cause)
        .containsExactly(
            tuple("cat/cut.png", "truncated"),
            tuple("cat/null.png", "empty"),
            tuple("cat/text.png", "not-an-image"));
    assertThat(images.compute().rejections())
        .extracting(Rejection::path)
        .containsOnly("(no path)")
        .hasSize(3);
  }

  @Test
  void partitionsDoNotShow() {
    List<Object> results =
        Stream.of(1, 2, 13)
            .map(partitions -> LabelledImages.dataset(spark, partitions))
            .map(images -> ImageStatistics.of(images, col("content")).groupedBy(col("label")))
            .map(ImageStatistics::compute)
            .<Object>map(s -> List.of(s.accepted(), s.bytes(), text(s.sums()), text(s.groups())))
            .toList();

    assertThat(results).hasSize(3).containsOnly(results.get(0));
  }

  @Test
  void theColumnAndTheWholeAgree() {
    Dataset<Row> images = LabelledImages.dataset(spark, 4);

    Row column =
        images
            .agg(ImageStatistics.moments(col("content"), Map.of("quantiles", "0.5")).as("moments"))
            .select("moments.mean", "moments.meanOfImageStandardDeviations")
            .first();

    PixelSums sums = ImageStatistics.of(images, col("content")).compute().sums().get(RGB);
    for (int c = 0; c < 3; c++) {
      assertThat(column.getList(0).get(c)).isEqualTo(sums.channel(c).mean());
      assertThat(column.getList(1).get(c))
          .isEqualTo(sums.channel(c).meanOfImageStandardDeviations());
    }
  }

  @Test
  void rowsWithoutAGroupAreInTheWholeOnly() {
    DataSetStatistics statistics =
        ImageStatistics.of(LabelledImages.dataset(spark, 2), col("content"))
            .groupedBy(nullif(col("label"), lit("dog")))
            .compute();

    assertThat(statistics.accepted()).isEqualTo(27);
    assertThat(statistics.groups()).containsOnlyKeys("cat", "eel");
  }

  @Test
  void anRddOfFilesHasTheSameStatistics() {
    List<byte[]> files =
        pictures().stream().map(picture -> ImageFiles.encode(picture, "png")).toList();
    JavaRDD<byte[]> rdd =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(files, 4);

    DataSetStatistics statistics = ImageStatistics.of(rdd).withoutHistograms().compute();

    assertThat(statistics.sums().get(RGB).channel(2).mean())
        .isEqualTo(new ExactMoments(pictures()).mean(2));
    assertThat(statistics.sums().get(RGB).histograms()).isEmpty();
    assertThat(statistics.bytes()).isEqualTo(files.stream().mapToLong(file -> file.length).sum());
  }

  @Test
  void noImagesAreNoError() {
    for (Dataset<Row> none :
        List.of(
            LabelledImages.dataset(spark, 2).where("false"),
            spark.createDataFrame(List.of(), LabelledImages.SCHEMA))) {
      DataSetStatistics statistics = ImageStatistics.of(none, col("content")).compute();
      assertThat(statistics.accepted()).isZero();
      assertThat(statistics.sums()).isEmpty();
    }
  }

  @Test
  void contentThatIsNotBinaryIsRefused() {
    ImageStatistics images = ImageStatistics.of(LabelledImages.dataset(spark, 1), col("path"));

    assertThatThrownBy(images::compute)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the content is a column of type string; expected binary, the bytes of whole image files");
  }

  @Test
  void aDecodeThatTakesTooLongIsTimedOut() {
    byte[] large = ImageFiles.encode(ImageFiles.picture(3000, 2000, 1), "png");
    Dataset<Row> images =
        spark.createDataFrame(
            List.of(RowFactory.create("cat", "large.png", large)), LabelledImages.SCHEMA);
    ImageStatistics statistics = ImageStatistics.of(images, col("content")).paths(col("path"));

    assertThat(statistics.decodeTimeout(Duration.ofMillis(1)).compute().rejections())
        .containsExactly(
            new Rejection("large.png", "timed-out", "decoding took longer than 0.001 s"));
    assertThat(statistics.decodeTimeout(Duration.ofDays(1)).compute().accepted()).isEqualTo(1);
  }

  /** Each of two tasks gives up three: together that is more than one may. */
  @Test
  void theLimitOfDecodesThatGoOnIsATasks() {
    byte[] large = ImageFiles.encode(ImageFiles.picture(3000, 2000, 1), "png");
    List<Row> rows = Collections.nCopies(6, RowFactory.create("cat", "large.png", large));
    Dataset<Row> images =
        spark.createDataFrame(
            JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(rows, 2),
            LabelledImages.SCHEMA);

    DataSetStatistics statistics =
        ImageStatistics.of(images, col("content")).decodeTimeout(Duration.ofMillis(1)).compute();

    assertThat(statistics.rejections()).hasSize(6);
  }

  @Test
  void moreThanTheMostPixelsAreTooLarge() {
    Dataset<Row> images = LabelledImages.dataset(spark, 2).where("path like 'eel/%'");
    long smallest = 5 * 20;

    DataSetStatistics statistics =
        ImageStatistics.of(images, col("content")).maximumPixels(smallest).compute();

    assertThat(statistics.accepted()).isEqualTo(1);
    assertThat(statistics.rejections()).hasSize(8).allMatch(r -> r.cause().equals("too-large"));
  }

  @Test
  void damageInsideTheScanOfAJpegIsFoundIfItIsAskedFor() {
    byte[] jpeg = ImageFiles.jpeg(ImageFiles.picture(200, 200, 1), false);
    byte[] damaged = jpeg.clone();
    Arrays.fill(damaged, jpeg.length / 2, jpeg.length / 2 + 40, (byte) 0);
    Dataset<Row> images =
        spark.createDataFrame(
            List.of(
                RowFactory.create("cat", "good.jpg", jpeg),
                RowFactory.create("cat", "damaged.jpg", damaged)),
            LabelledImages.SCHEMA);
    ImageStatistics statistics = ImageStatistics.of(images, col("content")).paths(col("path"));

    assertThat(statistics.compute().rejections()).isEmpty();
    assertThat(statistics.verifiedStrictly().compute().rejections())
        .extracting(Rejection::path, Rejection::cause)
        .containsExactly(tuple("damaged.jpg", "corrupt"));
  }

  /** Names in the order of their bytes, a 0, the SHA-256 in hexadecimal digits, a newline. */
  @Test
  void theDigestIsOfTheAcceptedImagesByTheirNames() throws Exception {
    MessageDigest expected = MessageDigest.getInstance("SHA-256");
    LabelledImages.rows().stream()
        .filter(row -> row.getString(1).matches(".*/\\d+\\.png"))
        .sorted(Comparator.comparing(row -> row.getString(1)))
        .forEach(
            row ->
                expected.update(
                    "%s\0%s\n"
                        .formatted(row.getString(1), sha256(row.getAs(2)))
                        .getBytes(StandardCharsets.UTF_8)));

    byte[] sum = expected.digest();

    for (int partitions : new int[] {1, 2, 13}) {
      ImageStatistics images =
          ImageStatistics.of(LabelledImages.dataset(spark, partitions), col("content"));
      assertThat(images.digestedBy(col("path")).compute().digest())
          .hasValue(HexFormat.of().formatHex(sum));
      assertThat(images.compute().digest()).isEmpty();
    }
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As the documentation says, with the names of a folder's files. */
  @Test
  void theDigestOfAFolderIsTheCommands() throws Exception {
    for (Row row : LabelledImages.rows()) {
      if (row.getAs(2) != null) {
        Path file = folder.resolve(row.getString(1));
        Files.createDirectories(file.getParent());
        Files.write(file, row.<byte[]>getAs(2));
      }
    }
    Dataset<Row> images =
        spark
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", "true")
            .load(folder.toString());

    DataSetStatistics statistics =
        ImageStatistics.of(images, col("content"))
            .digestedBy(expr("substring(path, length('file:%s/') + 1)".formatted(folder)))
            .compute();

    List<String> inputs = List.of(folder.toString());
    StatisticsJob.Request request =
        new StatisticsJob.Request(
            inputs,
            inputs,
            Measuring.DEFAULT,
            true,
            false,
            ImageInputs.Options.defaults(),
            new BadInput(BadInput.Policy.SKIP, Optional.empty()));
    StatisticsJob.Progress quiet =
        new StatisticsJob.Progress() {
          @Override
          public void listed(ImageInputs listed) {}

          @Override
          public void advanced(StatisticsJob.Status status) {}
        };
    assertThat(statistics.digest())
        .isPresent()
        .isEqualTo(
            new StatisticsJob(spark, request, quiet).run().orElseThrow().statistics().digest());
  }

  /** Not by a task that fails: on a cluster it would be tried four times. */
  @Test
  void anImageWithoutANameForTheDigestIsOneErrorThatNamesIt() throws Exception {
    AtomicInteger failedTasks = new AtomicInteger();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            failedTasks.addAndGet(end.taskInfo().failed() ? 1 : 0);
          }
        };
    spark.sparkContext().addSparkListener(listener);
    for (int partitions : new int[] {1, 2, 13}) {
      ImageStatistics images =
          ImageStatistics.of(LabelledImages.dataset(spark, partitions), col("content"))
              .paths(col("path"))
              .digestedBy(nullif(col("path"), lit("dog/12.png")));

      assertThatThrownBy(images::compute)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the image dog/12.png has no name for the digest;"
                  + " expected a column that is null for no good image");
    }
    spark.sparkContext().listenerBus().waitUntilEmpty();
    spark.sparkContext().removeSparkListener(listener);
    assertThat(failedTasks).hasValue(0);
  }

  @Test
  void ofManyImagesWithoutANameOneIsNamedWhateverThePartitions() {
    for (int partitions : new int[] {1, 2, 13}) {
      ImageStatistics images =
          ImageStatistics.of(LabelledImages.dataset(spark, partitions), col("content"))
              .digestedBy(lit(null));

      assertThatThrownBy(images::compute)
          .hasMessageStartingWith("the image (no path) has no name for the digest;");
    }
  }

  @Test
  void aRejectedImageNeedsNoNameForTheDigest() {
    ImageStatistics images =
        ImageStatistics.of(LabelledImages.dataset(spark, 2), col("content")).paths(col("path"));
    Column nameOfGood = when(col("path").rlike("[0-9]\\.png$"), col("path"));

    assertThat(images.digestedBy(nameOfGood).compute().digest())
        .isPresent()
        .isEqualTo(images.digestedBy(col("path")).compute().digest());
  }

  @Test
  void everyOptionIsKeptByTheOthers() {
    byte[] large = ImageFiles.encode(ImageFiles.picture(40, 30, 1), "png");
    List<Row> rows = new ArrayList<>(LabelledImages.rows());
    rows.add(RowFactory.create("whale", "whale/1.png", large));
    Dataset<Row> images = spark.createDataFrame(rows, LabelledImages.SCHEMA);
    PixelSettings small =
        new PixelSettings(
            PixelSettings.Channels.GRAY,
            Optional.of(new PixelSettings.Extent(4, 5)),
            Optional.empty());

    DataSetStatistics statistics =
        ImageStatistics.of(images, col("content"))
            .digestedBy(col("path"))
            .decodeTimeout(Duration.ofMinutes(2))
            .maximumPixels(1000)
            .verifiedStrictly()
            .withoutHistograms()
            .pixels(small)
            .groupedBy(col("label"))
            .paths(col("path"))
            .compute();

    assertThat(statistics.digest()).isPresent();
    assertThat(statistics.pixels()).isEqualTo(small);
    assertThat(statistics.groups()).containsOnlyKeys(LabelledImages.LABELS);
    assertThat(statistics.rejections())
        .extracting(Rejection::path)
        .containsExactly("cat/cut.png", "cat/null.png", "cat/text.png", "whale/1.png");
    assertThat(statistics.pixelCount()).isEqualTo(BigInteger.valueOf(27 * 4 * 5));
    assertThat(statistics.sums().get(statistics.sums().firstKey()).histograms()).isEmpty();
  }

  @Test
  void limitsThatMeanNothingAreRefused() {
    ImageStatistics images = ImageStatistics.of(LabelledImages.dataset(spark, 1), col("content"));

    for (Duration wrong :
        List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(1).plusNanos(1))) {
      assertThatThrownBy(() -> images.decodeTimeout(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the decode timeout is %s; expected a time above 0 s and up to 86400 s", wrong);
    }
    assertThatThrownBy(() -> images.maximumPixels(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void wrongOptionsAreRefusedAtOnce() {
    assertThatThrownBy(
            () -> ImageStatistics.moments(col("content"), Map.of("size", "8", "crop", "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("the option 'crop' is 'x'; expected a height and a width")
        .hasMessageContaining("there is no option 'size'; the options are channels, crop");
  }

  @Test
  void theExampleInTheDocumentationIsTheOneThatRuns() throws IOException {
    for (String label : LabelledImages.LABELS) {
      Files.createDirectory(folder.resolve(label));
      int number = 0;
      for (BufferedImage picture : LabelledImages.pictures(label)) {
        Path file = folder.resolve(label).resolve(number++ + ".png");
        Files.write(file, ImageFiles.encode(picture, "png"));
      }
    }

    DataSetStatistics statistics = ImageStatisticsExample.example(spark, folder.toString());

    assertThat(statistics.groups()).containsOnlyKeys(LabelledImages.LABELS);
    assertThat(statistics.accepted()).isEqualTo(27);
    String documented = Files.readString(SOURCE);
    documented =
        documented
            .substring(documented.indexOf("<pre>{@code\n") + 12, documented.indexOf(" * }</pre>"))
            .lines()
            .map(line -> line.replaceFirst("^ \\* ?", ""))
            .collect(Collectors.joining("\n"));
    assertThat(Files.readString(EXAMPLE).replaceAll("(?m)^  ", "")).contains(documented);
  }

  /** Everything but arrays, which print their address. */
  private static String text(Map<?, ?> sums) {
    return sums.toString().replaceAll("\\[\\[J@[0-9a-f]+", "histogram");
  }

  private static List<BufferedImage> pictures() {
    return LabelledImages.LABELS.stream()
        .map(LabelledImages::pictures)
        .flatMap(List::stream)
        .toList();
  }
}
