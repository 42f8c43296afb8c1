/**
 * Listing and reading images through Hadoop's file system interface: local paths, {@code hdfs://},
 * {@code s3a://} and whatever else Hadoop opens. What happens to bad ones, and the folder they are
 * copied to, and run folders that are not on a local disk. {@link ImageInputs} is where the images
 * of a data set come from: files, archives, tables. What an image is good for belongs to the jobs.
 */
package dev.syncnorm.spark.dataset;
