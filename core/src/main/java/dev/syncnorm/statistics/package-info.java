/**
 * Exact statistics of image data sets: integer sums per channel, histograms, and what follows from
 * them.
 *
 * <p>What images add ({@code ImageSums}) is collected ({@code StatisticsAccumulator}) into parts
 * ({@code StatisticsPart}) that may be merged in any order and grouping with the same result to the
 * last bit, since all that is added is an integer. Rounding happens once, where a mean or a
 * variance is read. It does no I/O but for {@code StatisticsFile}, and knows no Spark.
 */
package dev.syncnorm.statistics;
