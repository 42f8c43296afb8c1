package dev.syncnorm.image;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_imgcodecs;

/** Writes images as PNG files of 8 bits and three channels. */
public final class PngEncoder {
  private PngEncoder() {}

  /** The bytes of a PNG file. Thread-safe. */
  public static byte[] encode(DecodedImage image) {
    OpenCv.load();
    return OpenCv.withMat(
        image,
        mat -> {
          try (BytePointer encoded = new BytePointer()) {
            if (!opencv_imgcodecs.imencode(".png", mat, encoded)) {
              throw new IllegalStateException(
                  "OpenCV cannot encode " + image.width() + "x" + image.height() + " pixels");
            }
            byte[] file = new byte[Math.toIntExact(encoded.limit())];
            encoded.get(file);
            return file;
          }
        });
  }
}
