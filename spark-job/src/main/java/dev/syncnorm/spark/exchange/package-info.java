/**
 * The Spark plugin that carries partial sums between executors and driver.
 *
 * <p>It moves bytes and knows no mathematics: requests of {@code dev.syncnorm.exchange} travel by
 * the plugin RPC, which Spark's authentication and encryption settings protect; large results by
 * broadcast variables. Its endpoints are the one static state of the program.
 */
package dev.syncnorm.spark.exchange;
