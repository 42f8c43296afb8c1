package dev.syncnorm.testing;

import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.RowSums;
import dev.syncnorm.tensor.Shape;

/** Packed images as the planes that kernels and layers work on, and back. */
public final class WholeImages {

  private WholeImages() {}

  /** The planes of an image [channels, height, width]. */
  public static Planes planes(Shape shape, Planes.Margins margins, float[] packed) {
    Planes planes = Planes.whole(shape, margins);
    planes.set(packed);
    return planes;
  }

  /** The planes of an image without margins. */
  public static Planes planes(Shape shape, float[] packed) {
    return planes(shape, Planes.Margins.NONE, packed);
  }

  /** Planes without margins to be written. */
  public static Planes empty(Shape shape) {
    return Planes.whole(shape, Planes.Margins.NONE);
  }

  /** The image in planes, packed. */
  public static float[] packed(Planes planes) {
    float[] packed = new float[planes.shape().size()];
    planes.get(packed);
    return packed;
  }

  /** The sums over an image. */
  public static double[] sums(RowSums.OfOne sums, Planes x, int length) {
    sums.begin();
    sums.add(x, 0, x.shape().height());
    double[] result = new double[length];
    sums.finish(result, 0);
    return result;
  }
}
