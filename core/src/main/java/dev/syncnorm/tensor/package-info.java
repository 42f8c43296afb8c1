/**
 * Float tensors and the safetensors files that hold them.
 *
 * <p>Values are row-major; activations of one image are planar, [channels, height, width]. Nothing
 * here computes: arithmetic lives in {@code dev.syncnorm.kernel}.
 */
package dev.syncnorm.tensor;
