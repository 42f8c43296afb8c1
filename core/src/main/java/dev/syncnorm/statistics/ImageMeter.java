package dev.syncnorm.statistics;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelReader;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Pixels;
import java.util.Arrays;
import java.util.Optional;

/**
 * Decodes one image file after another and sums its pixels where they are decoded to. Keeps native
 * memory and scratch, and belongs to one thread.
 */
public final class ImageMeter implements AutoCloseable {

  private final PixelReader reader;
  private final boolean countsValues;
  private final SumsPixels kernel = SumsPixels.fastest();
  private final SampleSums sums = new SampleSums();

  /**
   * A meter.
   *
   * @param decoder judges the files
   * @param settings which pixels are looked at
   * @param histograms whether values are counted
   */
  public ImageMeter(ImageDecoder decoder, PixelSettings settings, boolean histograms) {
    reader = new PixelReader(decoder, settings);
    countsValues = histograms;
  }

  /**
   * Decodes and sums.
   *
   * @throws BadImageException if the file is bad for any cause but {@code timed-out} and {@code
   *     unreadable}
   */
  public ImageSums measure(byte[] file) throws BadImageException {
    Pixels pixels = reader.read(file);
    sums.clear();
    if (!countsValues) {
      kernel.add(sums, pixels);
      return imageSums(pixels, sums, Optional.empty());
    }
    int[][] counts = SampleCounts.of(pixels);
    sums.addMoments(counts);
    kernel.addProducts(sums, pixels);
    return imageSums(pixels, sums, Optional.of(counts));
  }

  /** Those of the channels, from those of the samples in memory. */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType") // there is one for all channels, or none
  static ImageSums imageSums(Pixels pixels, SampleSums sums, Optional<int[][]> counts) {
    int[] sampleOf = pixels.sampleOfChannel();
    int channels = sampleOf.length;
    long[] sumOf = new long[channels];
    long[] squares = new long[channels];
    long[] products = new long[channels * (channels - 1) / 2];
    int[] min = new int[channels];
    int[] max = new int[channels];
    int pair = 0;
    for (int a = 0; a < channels; a++) {
      int sample = sampleOf[a];
      sumOf[a] = sums.sums[sample];
      squares[a] = sums.product(sample, sample);
      min[a] = sums.min[sample];
      max[a] = sums.max[sample];
      for (int b = a + 1; b < channels; b++) {
        products[pair++] = sums.product(sample, sampleOf[b]);
      }
    }
    return new ImageSums(
        pixels.kind(),
        pixels.width(),
        pixels.height(),
        sumOf,
        squares,
        products,
        min,
        max,
        counts.map(
            of -> Arrays.stream(sampleOf).mapToObj(sample -> of[sample]).toArray(int[][]::new)));
  }

  /** Frees the native memory. */
  @Override
  public void close() {
    reader.close();
  }
}
