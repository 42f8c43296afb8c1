package dev.syncnorm.layer;

import dev.syncnorm.kernel.ConvolutionGeometry;
import java.util.Arrays;
import java.util.Optional;

/**
 * First and second moments of the patches of x that a convolution without groups sees, over all
 * positions of its output and all images of a batch: sum(p) and sum(p p^T) with p [T], T = C K K,
 * in the order of a filter's weights. They depend on the data alone, and these things follow from
 * them exactly, as z = W p + bias is linear in p:
 *
 * <p>the moments of z: mean(z_o) = W_o mean(p) + bias_o, and the centred sum of squares W_o M W_o^T
 * with M = sum(p p^T) - sum(p) sum(p)^T / m, m positions;
 *
 * <p>the batch norm of z as a convolution: gamma (z - mean) invStd + beta = W' p + bias' with W' =
 * gamma invStd W and bias' = beta - W' mean(p);
 *
 * <p>the weight gradient behind a batch norm: with the batch norm's dz = a dy + b (z - mean) + c
 * for each channel, sum(dz p^T) = a sum(dy p^T) + b (W sum(p p^T) + (bias - mean) sum(p)^T) + c
 * sum(p)^T, so that only sum(dy p^T) needs another pass over the images;
 *
 * <p>the batch norm's own sums: sum(dy (z - mean)) = W sum(dy p^T)^T + (bias - mean) sum(dy). Where
 * patches are far from zero for their spread, these cancel, as the weight gradient itself does: the
 * rounding of sum(dy p^T), about 2^-24 sum(|dy| |p|) at most, stays.
 *
 * <p>All sums are in float64. A centred sum of squares that is below its own rounding error is 0.
 */
public final class PatchMoments {

  /** Half an ulp of a bias of so many standard deviations is 4e-6 of one. */
  private static final double MOST_DEVIATIONS = 64;

  private final int taps;
  private final double count;
  private final double[] sums;

  /**
   * From {@code sums[offset ...]}: [T] sums, then the upper triangle of the [T, T] sums of products
   * by rows.
   *
   * @param count positions that were summed over, m
   */
  public PatchMoments(ConvolutionGeometry geometry, double count, double[] sums, int offset) {
    this.taps = taps(geometry);
    this.count = count;
    this.sums = Arrays.copyOfRange(sums, offset, offset + length(geometry));
  }

  /** The number of values of a patch, T. */
  public static int taps(ConvolutionGeometry geometry) {
    return geometry.inputChannels() * geometry.kernelHeight() * geometry.kernelWidth();
  }

  /** The number of sums. */
  public static int length(ConvolutionGeometry geometry) {
    int taps = taps(geometry);
    return taps + taps * (taps + 1) / 2;
  }

  private double product(int a, int b) {
    int row = Math.min(a, b);
    int column = Math.max(a, b);
    return sums[taps + row * taps - row * (row - 1) / 2 + column - row];
  }

  /**
   * Means, then centred sums of squares of the convolution's output, [2 O].
   *
   * @param weight [O, C, K, K]
   * @param bias [O], or of length 0
   */
  public double[] outputMoments(float[] weight, float[] bias) {
    int channels = weight.length / taps;
    double[] moments = new double[2 * channels];
    for (int o = 0; o < channels; o++) {
      double mean = 0;
      for (int t = 0; t < taps; t++) {
        mean += weight[o * taps + t] * (sums[t] / count);
      }
      double squares = 0;
      double magnitude = 0;
      for (int t = 0; t < taps; t++) {
        for (int u = 0; u < taps; u++) {
          double weights = (double) weight[o * taps + t] * weight[o * taps + u];
          squares += weights * (product(t, u) - sums[t] * (sums[u] / count));
          magnitude += Math.abs(weights * product(t, u));
        }
      }
      moments[o] = mean + (bias.length > 0 ? bias[o] : 0);
      boolean isRounding = squares <= Math.scalb(taps * magnitude, -50);
      moments[channels + o] = isRounding ? 0 : squares;
    }
    return moments;
  }

  /** The number of gradients that a convolution sends: [O, T] sum(dy p^T), then [O] sum(dy). */
  public static int gradientsLength(ConvolutionGeometry geometry) {
    return geometry.outputChannels() * (taps(geometry) + 1);
  }

  /**
   * The parameters of the convolution that computes the batch norm's output: weights, then biases.
   * The biases make up for the rounding of the weights, so that the mean stays where it belongs, up
   * to the biases' own rounding.
   *
   * <p>None where that is too much: where a bias takes the mean of the convolution's output to 0
   * that is more than {@link #MOST_DEVIATIONS} standard deviations away. Then the output must be
   * taken about its mean before it is multiplied.
   *
   * @param gamma of the batch norm, [O]
   * @param gain gamma invStd of the batch norm, [O]
   * @param beta of the batch norm, [O]
   */
  public Optional<float[][]> normalized(
      float[] weight, float[] gamma, double[] gain, float[] beta) {
    float[] weights = new float[weight.length];
    float[] biases = new float[gain.length];
    for (int o = 0; o < gain.length; o++) {
      double mean = 0;
      for (int t = 0; t < taps; t++) {
        int at = o * taps + t;
        weights[at] = (float) (gain[o] * weight[at]);
        mean += weights[at] * (sums[t] / count);
      }
      biases[o] = (float) (beta[o] - mean);
      if (Math.abs(mean) > MOST_DEVIATIONS * Math.abs(gamma[o])) {
        return Optional.empty();
      }
    }
    return Optional.of(new float[][] {weights, biases});
  }

  /**
   * The sums of the batch norm's backward pass, as {@link BatchNorm#partialGradientSums} gives
   * them, from what the convolution sends.
   *
   * @param pivot that the convolution's output is taken about, [O]
   * @param gradients from {@code offset} on [O, T] sum(dy p^T), then [O] sum(dy)
   */
  public double[] normGradientSums(
      float[] weight, float[] bias, float[] pivot, double[] gradients, int offset) {
    int channels = pivot.length;
    double[] normSums = new double[2 * channels];
    for (int o = 0; o < channels; o++) {
      double sum = gradients[offset + channels * taps + o];
      double product = ((bias.length > 0 ? bias[o] : 0) - (double) pivot[o]) * sum;
      for (int t = 0; t < taps; t++) {
        product += weight[o * taps + t] * gradients[offset + o * taps + t];
      }
      normSums[o] = sum;
      normSums[channels + o] = product;
    }
    return normSums;
  }

  /**
   * Turns sum(dy p^T) into the gradient of the weights.
   *
   * @param projection the batch norm's input gradient
   * @param mean of the convolution's output, [O]
   * @param gradients sum(dy p^T) from {@code offset} on, [O, T]; overwritten
   */
  public void projectWeightGradient(
      BatchNorm.Projection projection,
      double[] mean,
      float[] weight,
      float[] bias,
      double[] gradients,
      int offset) {
    for (int o = 0; o < mean.length; o++) {
      double constant = (bias.length > 0 ? bias[o] : 0) - mean[o];
      for (int t = 0; t < taps; t++) {
        double centred = constant * sums[t];
        for (int u = 0; u < taps; u++) {
          centred += weight[o * taps + u] * product(u, t);
        }
        int at = offset + o * taps + t;
        gradients[at] =
            projection.dyScale()[o] * gradients[at]
                + projection.xScale()[o] * centred
                + projection.shift()[o] * sums[t];
      }
    }
  }
}
