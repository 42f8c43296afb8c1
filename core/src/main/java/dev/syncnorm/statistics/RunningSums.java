package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The sums of images of one kind as they grow: {@link PixelSums} that change in place. */
final class RunningSums {
  private final PixelKind kind;
  private final int channels;
  private long images;
  private final ExactSum pixels = new ExactSum();
  private final ExactSum[] sums;
  private final ExactSum[] squares;
  private final ExactSum[] deviations;
  private final ExactSum[] products;
  private final int[] min;
  private final int[] max;

  /** [channels][greatest + 1]; without rows as soon as something is added that has none. */
  private long[][] histograms;

  /** Those of no image; with histograms as long as all that is added has them. */
  RunningSums(PixelKind kind, boolean histograms) {
    this.kind = kind;
    channels = kind.channels();
    sums = exactSums(channels);
    squares = exactSums(channels);
    deviations = exactSums(channels);
    products = exactSums(channels * (channels - 1) / 2);
    min = new int[channels];
    max = new int[channels];
    Arrays.fill(min, Integer.MAX_VALUE);
    this.histograms = histograms ? new long[channels][kind.greatest() + 1] : new long[0][];
  }

  private static ExactSum[] exactSums(int count) {
    ExactSum[] sums = new ExactSum[count];
    Arrays.setAll(sums, i -> new ExactSum());
    return sums;
  }

  /** Adds an image. */
  void add(ImageSums image) {
    images++;
    pixels.add(image.pixels());
    for (int c = 0; c < channels; c++) {
      long sum = image.sums()[c];
      long square = image.squares()[c];
      sums[c].add(sum);
      squares[c].add(square);
      deviations[c].add(StandardDeviations.population(image.pixels(), sum, square));
      min[c] = Math.min(min[c], image.min()[c]);
      max[c] = Math.max(max[c], image.max()[c]);
    }
    for (int p = 0; p < products.length; p++) {
      products[p].add(image.products()[p]);
    }
    if (keepsHistograms(image.histograms().isPresent())) {
      for (int c = 0; c < channels; c++) {
        add(image.histograms().get()[c], histograms[c]);
      }
    }
  }

  private static void add(int[] counts, long[] histogram) {
    for (int value = 0; value < histogram.length; value++) {
      histogram[value] += counts[value]; // 2^31 images of 2^31 pixels would still fit
    }
  }

  /** Adds the sums of other images. */
  void add(PixelSums other) {
    images = Math.addExact(images, other.images());
    pixels.add(other.pixels());
    for (int c = 0; c < channels; c++) {
      ChannelSums channel = other.channels().get(c);
      sums[c].add(channel.sum());
      squares[c].add(channel.sumOfSquares());
      deviations[c].add(channel.sumOfDeviations());
      min[c] = Math.min(min[c], channel.min());
      max[c] = Math.max(max[c], channel.max());
    }
    for (int p = 0; p < products.length; p++) {
      products[p].add(other.products().get(p));
    }
    if (keepsHistograms(other.histograms().isPresent())) {
      for (int c = 0; c < channels; c++) {
        long[] counts = other.histograms().get()[c];
        for (int value = 0; value < counts.length; value++) {
          histograms[c][value] = Math.addExact(histograms[c][value], counts[value]);
        }
      }
    }
  }

  private boolean keepsHistograms(boolean added) {
    if (!added) {
      histograms = new long[0][];
    }
    return histograms.length > 0;
  }

  /** All that was added; a copy. */
  PixelSums toPixelSums() {
    List<ChannelSums> copies = new ArrayList<>();
    for (int c = 0; c < channels; c++) {
      copies.add(
          new ChannelSums(
              sums[c].value(), squares[c].value(), deviations[c].value(), min[c], max[c]));
    }
    List<BigInteger> productCopies = Arrays.stream(products).map(ExactSum::value).toList();
    Optional<long[][]> histogramCopies =
        histograms.length == 0
            ? Optional.empty()
            : Optional.of(Arrays.stream(histograms).map(long[]::clone).toArray(long[][]::new));
    return new PixelSums(kind, images, pixels.value(), copies, productCopies, histogramCopies);
  }
}
