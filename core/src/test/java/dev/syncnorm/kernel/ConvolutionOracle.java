package dev.syncnorm.kernel;

/**
 * A convolution and its gradients in double precision for the tests, written as a scatter: every
 * product is visited once and added wherever it belongs. It shares no code and no loop order with
 * the implementations. Beside each value stands the sum of the magnitudes of its terms, from which
 * tolerances are derived, and how many terms there are at most.
 */
final class ConvolutionOracle {
  final double[] y;
  final double[] yMagnitude;
  final double[] dx;
  final double[] dxMagnitude;
  final double[] gradient;
  final double[] gradientMagnitude;

  ConvolutionOracle(ConvolutionGeometry g, float[] x, float[] weight, float[] bias, float[] dy) {
    int rows = g.outputHeight();
    int columns = g.outputWidth();
    int kernelSize = g.kernelHeight() * g.kernelWidth();
    int groupInputs = g.inputChannels() / g.groups();
    int groupOutputs = g.outputChannels() / g.groups();
    y = new double[dy.length];
    yMagnitude = new double[dy.length];
    dx = new double[x.length];
    dxMagnitude = new double[x.length];
    gradient = new double[weight.length];
    gradientMagnitude = new double[weight.length];
    for (int at = 0; at < dy.length && bias.length > 0; at++) {
      y[at] = bias[at / (rows * columns)];
      yMagnitude[at] = Math.abs(y[at]);
    }
    for (int w = 0; w < weight.length; w++) {
      int kc = w % g.kernelWidth();
      int kr = w / g.kernelWidth() % g.kernelHeight();
      int o = w / kernelSize / groupInputs;
      int i = o / groupOutputs * groupInputs + w / kernelSize % groupInputs;
      for (int r = 0; r < rows; r++) {
        int xr = r * g.stride() + kr * g.dilation() - g.top();
        for (int c = 0; c < columns; c++) {
          int xc = c * g.stride() + kc * g.dilation() - g.left();
          if (xr < 0 || xr >= g.inputHeight() || xc < 0 || xc >= g.inputWidth()) {
            continue;
          }
          int from = (i * g.inputHeight() + xr) * g.inputWidth() + xc;
          int to = (o * rows + r) * columns + c;
          add(y, yMagnitude, to, (double) weight[w] * x[from]);
          add(dx, dxMagnitude, from, (double) weight[w] * dy[to]);
          add(gradient, gradientMagnitude, w, (double) dy[to] * x[from]);
        }
      }
    }
  }

  private static void add(double[] values, double[] magnitudes, int at, double term) {
    values[at] += term;
    magnitudes[at] += Math.abs(term);
  }
}
