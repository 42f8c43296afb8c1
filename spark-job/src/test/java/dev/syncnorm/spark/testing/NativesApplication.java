package dev.syncnorm.spark.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Calls each native library once: decodes and resizes the image file of its argument, multiplies
 * two matrices.
 */
public final class NativesApplication {
  private NativesApplication() {}

  public static void main(String[] arguments) throws IOException {
    byte[] file = Files.readAllBytes(Path.of(arguments[0]));
    try (Mat bytes = new Mat(1, file.length, opencv_core.CV_8U);
        Mat resized = new Mat();
        Size size = new Size(8, 4)) {
      bytes.data().put(file);
      try (Mat image = opencv_imgcodecs.imdecode(bytes, opencv_imgcodecs.IMREAD_COLOR)) {
        opencv_imgproc.resize(image, resized, size);
        System.out.println(
            image.cols() + "x" + image.rows() + " to " + resized.cols() + "x" + resized.rows());
      }
    }
    float[][] product =
        Nd4j.create(new float[][] {{1, 2}, {3, 4}})
            .mmul(Nd4j.create(new float[][] {{5, 6}, {7, 8}}))
            .toFloatMatrix();
    System.out.println(Arrays.deepToString(product));
  }
}
