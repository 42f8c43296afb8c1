/**
 * The page that shows a run: one HTML file with everything in it, made from the run folder alone.
 *
 * <p>What it reads it takes for possibly broken: sizes are limited, and a mistake is one line that
 * names the file. The size of the page depends on the network and the pictures, not on the length
 * of the run. Nothing here trains, and nothing else depends on it.
 */
package dev.syncnorm.report;
