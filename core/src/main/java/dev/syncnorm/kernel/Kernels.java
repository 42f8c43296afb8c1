package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;

/**
 * The arithmetic of one image, by runs of its rows. Tensors are {@link Planes}; every method
 * computes the rows of its result from {@code from} to before {@code to} and reads the rows of its
 * operands that those are made of, which must be in their windows. Results are overwritten,
 * operands are not changed, and a result never shares its array with an operand unless a method
 * says that it may. How an image is cut into runs of rows has no effect on any bit.
 *
 * <p>An instance keeps scratch memory and belongs to one thread. The result of every method depends
 * on its arguments alone.
 *
 * <p>NaN and infinities follow IEEE 754 and are never hidden: where exact arithmetic gives no
 * finite result, neither do these methods. They may spread further where an implementation
 * multiplies by a zero that the formula leaves out: an infinite or NaN weight may make NaN at a
 * border, and a value that is not finite may make NaN of more weight gradients of its channel than
 * it has a part in.
 */
public interface Kernels {

  /**
   * y[o, r, c] = bias[o] + sum over i, kr, kc of weight[o, i, kr, kc] x[i, r stride + kr dilation -
   * top, c stride + kc dilation - left].
   *
   * @param x with margins of at least {@link ConvolutionGeometry#inputMargins}
   * @param bias [outputChannels], or of length 0 where the convolution has none
   */
  void convolution(
      ConvolutionGeometry geometry,
      Planes x,
      float[] weight,
      float[] bias,
      Planes y,
      int from,
      int to);

  /** {@link #convolution}, then y = max(y, 0); NaN stays NaN. */
  default void rectifiedConvolution(
      ConvolutionGeometry geometry,
      Planes x,
      float[] weight,
      float[] bias,
      Planes y,
      int from,
      int to) {
    convolution(geometry, x, weight, bias, y, from, to);
    relu(y, y, from, to);
  }

  /**
   * dx = the gradient of sum(y dy) with respect to x.
   *
   * @param dy with margins of at least {@link ConvolutionGeometry#outputGradientMargins}
   */
  void convolutionInputGradient(
      ConvolutionGeometry geometry, Planes dy, float[] weight, Planes dx, int from, int to);

  /**
   * The gradient of sum(y dy) with respect to the weights, in their order. Rows are those of dy,
   * the second tensor; the first is x, with margins of at least {@link
   * ConvolutionGeometry#inputMargins}.
   */
  RowSums.OfTwo convolutionWeightGradient(ConvolutionGeometry geometry);

  /** {@link #convolutionWeightGradient}, then [outputChannels] the sums of dy's channels. */
  default RowSums.OfTwo convolutionGradients(ConvolutionGeometry geometry) {
    RowSums.OfTwo weights = convolutionWeightGradient(geometry);
    RowSums.OfOne channels = channelSums(geometry.outputShape());
    return new RowSums.OfTwo() {
      @Override
      public void begin() {
        weights.begin();
        channels.begin();
      }

      @Override
      public void add(Planes x, Planes dy, int from, int to) {
        weights.add(x, dy, from, to);
        channels.add(dy, from, to);
      }

      @Override
      public void finish(double[] sums, int offset) {
        weights.finish(sums, offset);
        channels.finish(sums, offset + geometry.weightShape().size());
      }
    };
  }

  /**
   * The moments of the patches of x, [T] values each in the order of a filter's weights, in
   * float64: [T] sums, then by rows the upper triangle of the [T, T] sums of products. Rows are
   * those of the convolution's output; x has margins of at least {@link
   * ConvolutionGeometry#inputMargins}, and the geometry one group.
   */
  RowSums.OfOne patchMoments(ConvolutionGeometry geometry);

  /** The sum of each channel's values, [channels]. */
  RowSums.OfOne channelSums(Shape shape);

  /**
   * The moments of each channel: [channels] means, then [channels] centred sums of squares, sum((x
   * - mean)^2). The latter are never negative, and exactly 0 for a constant channel.
   */
  RowSums.OfOne moments(Shape shape);

  /**
   * The sums of batch normalisation's backward pass over x and dy: [channels] sum(dy), then
   * [channels] sum(dy (x - pivot)).
   */
  RowSums.OfTwoAboutPivot batchNormGradientSums(Shape shape);

  /** The sum of (y - target)^2 over all values: one double. */
  RowSums.OfTwo squaredError(Shape shape);

  /**
   * y = (x - pivot) scale + shift with one rounding for the difference and one for the fused rest.
   * With pivot = the mean rounded to float32, nothing is lost for values far from zero. y may be x.
   *
   * @param pivot [channels], as are scale and shift
   */
  void normalize(Planes x, float[] pivot, float[] scale, float[] shift, Planes y, int from, int to);

  /**
   * dx = dyScale dy + (xScale (x - pivot) + shift), per channel. dx may be dy.
   *
   * @param pivot [channels], as are dyScale, xScale and shift
   */
  void batchNormInputGradient(
      Planes x,
      Planes dy,
      float[] pivot,
      float[] dyScale,
      float[] xScale,
      float[] shift,
      Planes dx,
      int from,
      int to);

  /** sum = a + b. sum may be a or b. */
  void add(Planes a, Planes b, Planes sum, int from, int to);

  /** y = max(x, 0); NaN stays NaN. y may be x. */
  void relu(Planes x, Planes y, int from, int to);

  /** dx = dy where y is above 0 or NaN, and 0 elsewhere. dx may be dy. */
  void reluGradient(Planes y, Planes dy, Planes dx, int from, int to);

  /** dy = factor (y - target). dy may be y. */
  void squaredErrorGradient(Planes y, Planes target, float factor, Planes dy, int from, int to);
}
