package dev.syncnorm.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.split;

import dev.syncnorm.statistics.DataSetStatistics;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The example in the documentation of {@link ImageStatistics}, word for word. */
final class ImageStatisticsExample {

  private ImageStatisticsExample() {}

  static DataSetStatistics example(SparkSession spark, String folder) {
    Dataset<Row> images =
        spark
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", "true")
            .load(folder)
            .withColumn("label", element_at(split(col("path"), "/"), -2));

    images
        .groupBy("label")
        .agg(ImageStatistics.moments(col("content"), Map.of("resize", "224x224")).as("moments"))
        .select("label", "moments.images", "moments.mean", "moments.populationStandardDeviation")
        .show(false);

    return ImageStatistics.of(images, col("content"))
        .paths(col("path"))
        .groupedBy(col("label"))
        .compute();
  }
}
