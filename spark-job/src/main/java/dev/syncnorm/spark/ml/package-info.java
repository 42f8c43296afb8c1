/**
 * The exact statistics of images inside the caller's own Spark session: the SQL function {@code
 * image_moments} ({@code SyncnormExtensions}) and the Java interface ({@code ImageStatistics}).
 *
 * <p>What is summed and what follows from it is core's; here is only what makes it an aggregate
 * function of Spark. It needs no plugin, changes no setting of the session, and knows nothing of
 * the commands.
 */
package dev.syncnorm.spark.ml;
