/**
 * Listing and reading images through Hadoop's file system interface: local paths, {@code hdfs://},
 * {@code s3a://} and whatever else Hadoop opens.
 */
package dev.syncnorm.spark.dataset;
