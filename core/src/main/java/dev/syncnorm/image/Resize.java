package dev.syncnorm.image;

import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;

/** Changes the size of images. */
public final class Resize {
  private Resize() {}

  /**
   * OpenCV's INTER_LINEAR: bilinear between pixel centres, edges repeated, no smoothing when it
   * shrinks, in fixed point with weights of 11 bits. An image that has the size already is returned
   * itself. Thread-safe.
   *
   * @param width pixels of the result, at least 1
   * @param height pixels of the result, at least 1
   */
  public static DecodedImage bilinear(DecodedImage image, int width, int height) {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "an image cannot be resized to " + width + "x" + height + " pixels");
    }
    if (image.width() == width && image.height() == height) {
      return image;
    }
    OpenCv.load();
    return OpenCv.withMat(
        image,
        source -> {
          try (Mat resized = new Mat();
              Size size = new Size(width, height)) {
            opencv_imgproc.resize(source, resized, size, 0, 0, opencv_imgproc.INTER_LINEAR);
            return OpenCv.image(resized);
          }
        });
  }
}
