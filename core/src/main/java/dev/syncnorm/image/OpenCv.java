package dev.syncnorm.image;

import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;

/** OpenCV, loaded and set up once; the ways between its matrices and our images. */
final class OpenCv {
  /** More columns or rows OpenCV's decoders refuse (OPENCV_IO_MAX_IMAGE_WIDTH and _HEIGHT). */
  static final int MAX_EXTENT = 1 << 20;

  static {
    // Images are decoded side by side on threads of our own; OpenCV's would only compete.
    opencv_core.setNumThreads(1);
  }

  private OpenCv() {}

  /** Loads the native library, which takes a moment, unless it is there already. */
  static void load() {}

  /** The pixels of a continuous matrix of type CV_8UC3, copied. */
  static DecodedImage image(Mat mat) {
    PixelBuffer pixels = new PixelBuffer();
    pixels.fill(mat);
    return new DecodedImage(pixels.width(), pixels.height(), pixels.bgr());
  }

  /** Gives a call a matrix over a copy of an image's pixels, and frees both. */
  static <T> T withMat(DecodedImage image, Function<Mat, T> call) {
    try (BytePointer pixels = new BytePointer(image.bgr());
        Mat mat = new Mat(image.height(), image.width(), opencv_core.CV_8UC3, pixels)) {
      return call.apply(mat);
    }
  }
}
