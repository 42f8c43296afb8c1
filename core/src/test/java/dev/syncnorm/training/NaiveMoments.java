package dev.syncnorm.training;

import dev.syncnorm.testing.TinyTraining;

/** Batch moments of the tiny network's first convolution, all in float64 and by plain loops. */
final class NaiveMoments {

  private static final int INPUTS = 3;
  private static final int FILTERS = 4;
  private static final int HEIGHT = 4;
  private static final int WIDTH = 5;

  private NaiveMoments() {}

  /** Means, then population variances, over all images of a step's batch. */
  static double[][] ofFirstConvolution(TinyTraining training, float[][] parameters, long step)
      throws SampleException {
    int[] batch = training.schedule().batch(step);
    double[][][] outputs = new double[batch.length][][];
    for (int i = 0; i < batch.length; i++) {
      float[] image = new float[INPUTS * HEIGHT * WIDTH];
      training.samples().load(batch[i], image, new float[image.length]);
      outputs[i] = convolve(image, parameters[0], parameters[1]);
    }
    double count = batch.length * HEIGHT * WIDTH;
    double[] means = new double[FILTERS];
    double[] variances = new double[FILTERS];
    for (int f = 0; f < FILTERS; f++) {
      for (double[][] output : outputs) {
        for (double value : output[f]) {
          means[f] += value / count;
        }
      }
      for (double[][] output : outputs) {
        for (double value : output[f]) {
          variances[f] += (value - means[f]) * (value - means[f]) / count;
        }
      }
    }
    return new double[][] {means, variances};
  }

  private static double[][] convolve(float[] image, float[] weights, float[] bias) {
    double[][] output = new double[FILTERS][HEIGHT * WIDTH];
    for (int f = 0; f < FILTERS; f++) {
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          double sum = bias[f];
          for (int tap = 0; tap < INPUTS * 9; tap++) {
            int row = y + tap / 3 % 3 - 1;
            int column = x + tap % 3 - 1;
            if (row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH) {
              sum +=
                  (double) weights[f * INPUTS * 9 + tap]
                      * image[(tap / 9 * HEIGHT + row) * WIDTH + column];
            }
          }
          output[f][y * WIDTH + x] = sum;
        }
      }
    }
    return output;
  }
}
