package dev.syncnorm.bench;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.statistics.ImageMeter;
import dev.syncnorm.statistics.ImageSums;
import dev.syncnorm.statistics.StatisticsAccumulator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * What exact statistics cost on top of decoding: OpenCV's decode alone, and the meter with and
 * without SHA-256 and histograms, over the files of a folder in memory, all in turns.
 *
 * <p>Arguments: FOLDER [THREADS=2] [ROUNDS=7] [SECONDS=1]. Prints for each the median of its rounds
 * in Mpx/s, and the median over the rounds of its ratio to decode alone.
 */
public final class StatisticsDecode {

  /** A thread's work on one file; returns the pixels. */
  private interface Work extends AutoCloseable {
    long on(byte[] file) throws Exception;

    @Override
    default void close() {}
  }

  private interface MakesWork {
    Work make();
  }

  private final List<byte[]> files;
  private final int threads;
  private final long nanos;

  private StatisticsDecode(List<byte[]> files, int threads, long nanos) {
    this.files = files;
    this.threads = threads;
    this.nanos = nanos;
  }

  public static void main(String[] args) throws Exception {
    List<byte[]> files = files(Path.of(args[0]));
    int threads = args.length > 1 ? Integer.parseInt(args[1]) : 2;
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 7;
    double seconds = args.length > 3 ? Double.parseDouble(args[3]) : 1;
    long bytes = files.stream().mapToLong(file -> file.length).sum();
    System.out.printf(
        Locale.ROOT,
        "%d files, %d KB each, %d threads%n",
        files.size(),
        bytes / files.size() / 1000,
        threads);
    new StatisticsDecode(files, threads, (long) (seconds * 1e9)).run(rounds);
  }

  private static List<byte[]> files(Path folder) throws IOException {
    List<byte[]> files = new ArrayList<>();
    try (Stream<Path> paths = Files.list(folder)) {
      for (Path path : paths.filter(Files::isRegularFile).sorted().toList()) {
        files.add(Files.readAllBytes(path));
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return files;
  }

  private void run(int rounds) throws Exception {
    Map<String, MakesWork> contenders = new LinkedHashMap<>();
    contenders.put("decode", DecodeOnly::new);
    contenders.put("sums", () -> new Meter(false, false));
    contenders.put("sums+sha256", () -> new Meter(false, true));
    contenders.put("histograms", () -> new Meter(true, false));
    contenders.put("histograms+sha256", () -> new Meter(true, true));
    Map<String, double[]> speeds = new LinkedHashMap<>();
    for (int round = -1; round < rounds; round++) { // the first warms up
      for (Map.Entry<String, MakesWork> contender : contenders.entrySet()) {
        double speed = megapixelsPerSecond(contender.getValue());
        if (round >= 0) {
          speeds.computeIfAbsent(contender.getKey(), name -> new double[rounds])[round] = speed;
        }
      }
    }
    double[] decode = speeds.get("decode");
    speeds.forEach(
        (name, of) -> {
          double[] ratios = new double[rounds];
          Arrays.setAll(ratios, i -> of[i] / decode[i]);
          System.out.printf(
              Locale.ROOT, "%-18s %7.1f Mpx/s  %.3f%n", name, median(of), median(ratios));
        });
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private double megapixelsPerSecond(MakesWork contender) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<Double>> speeds = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int first = t;
      speeds.add(pool.submit(() -> speed(contender, first)));
    }
    pool.shutdown();
    double sum = 0;
    for (Future<Double> speed : speeds) {
      try {
        sum += speed.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
    return sum;
  }

  private double speed(MakesWork contender, int first) throws Exception {
    try (Work work = contender.make()) {
      long pixels = 0;
      long begin = System.nanoTime();
      long now = begin;
      for (int i = first; now - begin < nanos; i += threads) {
        pixels += work.on(files.get(i % files.size()));
        now = System.nanoTime();
      }
      return pixels * 1e3 / (now - begin);
    }
  }

  /** As people call it: a fresh matrix for each file. */
  private static final class DecodeOnly implements Work {
    DecodeOnly() {
      opencv_core.setNumThreads(1);
    }

    @Override
    public long on(byte[] file) {
      try (BytePointer bytes = new BytePointer(file);
          Mat encoded = new Mat(1, file.length, opencv_core.CV_8UC1, bytes);
          Mat decoded = opencv_imgcodecs.imdecode(encoded, opencv_imgcodecs.IMREAD_COLOR)) {
        return (long) decoded.rows() * decoded.cols();
      }
    }
  }

  /** What a statistics task does with a file that it has read. */
  private static final class Meter implements Work {
    private final boolean digests;
    private final ImageMeter meter;
    private final StatisticsAccumulator accumulator = new StatisticsAccumulator();

    Meter(boolean histograms, boolean digests) {
      this.digests = digests;
      meter = new ImageMeter(new ImageDecoder(), PixelSettings.WHOLE_RGB, histograms);
    }

    @Override
    public long on(byte[] file) throws BadImageException, NoSuchAlgorithmException {
      if (digests && MessageDigest.getInstance("SHA-256").digest(file).length != 32) {
        throw new IllegalStateException("a digest of another length");
      }
      ImageSums sums = meter.measure(file);
      accumulator.accept(file.length, sums, Optional.empty());
      return sums.pixels();
    }

    @Override
    public void close() {
      meter.close();
    }
  }
}
