/**
 * The pages that show a run or the statistics of a data set: one HTML file with everything in it,
 * made from the run folder or stats.json alone.
 *
 * <p>What it reads it takes for possibly broken: sizes are limited, and a mistake is one line that
 * names the file. The size of a page depends on the network and the pictures, not on the length of
 * the run or the number of images. Nothing here trains, and nothing else depends on it.
 */
package dev.syncnorm.report;
