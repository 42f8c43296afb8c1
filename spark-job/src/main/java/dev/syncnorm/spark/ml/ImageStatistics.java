package dev.syncnorm.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.statistics.Measuring;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.statistics.StatisticsPart;
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
  private final Column content;
  private final Column path;
  private final Column group;
  private final PixelSettings pixels;
  private final boolean histograms;

  private ImageStatistics(
      Dataset<Row> images,
      Column content,
      Column path,
      Column group,
      PixelSettings pixels,
      boolean histograms) {
    this.images = images;
    this.content = content;
    this.path = path;
    this.group = group;
    this.pixels = pixels;
    this.histograms = histograms;
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
    return new ImageStatistics(images, content, none, none, PixelSettings.WHOLE_RGB, true);
  }

  /** The statistics of image files in an RDD. */
  public static ImageStatistics of(JavaRDD<byte[]> images) {
    SparkSession session = SparkSession.builder().config(images.context().getConf()).getOrCreate();
    return of(session.createDataset(images.rdd(), Encoders.BINARY()).toDF(CONTENT), col(CONTENT));
  }

  /** Lists rejected images by this column; without it they are listed by their cause alone. */
  public ImageStatistics paths(Column newPath) {
    return new ImageStatistics(images, content, newPath, group, pixels, histograms);
  }

  /** Gives each value of this column its own sums too; rows where it is null are in no group. */
  public ImageStatistics groupedBy(Column newGroup) {
    return new ImageStatistics(images, content, path, newGroup, pixels, histograms);
  }

  /** Looks at these pixels of each image. */
  public ImageStatistics pixels(PixelSettings newPixels) {
    return new ImageStatistics(images, content, path, group, newPixels, histograms);
  }

  /** Counts no values: faster, and without quantiles. */
  public ImageStatistics withoutHistograms() {
    return new ImageStatistics(images, content, path, group, pixels, false);
  }

  /**
   * Runs one Spark job over all images. Neither inputs nor a digest are in the result.
   *
   * @throws IllegalArgumentException if the content is not binary
   */
  public DataSetStatistics compute() {
    Dataset<Row> rows =
        images.select(
            content.as(CONTENT),
            path.cast(DataTypes.StringType).as("path"),
            group.cast(DataTypes.StringType).as("group"));
    DataType type = rows.schema().apply(CONTENT).dataType();
    if (!type.equals(DataTypes.BinaryType)) {
      throw new IllegalArgumentException(
          "the content is a column of type %s; expected binary, the bytes of whole image files"
              .formatted(type.catalogString()));
    }
    long start = System.nanoTime();
    JavaRDD<StatisticsPart> parts =
        rows.javaRDD()
            .mapPartitions(
                new MeasurePartition(
                    new Measuring(
                        pixels,
                        histograms,
                        false,
                        ImageDecoder.DEFAULT_MAXIMUM_PIXELS,
                        MomentOptions.DEFAULT_TIMEOUT_SECONDS)));
    StatisticsPart sum =
        parts.getNumPartitions() == 0
            ? StatisticsPart.EMPTY
            : parts.treeReduce(ImageStatistics::plus);
    double seconds = (System.nanoTime() - start) / 1e9;
    return new DataSetStatistics(
        List.of(),
        pixels,
        sum.accepted(),
        sum.bytes(),
        Optional.empty(),
        sum.sums(),
        sum.groups(),
        sum.rejections().stream()
            .sorted(Comparator.comparing(Rejection::path).thenComparing(Rejection::message))
            .toList(),
        seconds);
  }

  private static StatisticsPart plus(StatisticsPart a, StatisticsPart b) {
    StatisticsAccumulator sum = new StatisticsAccumulator();
    sum.add(a);
    sum.add(b);
    return sum.part();
  }
}
