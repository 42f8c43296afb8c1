package dev.syncnorm.layer;

import dev.syncnorm.kernel.Kernels;

/** A layer whose output for an image depends on that image and the parameters alone. */
public sealed interface ImageLayer extends Layer permits Convolution, Add {

  /**
   * Computes one image's output.
   *
   * @param parameters the values of {@link #parameters()}
   * @param inputs one array for each input
   * @param output overwritten
   */
  void forward(Kernels kernels, float[][] parameters, float[][] inputs, float[] output);

  /**
   * Propagates one image's gradients.
   *
   * @param inputs as in {@link #forward}
   * @param outputGradient the gradient with respect to the output
   * @param inputGradients overwritten; an array of length 0 stands for a gradient that nobody needs
   * @param gradients takes the gradients of the trainable parameters, one after the other, from
   *     {@code offset} on
   */
  void backward(
      Kernels kernels,
      float[][] parameters,
      float[][] inputs,
      float[] outputGradient,
      float[][] inputGradients,
      double[] gradients,
      int offset);
}
