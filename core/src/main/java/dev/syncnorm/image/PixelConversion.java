package dev.syncnorm.image;

import java.util.Objects;

/**
 * The way between the bytes of an image and planar float32 values, [3, height, width].
 *
 * <p>forward: value = byte / scale, the float32 quotient of two float32 numbers.
 *
 * <p>back: byte = floor(value * scale + 1/2), the product in float32, clipped to [0, 255]; NaN
 * gives 0. Every byte survives the way there and back.
 *
 * <p>Immutable and thread-safe; a call allocates nothing but what it returns.
 */
public final class PixelConversion {
  private final ChannelOrder order;
  private final float scale;
  private final float[] quotients = new float[256];

  /**
   * A conversion.
   *
   * @param order the order of the planes
   * @param scale what bytes are divided by, finite and above 0
   */
  public PixelConversion(ChannelOrder order, float scale) {
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException("the scale is " + scale + "; expected a number above 0");
    }
    this.order = order;
    this.scale = scale;
    for (int value = 0; value < quotients.length; value++) {
      quotients[value] = value / scale;
    }
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
    for (int i = 0, at = 0; i < pixels; i++, at += DecodedImage.CHANNELS) {
      planar[blue + i] = quotients[bgr[at] & 0xff];
      planar[green + i] = quotients[bgr[at + 1] & 0xff];
      planar[red + i] = quotients[bgr[at + 2] & 0xff];
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
      int from = offset + plane(channel) * pixels;
      for (int i = 0; i < pixels; i++) {
        bgr[DecodedImage.CHANNELS * i + channel] = toByte(planar[from + i]);
      }
    }
    return new DecodedImage(width, height, bgr);
  }

  private byte toByte(float value) {
    double rounded = Math.floor((double) (value * scale) + 0.5); // no float32 is so near an integer
    return (byte) (int) Math.max(0, Math.min(255, rounded)); // the cast makes NaN 0
  }

  /** Where the channel blue (0), green (1) or red (2) stands. */
  private int plane(int bgrChannel) {
    return order == ChannelOrder.BGR ? bgrChannel : DecodedImage.CHANNELS - 1 - bgrChannel;
  }
}
