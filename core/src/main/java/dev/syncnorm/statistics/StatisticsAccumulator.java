package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.statistics.StatisticsPart.Content;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Adds images and parts, in any order and grouping with the same sums. Its memory does not grow
 * with the number of images but for the contents and rejections, which are lists. Not thread-safe.
 */
public final class StatisticsAccumulator {

  private final SortedMap<PixelKind, PixelSums> sums = new TreeMap<>();
  private final SortedMap<String, SortedMap<PixelKind, PixelSums>> groups = new TreeMap<>();
  private final List<Content> contents = new ArrayList<>();
  private final List<Rejection> rejections = new ArrayList<>();
  private long accepted;
  private long bytes;

  /** Adds an image of so many encoded bytes, to a group as well if it has one. */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType") // an image has a group or has none
  public void accept(long fileBytes, ImageSums image, Optional<String> group) {
    accepted++;
    bytes = Math.addExact(bytes, fileBytes);
    PixelSums added = sums(image);
    sums.merge(image.kind(), added, PixelSums::plus);
    group.ifPresent(name -> add(name, withoutHistograms(added)));
  }

  /** Notes what an accepted image's file is, for the digest. */
  public void note(Content content) {
    contents.add(content);
  }

  /** Notes an image that is not measured. */
  public void reject(Rejection rejection) {
    rejections.add(rejection);
  }

  /** Adds all of a part. */
  public void add(StatisticsPart part) {
    accepted = Math.addExact(accepted, part.accepted());
    bytes = Math.addExact(bytes, part.bytes());
    part.sums().forEach((kind, added) -> sums.merge(kind, added, PixelSums::plus));
    part.groups().forEach((name, group) -> group.values().forEach(added -> add(name, added)));
    contents.addAll(part.contents());
    rejections.addAll(part.rejections());
  }

  private void add(String group, PixelSums added) {
    groups
        .computeIfAbsent(group, name -> new TreeMap<>())
        .merge(added.kind(), added, PixelSums::plus);
  }

  /** All that was added. */
  public StatisticsPart part() {
    SortedMap<String, SortedMap<PixelKind, PixelSums>> copies = new TreeMap<>();
    groups.forEach((name, group) -> copies.put(name, new TreeMap<>(group)));
    return new StatisticsPart(
        accepted,
        bytes,
        new TreeMap<>(sums),
        copies,
        List.copyOf(contents),
        List.copyOf(rejections));
  }

  private static PixelSums withoutHistograms(PixelSums sums) {
    return new PixelSums(
        sums.kind(),
        sums.images(),
        sums.pixels(),
        sums.channels(),
        sums.products(),
        Optional.empty());
  }

  private static PixelSums sums(ImageSums image) {
    List<ChannelSums> channels = new ArrayList<>();
    for (int c = 0; c < image.kind().channels(); c++) {
      BigInteger sum = BigInteger.valueOf(image.sums()[c]);
      BigInteger squares = BigInteger.valueOf(image.squares()[c]);
      channels.add(
          new ChannelSums(
              sum,
              squares,
              deviation(image.pixels(), sum, squares),
              image.min()[c],
              image.max()[c]));
    }
    List<BigInteger> products = new ArrayList<>();
    for (long product : image.products()) {
      products.add(BigInteger.valueOf(product));
    }
    return new PixelSums(
        image.kind(),
        1,
        BigInteger.valueOf(image.pixels()),
        channels,
        products,
        image.histograms().map(StatisticsAccumulator::longs));
  }

  /** The population standard deviation in units of 2^-40: sqrt(n squares - sum^2) / n. */
  private static BigInteger deviation(long pixels, BigInteger sum, BigInteger squares) {
    BigInteger n = BigInteger.valueOf(pixels);
    BigInteger numerator = n.multiply(squares).subtract(sum.multiply(sum));
    return new BigDecimal(numerator.shiftLeft(2 * ChannelSums.DEVIATION_BITS))
        .sqrt(new MathContext(40))
        .divide(new BigDecimal(n), 0, java.math.RoundingMode.HALF_EVEN)
        .toBigIntegerExact();
  }

  private static long[][] longs(int[][] counts) {
    long[][] longs = new long[counts.length][counts[0].length];
    for (int c = 0; c < counts.length; c++) {
      for (int v = 0; v < counts[c].length; v++) {
        longs[c][v] = counts[c][v];
      }
    }
    return longs;
  }
}
