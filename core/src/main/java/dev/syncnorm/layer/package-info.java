/**
 * The layers, each with its settings, shapes, forward and backward side by side.
 *
 * <p>A layer works on one image at a time through {@code Kernels}; batch normalisation alone sees
 * more than its image, and only as sums that somebody else has added. No layer knows threads, the
 * graph or a cluster.
 */
package dev.syncnorm.layer;
