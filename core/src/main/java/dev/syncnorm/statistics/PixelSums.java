package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import java.io.Serializable;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Exact sums over the pixels of images of one kind.
 *
 * @param images at least 1
 * @param pixels of these images
 * @param channels one for each channel of the kind
 * @param products sums of the products of two channels' values, for each pair of different channels
 *     in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @param histograms for each channel how often each value occurs, [channels][greatest + 1]; not
 *     copied, and nobody writes to them
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType") // there is one for all channels, or none
public record PixelSums(
    PixelKind kind,
    long images,
    BigInteger pixels,
    List<ChannelSums> channels,
    List<BigInteger> products,
    Optional<long[][]> histograms)
    implements Serializable {

  private static final int SIXTEEN_BITS = 65535;

  /** Checks the numbers of channels, products and histograms. */
  public PixelSums {
    channels = List.copyOf(channels);
    products = List.copyOf(products);
    int count = kind.channels();
    if (channels.size() != count
        || products.size() != count * (count - 1) / 2
        || histograms.filter(h -> h.length != count).isPresent()) {
      throw new IllegalArgumentException("sums that are not of " + count + " channels");
    }
  }

  /** The sums over both sets of images; histograms if both have them. */
  public PixelSums plus(PixelSums other) {
    if (!kind.equals(other.kind)) {
      throw new IllegalArgumentException(kind + " and " + other.kind);
    }
    List<ChannelSums> sums = new ArrayList<>();
    for (int c = 0; c < channels.size(); c++) {
      sums.add(channels.get(c).plus(other.channels.get(c)));
    }
    List<BigInteger> sumsOfProducts = new ArrayList<>();
    for (int p = 0; p < products.size(); p++) {
      sumsOfProducts.add(products.get(p).add(other.products.get(p)));
    }
    return new PixelSums(
        kind,
        Math.addExact(images, other.images),
        pixels.add(other.pixels),
        sums,
        sumsOfProducts,
        histograms.flatMap(h -> other.histograms.map(o -> plus(h, o))));
  }

  /**
   * The sums over images of any depths: as they are if there is one kind, else those of 8 bits in
   * units of 16, where 255 is 65535, and without histograms. None of no images.
   *
   * @throws IllegalArgumentException if the numbers of channels differ
   */
  public static Optional<PixelSums> total(SortedMap<PixelKind, PixelSums> kinds) {
    return kinds.size() == 1
        ? Optional.of(kinds.get(kinds.firstKey()))
        : kinds.values().stream().map(PixelSums::inSixteenBits).reduce(PixelSums::plus);
  }

  /** The same sums without histograms. */
  public PixelSums withoutHistograms() {
    return new PixelSums(kind, images, pixels, channels, products, Optional.empty());
  }

  private PixelSums inSixteenBits() {
    int factor = SIXTEEN_BITS / kind.greatest();
    BigInteger one = BigInteger.valueOf(factor);
    BigInteger two = BigInteger.valueOf((long) factor * factor);
    return new PixelSums(
        new PixelKind(kind.channels(), 16),
        images,
        pixels,
        channels.stream()
            .map(
                c ->
                    new ChannelSums(
                        c.sum().multiply(one),
                        c.sumOfSquares().multiply(two),
                        c.sumOfDeviations().multiply(one),
                        c.min() * factor,
                        c.max() * factor))
            .toList(),
        products.stream().map(two::multiply).toList(),
        Optional.empty());
  }

  private static long[][] plus(long[][] a, long[][] b) {
    long[][] sums = new long[a.length][a[0].length];
    for (int c = 0; c < a.length; c++) {
      for (int v = 0; v < a[c].length; v++) {
        sums[c][v] = Math.addExact(a[c][v], b[c][v]);
      }
    }
    return sums;
  }

  /** The statistics of one channel. */
  public ChannelStatistics channel(int channel) {
    return new ChannelStatistics(this, channel);
  }

  /** The sum of the products of two channels' values; of a channel with itself, of its squares. */
  public BigInteger product(int a, int b) {
    if (a == b) {
      return channels.get(a).sumOfSquares();
    }
    int low = Math.min(a, b);
    int high = Math.max(a, b);
    int count = kind.channels();
    return products.get(low * (2 * count - low - 1) / 2 + high - low - 1);
  }

  /** An optional value is not serializable. */
  private Object writeReplace() {
    return new Serialized(kind, images, pixels, channels, products, histograms.orElse(null));
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Serialized(
      PixelKind kind,
      long images,
      BigInteger pixels,
      List<ChannelSums> channels,
      List<BigInteger> products,
      long[][] histograms)
      implements Serializable {
    private Object readResolve() {
      return new PixelSums(
          kind, images, pixels, channels, products, Optional.ofNullable(histograms));
    }
  }
}
