/**
 * The data set of a training: inputs paired with targets, the index that fixes it, and the samples
 * that workers read.
 *
 * <p>Where bytes come from is behind {@link dev.syncnorm.data.ByteSource}; listing folders and file
 * systems belong to the caller.
 */
package dev.syncnorm.data;
