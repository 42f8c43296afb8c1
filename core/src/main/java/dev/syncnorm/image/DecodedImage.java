package dev.syncnorm.image;

/**
 * The pixels of an image, 8 bits a channel. The array is not copied; whoever shares an image agrees
 * not to write to it.
 *
 * @param width pixels
 * @param height pixels
 * @param bgr height * width pixels in rows from the top, each blue, green, red, as unsigned bytes
 */
@SuppressWarnings("ArrayRecordComponent") // an image is its pixels; nothing compares two of them
public record DecodedImage(int width, int height, byte[] bgr) {
  /** Blue, green, red. */
  public static final int CHANNELS = 3;

  /** Checks that there are as many bytes as the extents say. */
  public DecodedImage {
    if (width < 1 || height < 1 || (long) CHANNELS * width * height != bgr.length) {
      throw new IllegalArgumentException(
          "an image of " + width + "x" + height + " pixels has " + bgr.length + " bytes");
    }
  }
}
