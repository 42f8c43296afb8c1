package dev.syncnorm.spark.statistics;

import dev.syncnorm.data.DecodeLimit;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.spark.statistics.MeasureTask.Meter;
import dev.syncnorm.statistics.ImageMeter;
import dev.syncnorm.statistics.ImageSums;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How an image is measured.
 *
 * @param pixels which of them are looked at
 * @param histograms whether values are counted
 * @param strict whether JPEG files are decoded a second time to find damage inside their scans
 * @param maximumPixels of an image that is decoded
 * @param decodeTimeoutSeconds after which an image is given up as timed-out
 */
public record Measuring(
    PixelSettings pixels,
    boolean histograms,
    boolean strict,
    long maximumPixels,
    double decodeTimeoutSeconds)
    implements MeasureTask.MakesMeter {

  /** Whole images in red, green and blue, with histograms; a minute for each. */
  public static final Measuring DEFAULT =
      new Measuring(PixelSettings.WHOLE_RGB, true, false, ImageDecoder.DEFAULT_MAXIMUM_PIXELS, 60);

  /** The same of other pixels. */
  public Measuring withPixels(PixelSettings other) {
    return new Measuring(other, histograms, strict, maximumPixels, decodeTimeoutSeconds);
  }

  /** The same with or without histograms. */
  public Measuring withHistograms(boolean other) {
    return new Measuring(pixels, other, strict, maximumPixels, decodeTimeoutSeconds);
  }

  /** The same with or without a second decoder. */
  public Measuring withStrict(boolean other) {
    return new Measuring(pixels, histograms, other, maximumPixels, decodeTimeoutSeconds);
  }

  /** The same with another limit of pixels. */
  public Measuring withMaximumPixels(long other) {
    return new Measuring(pixels, histograms, strict, other, decodeTimeoutSeconds);
  }

  /** The same with another limit of time. */
  public Measuring withDecodeTimeoutSeconds(double other) {
    return new Measuring(pixels, histograms, strict, maximumPixels, other);
  }

  /** What decides which images are accepted, by the names of its options, if not the defaults. */
  public SortedMap<String, String> settings() {
    SortedMap<String, String> settings = new TreeMap<>();
    if (strict) {
      settings.put("verify", "strict");
    }
    if (maximumPixels != DEFAULT.maximumPixels()) {
      settings.put("max-pixels", Long.toString(maximumPixels));
    }
    if (decodeTimeoutSeconds != DEFAULT.decodeTimeoutSeconds()) {
      settings.put("decode-timeout", DecodeLimit.text(decodeTimeoutSeconds));
    }
    return settings;
  }

  /** A meter for one thread. */
  public ImageMeter meter() {
    ImageDecoder decoder = new ImageDecoder(maximumPixels);
    return new ImageMeter(strict ? decoder.strict() : decoder, pixels, histograms);
  }

  @Override
  public Meter make() {
    ImageMeter meter = meter();
    return new Meter() {
      @Override
      public ImageSums measure(byte[] file) throws BadImageException {
        return meter.measure(file);
      }

      @Override
      public void close() {
        meter.close();
      }
    };
  }
}
