package dev.syncnorm.kernel;

import java.util.Random;

/** Seeded data and convolutions for the tests. */
final class RandomData {
  private RandomData() {}

  static float[] gaussian(Random random, int size) {
    return gaussian(random, size, 0, 1);
  }

  static float[] gaussian(Random random, int size, double mean, double deviation) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return values;
  }

  /** Widths 1 to 70, kernels 1 to 7, channels 1 to 20, groups, strides, dilations, paddings. */
  static ConvolutionGeometry geometry(Random random) {
    while (true) {
      int groups = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
      int inputs = groups * (1 + random.nextInt(20 / groups));
      int outputs = groups * (1 + random.nextInt(20 / groups));
      try {
        return new ConvolutionGeometry(
            inputs,
            1 + random.nextInt(20),
            1 + random.nextInt(70),
            outputs,
            1 + random.nextInt(7),
            1 + random.nextInt(7),
            random.nextInt(2) == 0 ? 1 : 1 + random.nextInt(3),
            random.nextInt(2) == 0 ? 1 : 1 + random.nextInt(3),
            groups,
            random.nextInt(5),
            random.nextInt(5),
            random.nextInt(5),
            random.nextInt(5));
      } catch (IllegalArgumentException kernelDoesNotFit) {
        continue;
      }
    }
  }

  static int inputSize(ConvolutionGeometry g) {
    return g.inputChannels() * g.inputHeight() * g.inputWidth();
  }

  static int outputSize(ConvolutionGeometry g) {
    return g.outputChannels() * g.outputHeight() * g.outputWidth();
  }

  static int weightSize(ConvolutionGeometry g) {
    return g.outputChannels()
        * (g.inputChannels() / g.groups())
        * g.kernelHeight()
        * g.kernelWidth();
  }
}
