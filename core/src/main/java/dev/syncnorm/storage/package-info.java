/**
 * Folders of files wherever they are, and what holds of their files after a crash.
 *
 * <p>Here are the interface and the local disk; a cluster's storages belong to those who know them.
 * What the files mean is not known here.
 */
package dev.syncnorm.storage;
