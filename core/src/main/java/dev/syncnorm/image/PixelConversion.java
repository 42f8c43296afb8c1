package dev.syncnorm.image;

import java.util.List;
import java.util.Objects;

/**
 * The way between the bytes of an image and planar float32 values, [3, height, width].
 *
 * <p>forward: value = (byte / scale - mean) / std with the mean and std of its channel: three
 * operations in float64, then one rounding to float32. With mean 0 and std 1 that is the float32
 * quotient byte / scale, as a float64 quotient of two float32 numbers rounds to it.
 *
 * <p>back: byte = floor((value * std + mean) * scale + 1/2), the product in float64, rounded to
 * float32 before the half is added, clipped to [0, 255]; NaN gives 0. Every byte survives the way
 * there and back: the mean is among the values byte / scale, so that a value is off by no more than
 * 2^-24 of 255 / scale, or of a byte's width if the scale is above 255.
 *
 * <p>Immutable and thread-safe; a call allocates nothing but what it returns.
 */
public final class PixelConversion {
  private static final int GREATEST = 255;
  private static final List<Double> ZEROS = List.of(0.0, 0.0, 0.0);
  private static final List<Double> ONES = List.of(1.0, 1.0, 1.0);

  private final ChannelOrder order;
  private final float scale;
  private final double[] mean;
  private final double[] std;

  /** What each byte becomes, [plane][byte]. */
  private final float[][] values = new float[DecodedImage.CHANNELS][GREATEST + 1];

  /**
   * A conversion without mean and std.
   *
   * @param order the order of the planes
   * @param scale what bytes are divided by, finite and above 0
   */
  public PixelConversion(ChannelOrder order, float scale) {
    this(order, scale, ZEROS, ONES);
  }

  /**
   * A conversion.
   *
   * @param order the order of the planes
   * @param scale what bytes are divided by, finite and above 0
   * @param mean what is subtracted then, for each plane; from 0 to 255 / scale
   * @param std what is divided by at last, for each plane; above 0, and with finite values
   */
  public PixelConversion(ChannelOrder order, float scale, List<Double> mean, List<Double> std) {
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException("the scale is " + scale + "; expected a number above 0");
    }
    this.order = order;
    this.scale = scale;
    this.mean = mean.stream().mapToDouble(Double::doubleValue).toArray();
    this.std = std.stream().mapToDouble(Double::doubleValue).toArray();
    for (int plane = 0; plane < values.length; plane++) {
      if (!isMean(mean.get(plane), scale) || !isStd(std.get(plane), scale)) {
        throw new IllegalArgumentException(
            "mean %s and std %s for the scale %s".formatted(mean, std, scale));
      }
      for (int value = 0; value <= GREATEST; value++) {
        values[plane][value] =
            (float) (((double) value / scale - this.mean[plane]) / this.std[plane]);
      }
    }
  }

  /** Whether a number can be a mean: one from 0 to what 255 becomes. */
  public static boolean isMean(double mean, float scale) {
    return mean >= 0 && mean <= (double) GREATEST / scale;
  }

  /** Whether a number can be a std: one above 0 by which values stay finite. */
  public static boolean isStd(double std, float scale) {
    return std > 0
        && std <= Math.max(1, (double) GREATEST / scale)
        && (double) GREATEST / scale / std <= Float.MAX_VALUE;
  }

  /**
   * Writes an image's values into an array from {@code offset} on: 3 * height * width of them.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void toPlanar(DecodedImage image, float[] planar, int offset) {
    byte[] bgr = image.bgr();
    Objects.checkFromIndexSize(offset, bgr.length, planar.length);
    int pixels = bgr.length / DecodedImage.CHANNELS;
    int blue = offset + plane(0) * pixels;
    int green = offset + pixels;
    int red = offset + plane(2) * pixels;
    float[] blues = values[plane(0)];
    float[] greens = values[1];
    float[] reds = values[plane(2)];
    for (int i = 0, at = 0; i < pixels; i++, at += DecodedImage.CHANNELS) {
      planar[blue + i] = blues[bgr[at] & 0xff];
      planar[green + i] = greens[bgr[at + 1] & 0xff];
      planar[red + i] = reds[bgr[at + 2] & 0xff];
    }
  }

  /**
   * The image of the 3 * height * width values from {@code offset} on.
   *
   * @throws IndexOutOfBoundsException if there are fewer
   */
  public DecodedImage toImage(float[] planar, int offset, int width, int height) {
    int pixels = Math.multiplyExact(width, height);
    byte[] bgr = new byte[Math.multiplyExact(DecodedImage.CHANNELS, pixels)];
    Objects.checkFromIndexSize(offset, bgr.length, planar.length);
    for (int channel = 0; channel < DecodedImage.CHANNELS; channel++) {
      int plane = plane(channel);
      int from = offset + plane * pixels;
      for (int i = 0; i < pixels; i++) {
        bgr[DecodedImage.CHANNELS * i + channel] = toByte(planar[from + i], plane);
      }
    }
    return new DecodedImage(width, height, bgr);
  }

  private byte toByte(float value, int plane) {
    float exact = (float) ((value * std[plane] + mean[plane]) * scale);
    double rounded = Math.floor(exact + 0.5); // no float32 is so near an integer
    return (byte) (int) Math.max(0, Math.min(GREATEST, rounded)); // the cast makes NaN 0
  }

  /** Where the channel blue (0), green (1) or red (2) stands. */
  private int plane(int bgrChannel) {
    return order == ChannelOrder.BGR ? bgrChannel : DecodedImage.CHANNELS - 1 - bgrChannel;
  }
}
