/**
 * The command line: one class a command. Commands check their options and configuration in full,
 * start Spark, run a job and print; they compute nothing.
 */
package dev.syncnorm.spark.cli;
