package dev.syncnorm.kernel;

/**
 * The arithmetic of one image. Activations are planar, [channels, height, width] in one array;
 * {@code pixels} is height times width. Outputs are overwritten, inputs are not changed, and an
 * output never shares its array with an input unless a method says that it may. Sums over pixels
 * are written as doubles at an offset of the caller's array, so that the partial sums of many
 * layers lie in one block.
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
   * @param bias [outputChannels], or of length 0 where the convolution has none
   */
  void convolution(
      ConvolutionGeometry geometry, float[] x, float[] weight, float[] bias, float[] y);

  /** dx = the gradient of sum(y dy) with respect to x. */
  void convolutionInputGradient(
      ConvolutionGeometry geometry, float[] dy, float[] weight, float[] dx);

  /**
   * The gradient of sum(y dy) with respect to the weights, at {@code gradient[offset ...]} in the
   * order of the weights.
   */
  void convolutionWeightGradient(
      ConvolutionGeometry geometry, float[] x, float[] dy, double[] gradient, int offset);

  /** The sum of each channel's values, [channels] at {@code sums[offset ...]}. */
  void channelSums(float[] x, int channels, int pixels, double[] sums, int offset);

  /**
   * The moments of each channel: its mean at {@code moments[offset + channel]} and its centred sum
   * of squares, sum((x - mean)^2), at {@code moments[offset + channels + channel]}. The latter is
   * never negative, and exactly 0 for a constant channel.
   */
  void moments(float[] x, int channels, int pixels, double[] moments, int offset);

  /**
   * y = (x - pivot) scale + shift with one rounding for the difference and one for the fused rest.
   * With pivot = the mean rounded to float32, nothing is lost for values far from zero. y may be x.
   *
   * @param pivot [channels], as are scale and shift
   */
  void normalize(
      float[] x, int channels, int pixels, float[] pivot, float[] scale, float[] shift, float[] y);

  /**
   * The sums of batch normalisation's backward pass: sum(dy) at {@code sums[offset + channel]} and
   * sum(dy (x - pivot)) at {@code sums[offset + channels + channel]}.
   */
  void batchNormGradientSums(
      float[] x, float[] dy, int channels, int pixels, float[] pivot, double[] sums, int offset);

  /**
   * dx = dyScale dy + (xScale (x - pivot) + shift), per channel. dx may be dy.
   *
   * @param pivot [channels], as are dyScale, xScale and shift
   */
  void batchNormInputGradient(
      float[] x,
      float[] dy,
      int channels,
      int pixels,
      float[] pivot,
      float[] dyScale,
      float[] xScale,
      float[] shift,
      float[] dx);

  /** sum = a + b over the first {@code size} values. sum may be a or b. */
  void add(float[] a, float[] b, int size, float[] sum);

  /** sum((y - target)^2) over the first {@code size} values. */
  double squaredError(float[] y, float[] target, int size);

  /** dy = factor (y - target) over the first {@code size} values. */
  void squaredErrorGradient(float[] y, float[] target, int size, float factor, float[] dy);
}
