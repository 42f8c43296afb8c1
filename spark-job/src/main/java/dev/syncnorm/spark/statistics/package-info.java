/**
 * Exact statistics of image data sets as a Spark job.
 *
 * <p>Each task measures the images of its partition and returns their sums as its result ({@code
 * MeasureTask}, {@code MeasuredPart}); the driver adds the results as they come ({@code
 * StatisticsJob}), each partition's once, whatever Spark repeats or runs twice. It runs in any
 * Spark session. What the sums mean belongs to core.
 */
package dev.syncnorm.spark.statistics;
