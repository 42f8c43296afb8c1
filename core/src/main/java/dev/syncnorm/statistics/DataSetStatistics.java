package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Rejection;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The statistics of a data set, and what they are the statistics of.
 *
 * @param inputs as the user wrote them
 * @param pixels which pixels were looked at
 * @param accepted the number of images that were measured
 * @param bytes of their files
 * @param digest SHA-256 over the sorted (name, SHA-256 of the content) pairs in lower-case
 *     hexadecimal digits; none if it was not asked for, or of merged statistics
 * @param sums of all images by kind; empty if there are none
 * @param groups the sums of each group by its name and kind, without histograms; each image is in
 *     one, or there are none
 * @param rejections sorted by path
 * @param elapsedSeconds from the first image's read to the last sum
 * @param mergedFrom the digests of the data sets that were merged, sorted; empty if nothing was
 * @param settings by which images were found or accepted, by the names of the options, such as
 *     {@code verify: strict}; only those that are not the defaults, and of merged statistics only
 *     those that all parts share
 */
@SuppressWarnings(
    "OptionalUsedAsFieldOrParameterType") // a value that is written once and read once
public record DataSetStatistics(
    List<String> inputs,
    PixelSettings pixels,
    long accepted,
    long bytes,
    Optional<String> digest,
    SortedMap<PixelKind, PixelSums> sums,
    SortedMap<String, SortedMap<PixelKind, PixelSums>> groups,
    List<Rejection> rejections,
    double elapsedSeconds,
    List<String> mergedFrom,
    SortedMap<String, String> settings) {

  /** The statistics of a data set that is not merged, by the default settings. */
  public DataSetStatistics(
      List<String> inputs,
      PixelSettings pixels,
      long accepted,
      long bytes,
      Optional<String> digest,
      SortedMap<PixelKind, PixelSums> sums,
      SortedMap<String, SortedMap<PixelKind, PixelSums>> groups,
      List<Rejection> rejections,
      double elapsedSeconds) {
    this(
        inputs,
        pixels,
        accepted,
        bytes,
        digest,
        sums,
        groups,
        rejections,
        elapsedSeconds,
        List.of(),
        new TreeMap<>());
  }

  /** The same by other settings. */
  public DataSetStatistics withSettings(SortedMap<String, String> other) {
    return new DataSetStatistics(
        inputs,
        pixels,
        accepted,
        bytes,
        digest,
        sums,
        groups,
        rejections,
        elapsedSeconds,
        mergedFrom,
        other);
  }

  /** Whether values were counted, of all images. */
  public boolean hasHistograms() {
    return sums.values().stream().allMatch(one -> one.histograms().isPresent());
  }

  /** The sums over all images, whatever their depth; see {@link PixelSums#total}. */
  public Optional<PixelSums> total() {
    return PixelSums.total(sums);
  }

  /** The number of pixels that were looked at. */
  public BigInteger pixelCount() {
    return sums.values().stream().map(PixelSums::pixels).reduce(BigInteger.ZERO, BigInteger::add);
  }

  /** Millions of pixels a second; none if no time was measured. */
  public OptionalDouble megapixelsPerSecond() {
    return elapsedSeconds > 0
        ? OptionalDouble.of(pixelCount().doubleValue() / 1e6 / elapsedSeconds)
        : OptionalDouble.empty();
  }
}
