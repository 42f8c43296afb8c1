package dev.syncnorm.spark.statistics;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.spark.statistics.MeasureTask.Meter;
import dev.syncnorm.statistics.ImageMeter;
import dev.syncnorm.statistics.ImageSums;

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
