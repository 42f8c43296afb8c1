package dev.syncnorm.spark.ml;

import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.spark.statistics.Measuring;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The options of {@code image_moments}, named as those of the command {@code stats}.
 *
 * @param given the text of each option that is not left at its default
 */
record MomentOptions(SortedMap<String, String> given) implements Serializable {

  /** All at their defaults. */
  static final MomentOptions NONE = new MomentOptions(new TreeMap<>());

  private static final String CHANNELS = "channels";
  private static final String RESIZE = "resize";
  private static final String CROP = "crop";
  private static final String QUANTILES = "quantiles";
  private static final String VERIFY = "verify";
  private static final String STRICT = "strict";
  private static final String DECODE_TIMEOUT = "decode-timeout";

  /** Each option with what it expects. */
  private static final Map<String, String> EXPECTED =
      new TreeMap<>(
          Map.of(
              CHANNELS, "rgb, gray or native",
              RESIZE, Extent.EXPECTED,
              CROP, Extent.EXPECTED,
              QUANTILES, "numbers above 0 and up to 1, such as 0.05,0.5,0.95",
              VERIFY, "structure or strict",
              DECODE_TIMEOUT, "seconds above 0 and up to 86400"));

  /** A number as SQL writes it, of few enough digits to be multiplied by a count. */
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,18})?");

  private static final double MOST_SECONDS = 86400;

  /**
   * Reads all options.
   *
   * @throws IllegalArgumentException with one line that names every mistake
   */
  MomentOptions {
    given = Collections.unmodifiableSortedMap(new TreeMap<>(given));
    List<String> mistakes = new ArrayList<>();
    given.forEach(
        (key, value) -> {
          if (!EXPECTED.containsKey(key)) {
            mistakes.add(
                "there is no option '%s'; the options are %s"
                    .formatted(key, String.join(", ", EXPECTED.keySet())));
          } else if (!isValid(key, value)) {
            mistakes.add(
                "the option '%s' is '%s'; expected %s".formatted(key, value, EXPECTED.get(key)));
          }
        });
    if (mistakes.isEmpty() && given.containsKey(RESIZE) && given.containsKey(CROP)) {
      Extent resize = extent(given.get(RESIZE));
      Extent crop = extent(given.get(CROP));
      if (crop.height() > resize.height() || crop.width() > resize.width()) {
        mistakes.add(
            "the option '%s' is '%s', more than the '%s' of '%s'; it is cut out of the resized image"
                .formatted(CROP, crop, RESIZE, resize));
      }
    }
    if (!mistakes.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", mistakes));
    }
  }

  private static boolean isValid(String key, String value) {
    return switch (key) {
      case CHANNELS -> channels(value).isPresent();
      case RESIZE, CROP -> Extent.parse(value).isPresent();
      case QUANTILES -> names(value).stream().allMatch(MomentOptions::isQuantile);
      case VERIFY -> value.equals("structure") || value.equals(STRICT);
      case DECODE_TIMEOUT -> isTimeout(value);
      default -> throw new IllegalStateException(key);
    };
  }

  private static boolean isQuantile(String text) {
    return NUMBER.matcher(text).matches()
        && new BigDecimal(text).signum() > 0
        && new BigDecimal(text).compareTo(BigDecimal.ONE) <= 0;
  }

  private static boolean isTimeout(String text) {
    return NUMBER.matcher(text).matches()
        && Double.parseDouble(text) > 0
        && Double.parseDouble(text) <= MOST_SECONDS;
  }

  /** How images are measured: without counting values unless quantiles are asked for. */
  Measuring measuring() {
    PixelSettings pixels =
        new PixelSettings(
            value(CHANNELS, text -> channels(text).orElseThrow()).orElse(Channels.RGB),
            value(RESIZE, MomentOptions::extent),
            value(CROP, MomentOptions::extent));
    return Measuring.DEFAULT
        .withPixels(pixels)
        .withHistograms(!quantiles().isEmpty())
        .withStrict(STRICT.equals(given.get(VERIFY)))
        .withDecodeTimeoutSeconds(
            value(DECODE_TIMEOUT, Double::valueOf)
                .orElse(Measuring.DEFAULT.decodeTimeoutSeconds()));
  }

  /** The quantiles that are asked for, by what they are called: as they were written. */
  Map<String, BigDecimal> quantiles() {
    Map<String, BigDecimal> quantiles = new TreeMap<>();
    value(QUANTILES, MomentOptions::names)
        .orElse(List.of())
        .forEach(name -> quantiles.put(name, new BigDecimal(name)));
    return quantiles;
  }

  private <T> Optional<T> value(String key, Function<String, T> parse) {
    return Optional.ofNullable(given.get(key)).map(parse);
  }

  private static Optional<Channels> channels(String text) {
    for (Channels channels : Channels.values()) {
      if (channels.name().toLowerCase(Locale.ROOT).equals(text)) {
        return Optional.of(channels);
      }
    }
    return Optional.empty();
  }

  private static Extent extent(String text) {
    return Extent.parse(text).orElseThrow();
  }

  private static List<String> names(String text) {
    return Pattern.compile(",").splitAsStream(text).map(String::strip).toList();
  }
}
