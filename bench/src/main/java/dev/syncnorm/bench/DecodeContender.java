package dev.syncnorm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * What OpenCV takes to decode a folder of images, which no statistics can beat: {@code
 * DecodeContender decode|moments FOLDER COUNT THREADS}. Files are in memory and memory for pixels
 * is kept. With {@code moments} also OpenCV's {@code meanStdDev} of each image.
 *
 * <p>A step is a pass over the first COUNT files; its "loss" is the megapixels that were decoded.
 */
public final class DecodeContender {

  private final boolean moments;
  private final int threads;
  private final List<BytePointer> files = new ArrayList<>();
  private final ExecutorService pool;

  private DecodeContender(boolean moments, Path folder, int count, int threads) throws IOException {
    this.moments = moments;
    this.threads = threads;
    pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "decode");
              thread.setDaemon(true);
              return thread;
            });
    try (Stream<Path> found = Files.walk(folder)) {
      for (Path file :
          found.filter(path -> path.toString().endsWith(".jpg")).sorted().limit(count).toList()) {
        files.add(new BytePointer(Files.readAllBytes(file)));
      }
    }
  }

  /** Serves orders; see {@link Rounds}. */
  public static void main(String[] words) throws Exception {
    opencv_core.setNumThreads(1);
    boolean moments = words[0].equals("moments");
    DecodeContender contender =
        new DecodeContender(
            moments, Path.of(words[1]), Integer.parseInt(words[2]), Integer.parseInt(words[3]));
    Rounds.serve(
        "OpenCV %s for Java, %s, from memory"
            .formatted(opencv_core.CV_VERSION, moments ? "decode + meanStdDev" : "decode alone"),
        contender::passes);
  }

  private Rounds.Round passes(int steps) throws Exception {
    List<Double> seconds = new ArrayList<>();
    List<Double> megapixels = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      long begin = System.nanoTime();
      List<Future<Long>> parts = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int first = thread;
        parts.add(pool.submit(() -> part(first)));
      }
      long pixels = 0;
      for (Future<Long> part : parts) {
        pixels += part.get();
      }
      seconds.add((System.nanoTime() - begin) / 1e9);
      megapixels.add(pixels / 1e6);
    }
    return new Rounds.Round(seconds, megapixels, List.of());
  }

  private long part(int first) {
    long pixels = 0;
    try (Mat decoded = new Mat();
        Mat mean = new Mat();
        Mat deviation = new Mat()) {
      for (int i = first; i < files.size(); i += threads) {
        BytePointer file = files.get(i);
        try (Mat encoded = new Mat(1, (int) file.limit(), opencv_core.CV_8UC1, file);
            Mat same = opencv_imgcodecs.imdecode(encoded, opencv_imgcodecs.IMREAD_COLOR, decoded)) {
          pixels += (long) same.rows() * same.cols();
          if (moments) {
            opencv_core.meanStdDev(same, mean, deviation);
          }
        }
      }
    }
    return pixels;
  }
}
