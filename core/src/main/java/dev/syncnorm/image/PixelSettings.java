package dev.syncnorm.image;

import java.io.Serializable;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which pixels of an image file are looked at: decoded, then resized, then cropped. An EXIF
 * orientation is applied if there is a resize or a crop; otherwise it would turn pixels and change
 * none.
 *
 * @param channels how samples become channels
 * @param resize the size that images are resized to, bilinear as {@link Resize} has it
 * @param crop the size of the part around the centre that is used, from (height - crop height) / 2
 *     and (width - crop width) / 2 rounded down; an image that is smaller in one direction is
 *     {@code unsupported}
 */
@SuppressWarnings(
    "OptionalUsedAsFieldOrParameterType") // a value that is written once and read once
public record PixelSettings(Channels channels, Optional<Extent> resize, Optional<Extent> crop)
    implements Serializable {

  /** How the samples of a pixel become channels. */
  public enum Channels {
    /** Red, green, blue: grey is repeated, alpha dropped. */
    RGB,
    /**
     * One: grey as it is, alpha dropped, decoded colours by ITU-R BT.601 as OpenCV's COLOR_BGR2GRAY
     * rounds it.
     */
    GRAY,
    /** As many as the file has: grey, grey and alpha, red green blue, or those with alpha. */
    NATIVE
  }

  /** A height and a width in pixels, each at least 1. */
  public record Extent(int height, int width) implements Serializable {
    /** What {@link #parse} takes, in words. */
    public static final String EXPECTED =
        String.format(
            Locale.ROOT,
            "a height and a width such as 224x224, of at most %,d pixels",
            ImageDecoder.DEFAULT_MAXIMUM_PIXELS);

    private static final Pattern WRITTEN = Pattern.compile("([1-9][0-9]{0,8})x([1-9][0-9]{0,8})");

    /** Checks both. */
    public Extent {
      if (height < 1 || width < 1) {
        throw new IllegalArgumentException("an image of " + height + "x" + width + " pixels");
      }
    }

    /**
     * What {@link #toString} writes; empty if it is anything else, or more pixels than a decoder
     * takes by default, {@value ImageDecoder#DEFAULT_MAXIMUM_PIXELS}.
     */
    public static Optional<Extent> parse(String written) {
      Matcher sides = WRITTEN.matcher(written);
      if (!sides.matches()) {
        return Optional.empty();
      }
      int height = Integer.parseInt(sides.group(1));
      int width = Integer.parseInt(sides.group(2));
      return (long) height * width <= ImageDecoder.DEFAULT_MAXIMUM_PIXELS
          ? Optional.of(new Extent(height, width))
          : Optional.empty();
    }

    /** Such as {@code 256x224}, the height first. */
    @Override
    public String toString() {
      return height + "x" + width;
    }
  }

  /** Whole images in red, green and blue. */
  public static final PixelSettings WHOLE_RGB =
      new PixelSettings(Channels.RGB, Optional.empty(), Optional.empty());

  /** An optional value is not serializable. */
  private Object writeReplace() {
    return new Serialized(channels, resize.orElse(null), crop.orElse(null));
  }

  private record Serialized(Channels channels, Extent resize, Extent crop) implements Serializable {
    private Object readResolve() {
      return new PixelSettings(channels, Optional.ofNullable(resize), Optional.ofNullable(crop));
    }
  }
}
