package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;

/**
 * The sizes of one two-dimensional convolution (cross-correlation, as all frameworks call
 * convolution).
 *
 * <p>x is [inputChannels, inputHeight, inputWidth], weights are [outputChannels, inputChannels /
 * groups, kernelHeight, kernelWidth], y is [outputChannels, outputHeight, outputWidth] with
 * outputHeight = (inputHeight + top + bottom - dilation (kernelHeight - 1) - 1) / stride + 1,
 * rounded down, and the width likewise. Padding is with zeros.
 */
public record ConvolutionGeometry(
    int inputChannels,
    int inputHeight,
    int inputWidth,
    int outputChannels,
    int kernelHeight,
    int kernelWidth,
    int stride,
    int dilation,
    int groups,
    int top,
    int bottom,
    int left,
    int right) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if a size is out of range or the kernel does not fit
   */
  public ConvolutionGeometry {
    requirePositive(inputChannels, "input channels");
    requirePositive(inputHeight, "input height");
    requirePositive(inputWidth, "input width");
    requirePositive(outputChannels, "filters");
    requirePositive(kernelHeight, "kernel height");
    requirePositive(kernelWidth, "kernel width");
    requirePositive(stride, "stride");
    requirePositive(dilation, "dilation");
    requirePositive(groups, "groups");
    if (inputChannels % groups != 0 || outputChannels % groups != 0) {
      throw new IllegalArgumentException(
          "groups is %d, which does not divide both %d input channels and %d filters"
              .formatted(groups, inputChannels, outputChannels));
    }
    if (Math.min(Math.min(top, bottom), Math.min(left, right)) < 0) {
      throw new IllegalArgumentException("a padding is below 0");
    }
    if (inputHeight + top + bottom < dilation * (kernelHeight - 1) + 1
        || inputWidth + left + right < dilation * (kernelWidth - 1) + 1) {
      throw new IllegalArgumentException(
          "a kernel of %dx%d with dilation %d does not fit the padded input of %dx%d"
              .formatted(
                  kernelHeight,
                  kernelWidth,
                  dilation,
                  inputHeight + top + bottom,
                  inputWidth + left + right));
    }
  }

  private static void requirePositive(int value, String what) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " is " + value + ", expected 1 or more");
    }
  }

  /** The height of y. */
  public int outputHeight() {
    return (inputHeight + top + bottom - dilation * (kernelHeight - 1) - 1) / stride + 1;
  }

  /** The width of y. */
  public int outputWidth() {
    return (inputWidth + left + right - dilation * (kernelWidth - 1) - 1) / stride + 1;
  }

  /** The shape of x. */
  public Shape inputShape() {
    return Shape.of(inputChannels, inputHeight, inputWidth);
  }

  /** The shape of y. */
  public Shape outputShape() {
    return Shape.of(outputChannels, outputHeight(), outputWidth());
  }

  /** The shape of the weights. */
  public Shape weightShape() {
    return Shape.of(outputChannels, inputChannels / groups, kernelHeight, kernelWidth);
  }

  /** The zeros around x that {@link Kernels#convolution} reads. */
  public Planes.Margins inputMargins() {
    RowWindow rows = inputRows();
    return new Planes.Margins(
        top, Math.max(0, rows.end(outputHeight()) - inputHeight), left, columnsBeyondInput());
  }

  private int columnsBeyondInput() {
    return Math.max(
        0, (outputWidth() - 1) * stride - left + dilation * (kernelWidth - 1) + 1 - inputWidth);
  }

  /** The zeros around dy that {@link Kernels#convolutionInputGradient} reads. */
  public Planes.Margins outputGradientMargins() {
    RowWindow rows = outputGradientRows();
    return new Planes.Margins(
        Math.max(0, -rows.first(0)),
        Math.max(0, rows.end(inputHeight) - outputHeight()),
        Math.max(0, Math.floorDiv(dilation * (kernelWidth - 1) - left, stride)),
        Math.max(0, Math.floorDiv(inputWidth - 1 + left, stride) + 1 - outputWidth()));
  }

  /** The rows of x that rows of y are made of. */
  public RowWindow inputRows() {
    return new RowWindow() {
      @Override
      public int first(int from) {
        return from * stride - top;
      }

      @Override
      public int end(int to) {
        return (to - 1) * stride - top + dilation * (kernelHeight - 1) + 1;
      }
    };
  }

  /** The rows of dy that rows of dx are made of. */
  public RowWindow outputGradientRows() {
    return new RowWindow() {
      @Override
      public int first(int from) {
        return -Math.floorDiv(dilation * (kernelHeight - 1) - top - from, stride);
      }

      @Override
      public int end(int to) {
        return Math.floorDiv(to - 1 + top, stride) + 1;
      }
    };
  }
}
