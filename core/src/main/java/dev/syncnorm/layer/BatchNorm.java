package dev.syncnorm.layer;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.layer.Parameter.Initializer;
import dev.syncnorm.layer.Parameter.Role;
import dev.syncnorm.tensor.Shape;
import java.util.List;

/**
 * Batch normalisation over N, H and W of the global batch (Ioffe and Szegedy 2015,
 * arXiv:1502.03167).
 *
 * <p>forward: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, x and y [N, C, H, W], the
 * rest [C]; variance is the population variance of the batch.
 *
 * <p>backward: dx = gamma invStd / m (m dy - sum(dy) - xHat sum(dy xHat)), dgamma = sum(dy xHat),
 * dbeta = sum(dy), with xHat = (x - mean) invStd and m = N H W of the global batch.
 *
 * <p>A constant channel has variance 0 and normalises to beta. Where formulas need {@code x -
 * mean}, the mean's float32 rounding, the pivot, is subtracted first, which is exact for values
 * near it, and the rest is made up for in the shift.
 *
 * @param decay the weight of the old value in the moving statistics, from 0 to 1
 * @param epsilon added to the variance
 */
public record BatchNorm(
    String name, Shape outputShape, double decay, double epsilon, RunningStatistics convention)
    implements Layer {

  /** Index of the parameter gamma; beta, moving mean and moving variance follow. */
  public static final int GAMMA = 0;

  /** Index of the parameter beta. */
  public static final int BETA = 1;

  /** Index of the parameter moving_mean. */
  public static final int MOVING_MEAN = 2;

  /** Index of the parameter moving_variance. */
  public static final int MOVING_VARIANCE = 3;

  /** Reads decay, epsilon and convention; notes mistakes there. */
  static BatchNorm read(String name, Settings settings, List<Shape> inputs) throws ShapeException {
    Shape x = Layers.single("batch-norm", inputs);
    double decay = settings.number("decay", 0.9, v -> v >= 0 && v <= 1, "a number from 0 to 1");
    double epsilon = settings.number("epsilon", 1e-5, v -> v >= 0 && v < 1, "a number from 0 to 1");
    return new BatchNorm(name, x, decay, epsilon, RunningStatistics.read(settings, "convention"));
  }

  @Override
  public String type() {
    return "batch-norm";
  }

  @Override
  public List<Parameter> parameters() {
    Shape channel = Shape.of(channels());
    return List.of(
        new Parameter("gamma", channel, Role.TRAINABLE, new Initializer.Constant(1)),
        new Parameter("beta", channel, Role.TRAINABLE, new Initializer.Constant(0)),
        new Parameter("moving_mean", channel, Role.MOVING, new Initializer.Constant(0)),
        new Parameter("moving_variance", channel, Role.MOVING, new Initializer.Constant(1)));
  }

  /** Four for the moments of each value (x - pivot, its sum, that of its square), three for y. */
  @Override
  public double forwardOperations() {
    return 7.0 * outputShape.size();
  }

  /** Whether a global batch of one image has no variance for the moving one to follow. */
  public boolean needsTwoImages() {
    return outputShape.pixels() == 1
        && convention.variance() == RunningStatistics.Variance.SAMPLE
        && convention.rule() != RunningStatistics.Rule.FROZEN;
  }

  /** The number of channels, C. */
  public int channels() {
    return outputShape.channels();
  }

  /**
   * Means and population variances that x is normalised by, in float64.
   *
   * @param count values per channel that they were taken over, m; 0 for moving statistics, which
   *     have no backward pass
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Moments(double count, double[] mean, double[] variance) {}

  /** The moving statistics as the moments of inference. */
  public static Moments movingMoments(float[][] parameters) {
    int channels = parameters[MOVING_MEAN].length;
    double[] mean = new double[channels];
    double[] variance = new double[channels];
    for (int c = 0; c < channels; c++) {
      mean[c] = parameters[MOVING_MEAN][c];
      variance[c] = parameters[MOVING_VARIANCE][c];
    }
    return new Moments(0, mean, variance);
  }

  /** One image's partial sums for the forward pass: means, then centred sums of squares, [2 C]. */
  public RowSums.OfOne partialMoments(Kernels kernels) {
    return kernels.moments(outputShape);
  }

  /**
   * What {@link #forward} multiplies by: y = (x - pivot) scale + shift, all [C].
   *
   * @param pivot the mean, rounded to float32
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Affine(float[] pivot, float[] scale, float[] shift) {}

  /** gamma invStd, [C]. */
  public double[] gain(float[][] parameters, Moments moments) {
    double[] gain = new double[channels()];
    for (int c = 0; c < gain.length; c++) {
      gain[c] = parameters[GAMMA][c] * invStd(moments, c);
    }
    return gain;
  }

  /** The coefficients of {@link #forward} by these moments. */
  public Affine affine(float[][] parameters, Moments moments) {
    int channels = channels();
    float[] pivot = pivot(moments);
    float[] scale = new float[channels];
    float[] shift = new float[channels];
    double[] gain = gain(parameters, moments);
    for (int c = 0; c < channels; c++) {
      scale[c] = (float) gain[c];
      shift[c] = (float) (parameters[BETA][c] + (pivot[c] - moments.mean()[c]) * gain[c]);
    }
    return new Affine(pivot, scale, shift);
  }

  /** y = gamma (x - mean) invStd + beta for rows of one image; y may be x. */
  public void forward(Kernels kernels, Affine affine, Planes x, Planes y, int from, int to) {
    kernels.normalize(x, affine.pivot(), affine.scale(), affine.shift(), y, from, to);
  }

  /**
   * One image's partial sums for the backward pass: sum(dy), then sum(dy (x - pivot)), [2 C]; the
   * first tensor is x, the second dy.
   */
  public RowSums.OfTwoAboutPivot partialGradientSums(Kernels kernels) {
    return kernels.batchNormGradientSums(outputShape);
  }

  /**
   * dgamma then dbeta, [2 C], from the global sums of {@link #partialGradientSums}.
   *
   * @param sums sum(dy) from {@code offset} on, then sum(dy (x - pivot))
   */
  public void parameterGradients(
      Moments moments, double[] sums, int offset, double[] gradients, int gradientOffset) {
    int channels = channels();
    for (int c = 0; c < channels; c++) {
      gradients[gradientOffset + c] = sumDyXHat(moments, sums, offset, c);
      gradients[gradientOffset + channels + c] = sums[offset + c];
    }
  }

  /**
   * The input gradient in float64: dx = dyScale dy + xScale (x - mean) + shift, all [C]; it takes
   * out of dy what is constant and what is along x.
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Projection(double[] dyScale, double[] xScale, double[] shift) {}

  /**
   * The input gradient.
   *
   * @param sums the global sums of {@link #partialGradientSums}, from {@code offset} on
   */
  public Projection projection(float[][] parameters, Moments moments, double[] sums, int offset) {
    int channels = channels();
    Projection projection =
        new Projection(new double[channels], new double[channels], new double[channels]);
    if (moments.count() == 1) {
      // The mean is the value itself: y does not depend on x, and all of dy is projected out. The
      // rounding noise of that difference would be enlarged by 1 / sqrt(epsilon), so it is 0 here.
      return projection;
    }
    for (int c = 0; c < channels; c++) {
      double invStd = invStd(moments, c);
      double gain = parameters[GAMMA][c] * invStd;
      projection.dyScale[c] = gain;
      projection.xScale[c] = -gain * invStd * sumDyXHat(moments, sums, offset, c) / moments.count();
      projection.shift[c] = -gain * sums[offset + c] / moments.count();
    }
    return projection;
  }

  /**
   * What {@link #backward} multiplies by: dx = dyScale dy + xScale (x - pivot) + shift, all [C].
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record GradientAffine(float[] pivot, float[] dyScale, float[] xScale, float[] shift) {}

  /** The coefficients of {@link #backward}. */
  public GradientAffine gradientAffine(Projection projection, Moments moments) {
    int channels = channels();
    float[] pivot = pivot(moments);
    float[] dyScale = new float[channels];
    float[] xScale = new float[channels];
    float[] shift = new float[channels];
    for (int c = 0; c < channels; c++) {
      double slope = projection.xScale[c];
      dyScale[c] = (float) projection.dyScale[c];
      xScale[c] = (float) slope;
      shift[c] = (float) (slope * (pivot[c] - moments.mean()[c]) + projection.shift[c]);
    }
    return new GradientAffine(pivot, dyScale, xScale, shift);
  }

  /** Rows of dx of one image; dx may be dy. */
  public void backward(
      Kernels kernels, GradientAffine affine, Planes x, Planes dy, Planes dx, int from, int to) {
    kernels.batchNormInputGradient(
        x, dy, affine.pivot(), affine.dyScale(), affine.xScale(), affine.shift(), dx, from, to);
  }

  /**
   * The sums of the backward pass, as {@link #partialGradientSums} gives them, where the network
   * ends with y + r and the loss is the mean of (y + r)^2: with x' = x - mean, dy = factor (gamma
   * invStd x' + beta + r), so sum(dy) = factor (m beta + sum(r)) and sum(dy x') = factor (gamma
   * invStd sum(x'^2) + sum(r x')). They need no pass over y.
   *
   * @param centredSumsOfSquares sum(x'^2), [C]
   * @param residuals from {@code offset} on [C] sum(r), then [C] sum(r (x - residualPivot))
   * @param factor 2 / elements of the network's output over the batch
   */
  public double[] gradientSumsOfResiduals(
      float[][] parameters,
      Moments moments,
      double[] centredSumsOfSquares,
      double[] residuals,
      int offset,
      float[] residualPivot,
      double factor) {
    int channels = channels();
    double[] sums = new double[2 * channels];
    for (int c = 0; c < channels; c++) {
      double mean = moments.mean()[c];
      double sumOfR = residuals[offset + c];
      double aboutMean = residuals[offset + channels + c] + (residualPivot[c] - mean) * sumOfR;
      double sumOfDy = factor * (moments.count() * parameters[BETA][c] + sumOfR);
      double sumOfDyX =
          factor
              * (parameters[GAMMA][c] * invStd(moments, c) * centredSumsOfSquares[c] + aboutMean);
      sums[c] = sumOfDy;
      // The sums of others are about the mean rounded to float32.
      sums[channels + c] = sumOfDyX + (mean - (float) mean) * sumOfDy;
    }
    return sums;
  }

  /**
   * Moves the moving mean and variance towards the moments of a committed batch.
   *
   * @param centredSumsOfSquares [C], of the same batch as the moments
   * @param update the number of this update of this layer, from 1
   * @param movingMean changed, as is movingVariance; float32 is what resumes
   */
  public void updateMoving(
      Moments moments,
      double[] centredSumsOfSquares,
      long update,
      float[] movingMean,
      float[] movingVariance) {
    double weight = convention.weight(decay, update);
    if (weight == 0) {
      return;
    }
    for (int c = 0; c < channels(); c++) {
      double variance = convention.batchVariance(moments.count(), centredSumsOfSquares[c]);
      movingMean[c] = (float) moved(movingMean[c], moments.mean()[c], weight);
      movingVariance[c] = (float) moved(movingVariance[c], variance, weight);
    }
  }

  private static double moved(double moving, double batch, double weight) {
    return (1 - weight) * moving + weight * batch;
  }

  /** sum(dy xHat) = invStd (sum(dy (x - pivot)) + (pivot - mean) sum(dy)). */
  private double sumDyXHat(Moments moments, double[] sums, int offset, int channel) {
    double mean = moments.mean()[channel];
    double aboutMean =
        sums[offset + channels() + channel] + ((float) mean - mean) * sums[offset + channel];
    return invStd(moments, channel) * aboutMean;
  }

  private double invStd(Moments moments, int channel) {
    return 1 / Math.sqrt(moments.variance()[channel] + epsilon);
  }

  /** The means rounded to float32, which x is taken about. */
  public static float[] pivot(Moments moments) {
    float[] pivot = new float[moments.mean().length];
    for (int c = 0; c < pivot.length; c++) {
      pivot[c] = (float) moments.mean()[c];
    }
    return pivot;
  }
}
