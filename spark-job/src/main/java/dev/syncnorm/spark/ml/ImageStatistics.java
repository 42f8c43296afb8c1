package dev.syncnorm.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.statistics.Measuring;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.StatisticsPart;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.classic.ExpressionUtils;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The exact statistics of the encoded images in a Dataset or an RDD, computed in the session that
 * it belongs to, which needs no plugin or setting of ours.
 *
 * <p>There are two ways. {@link #moments} is a column for {@code agg}, one row of numbers for each
 * group; {@link #compute} gives what the command {@code stats} writes, with histograms and every
 * rejected image. Both give the same numbers to the last bit, whatever the partitions.
 *
 * <pre>{@code
 * static DataSetStatistics example(SparkSession spark, String folder) {
 *   Dataset<Row> images =
 *       spark
 *           .read()
 *           .format("binaryFile")
 *           .option("recursiveFileLookup", "true")
 *           .load(folder)
 *           .withColumn("label", element_at(split(col("path"), "/"), -2));
 *
 *   images
 *       .groupBy("label")
 *       .agg(ImageStatistics.moments(col("content"), Map.of("resize", "224x224")).as("moments"))
 *       .select("label", "moments.images", "moments.mean", "moments.populationStandardDeviation")
 *       .show(false);
 *
 *   return ImageStatistics.of(images, col("content"))
 *       .paths(col("path"))
 *       .groupedBy(col("label"))
 *       .compute();
 * }
 * }</pre>
 *
 * <p>Immutable: each method gives another instance.
 */
public final class ImageStatistics {

  private static final String CONTENT = "content";

  private final Dataset<Row> images;
  private final Columns columns;
  private final Measuring measuring;

  /**
   * What the rows are of.
   *
   * @param name null in rows without one, in all of them if there is no digest
   */
  private record Columns(Column content, Column path, Column group, Column name, boolean digest) {}

  private ImageStatistics(Dataset<Row> images, Columns columns, Measuring measuring) {
    this.images = images;
    this.columns = columns;
    this.measuring = measuring;
  }

  /**
   * The function {@code image_moments} of SQL as a column, with all options at their defaults.
   *
   * @param content binary, whole image files; a row where it is null is no image
   */
  public static Column moments(Column content) {
    return moments(content, Map.of());
  }

  /**
   * The function {@code image_moments} of SQL as a column.
   *
   * @param content binary, whole image files; a row where it is null is no image
   * @param options {@code channels}, {@code resize}, {@code crop}, {@code quantiles}, {@code
   *     verify}, {@code decode-timeout}, with the values that SQL takes
   * @throws IllegalArgumentException with one line that names every wrong option
   */
  public static Column moments(Column content, Map<String, String> options) {
    return ExpressionUtils.column(
        ImageMoments.of(
            ExpressionUtils.expression(content), new MomentOptions(new TreeMap<>(options))));
  }

  /**
   * The statistics of a Dataset's images: whole ones, in red, green and blue, with histograms.
   *
   * @param content binary, whole image files; null is an {@code empty} one
   */
  public static ImageStatistics of(Dataset<Row> images, Column content) {
    Column none = lit(null).cast(DataTypes.StringType);
    return new ImageStatistics(
        images, new Columns(content, none, none, none, false), Measuring.DEFAULT);
  }

  /** The statistics of image files in an RDD. */
  public static ImageStatistics of(JavaRDD<byte[]> images) {
    SparkSession session = SparkSession.builder().config(images.context().getConf()).getOrCreate();
    return of(session.createDataset(images.rdd(), Encoders.BINARY()).toDF(CONTENT), col(CONTENT));
  }

  /** Lists rejected images by this column; without it they are listed by their cause alone. */
  public ImageStatistics paths(Column newPath) {
    return with(
        new Columns(columns.content(), newPath, columns.group(), columns.name(), columns.digest()));
  }

  /** Gives each value of this column its own sums too; rows where it is null are in no group. */
  public ImageStatistics groupedBy(Column newGroup) {
    return with(
        new Columns(columns.content(), columns.path(), newGroup, columns.name(), columns.digest()));
  }

  /**
   * Makes a digest of the images, which is the command's if this column has what the command takes
   * for their names: paths relative to the input. A good image whose name is null is an error: a
   * digest without it would be that of other images. It ends its partition, and is told when the
   * others have ended. The driver holds some 40 bytes and the name of each image.
   */
  public ImageStatistics digestedBy(Column newName) {
    return with(new Columns(columns.content(), columns.path(), columns.group(), newName, true));
  }

  private ImageStatistics with(Columns newColumns) {
    return new ImageStatistics(images, newColumns, measuring);
  }

  /** Looks at these pixels of each image. */
  public ImageStatistics pixels(PixelSettings newPixels) {
    return with(measuring.withPixels(newPixels));
  }

  /** Counts no values: faster, and without quantiles. */
  public ImageStatistics withoutHistograms() {
    return with(measuring.withHistograms(false));
  }

  /** Decodes JPEG files a second time, by a decoder that finds damage inside their pixels. */
  public ImageStatistics verifiedStrictly() {
    return with(measuring.withStrict(true));
  }

  /**
   * Rejects images of more pixels as {@code too-large}, by their headers.
   *
   * @throws IllegalArgumentException if no image can have so many, or none so few
   */
  public ImageStatistics maximumPixels(long newMaximum) {
    new ImageDecoder(newMaximum);
    return with(measuring.withMaximumPixels(newMaximum));
  }

  /**
   * Rejects images whose decoding takes longer as {@code timed-out}; a minute unless it is set. A
   * decode can't be interrupted: one that is given up keeps a core until it ends by itself. Each
   * task has a limit of its own for them: the fifth that goes on at a time fails it.
   *
   * @throws IllegalArgumentException if it is not above 0 s and up to a day
   */
  public ImageStatistics decodeTimeout(Duration newTimeout) {
    if (newTimeout.isNegative()
        || newTimeout.isZero()
        || newTimeout.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "the decode timeout is %s; expected a time above 0 s and up to 86400 s"
              .formatted(newTimeout));
    }
    return with(measuring.withDecodeTimeoutSeconds(newTimeout.toNanos() / 1e9));
  }

  private ImageStatistics with(Measuring newMeasuring) {
    return new ImageStatistics(images, columns, newMeasuring);
  }

  /**
   * Runs one Spark job over all images. There are no inputs in the result, and a digest only if
   * there are names for it.
   *
   * @throws IllegalArgumentException if the content is not binary, or a good image has no name for
   *     the digest; names one
   */
  public DataSetStatistics compute() {
    Dataset<Row> rows =
        images.select(
            columns.content().as(CONTENT),
            columns.path().cast(DataTypes.StringType).as("path"),
            columns.group().cast(DataTypes.StringType).as("group"),
            columns.name().cast(DataTypes.StringType).as("name"));
    DataType type = rows.schema().apply(CONTENT).dataType();
    if (!type.equals(DataTypes.BinaryType)) {
      throw new IllegalArgumentException(
          "the content is a column of type %s; expected binary, the bytes of whole image files"
              .formatted(type.catalogString()));
    }
    long start = System.nanoTime();
    JavaRDD<MeasuredRows> parts =
        rows.javaRDD().mapPartitions(new MeasurePartition(measuring, columns.digest()));
    MeasuredRows all =
        parts.getNumPartitions() == 0 ? MeasuredRows.NONE : parts.treeReduce(MeasuredRows::plus);
    double seconds = (System.nanoTime() - start) / 1e9;
    if (!all.failure().isEmpty()) {
      throw new IllegalArgumentException(all.failure());
    }
    StatisticsPart sum = all.part();
    DataSetStatistics statistics =
        new DataSetStatistics(
            List.of(),
            measuring.pixels(),
            sum.accepted(),
            sum.bytes(),
            columns.digest() ? Optional.of(sum.contents().digest()) : Optional.empty(),
            sum.sums(),
            sum.groups(),
            sum.rejections().stream()
                .sorted(Comparator.comparing(Rejection::path).thenComparing(Rejection::message))
                .toList(),
            seconds);
    return statistics.withSettings(measuring.settings());
  }
}
