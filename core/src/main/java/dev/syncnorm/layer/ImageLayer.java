package dev.syncnorm.layer;

import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.kernel.RowWindow;
import java.util.Optional;

/**
 * A layer whose output for an image depends on that image and the parameters alone. It works on
 * runs of rows: the plan cuts an image into bands and drives them through layer after layer while
 * they are in the cache, so a layer says which rows it reads and keeps nothing between two calls.
 */
public sealed interface ImageLayer extends Layer permits Convolution, Add, Relu {

  /** The rows of the inputs that rows of the output are made of. */
  default RowWindow inputRows() {
    return RowWindow.SAME;
  }

  /** The zeros around the inputs that {@link #forward} reads. */
  default Planes.Margins inputMargins() {
    return Planes.Margins.NONE;
  }

  /**
   * Computes rows of one image's output.
   *
   * @param parameters the values of {@link #parameters()}
   * @param output rows from {@code from} to before {@code to} are overwritten
   */
  void forward(
      Kernels kernels, float[][] parameters, Planes[] inputs, Planes output, int from, int to);

  /** How the gradient of an input comes about. */
  enum InputGradient {
    /** It is the output's gradient; {@link #inputGradient} is never called. */
    PASSED_ON,
    /** Of the output's gradient and the parameters. */
    OF_GRADIENT,
    /** Of the output's gradient and the output itself, whose same rows are read. */
    OF_GRADIENT_AND_OUTPUT
  }

  /** What {@link #inputGradient} needs. */
  InputGradient inputGradientKind();

  /** The rows of the output's gradient that rows of an input's gradient are made of. */
  default RowWindow outputGradientRows() {
    return RowWindow.SAME;
  }

  /** The zeros around the output's gradient that {@link #inputGradient} reads. */
  default Planes.Margins outputGradientMargins() {
    return Planes.Margins.NONE;
  }

  /**
   * Computes rows of the gradient of one input of one image.
   *
   * @param input which one
   * @param output if {@link #inputGradientKind} asks for it
   * @param inputGradient rows from {@code from} to before {@code to} are overwritten
   */
  void inputGradient(
      Kernels kernels,
      float[][] parameters,
      int input,
      Optional<Planes> output,
      Planes outputGradient,
      Planes inputGradient,
      int from,
      int to);

  /**
   * One image's gradients of the trainable parameters, in their order; none without any. The first
   * tensor is the input, of which a layer with parameters has one, the second the output's
   * gradient.
   */
  default Optional<RowSums.OfTwo> parameterGradients(Kernels kernels) {
    return Optional.empty();
  }
}
