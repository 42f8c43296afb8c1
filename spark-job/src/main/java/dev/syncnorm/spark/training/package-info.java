/**
 * The training job: scans the data, starts workers in barrier stages, keeps the run folder.
 *
 * <p>The step itself is core's; here is only what makes its workers Spark tasks.
 */
package dev.syncnorm.spark.training;
