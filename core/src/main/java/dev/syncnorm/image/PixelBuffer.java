package dev.syncnorm.image;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * The pixels of one image after another: a thread that decodes many keeps one buffer, which grows
 * to the largest, instead of allocating megabytes for each. Not thread-safe.
 */
public final class PixelBuffer {
  private byte[] bgr = new byte[0];
  private int width;
  private int height;

  /** The width of the image that was decoded last; 0 before the first. */
  public int width() {
    return width;
  }

  /** The height of the image that was decoded last; 0 before the first. */
  public int height() {
    return height;
  }

  /**
   * The buffer itself: its first 3 * height * width bytes are the image, as in {@link
   * DecodedImage}, until the next one is decoded; what follows is left over from larger ones.
   */
  public byte[] bgr() {
    return bgr;
  }

  /** Takes a copy of the pixels of a continuous matrix of type CV_8UC3. */
  void fill(Mat mat) {
    int size = Math.multiplyExact(mat.rows() * mat.cols(), DecodedImage.CHANNELS);
    if (bgr.length < size) {
      bgr = new byte[size];
    }
    width = mat.cols();
    height = mat.rows();
    try (BytePointer data = mat.data()) {
      data.get(bgr, 0, size);
    }
  }
}
