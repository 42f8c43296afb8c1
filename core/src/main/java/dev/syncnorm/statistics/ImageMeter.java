package dev.syncnorm.statistics;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import java.util.Optional;

/**
 * Decodes one image file after another and sums its pixels. Keeps scratch memory and belongs to one
 * thread.
 */
public final class ImageMeter implements AutoCloseable {

  private final ImageDecoder decoder;
  private final boolean histograms;

  /**
   * A meter.
   *
   * @param settings which pixels are looked at
   * @param histograms whether values are counted
   */
  public ImageMeter(ImageDecoder decoder, PixelSettings settings, boolean histograms) {
    this.decoder = decoder;
    this.histograms = histograms;
  }

  /**
   * Decodes and sums.
   *
   * @throws BadImageException if the file is bad for any cause but {@code timed-out} and {@code
   *     unreadable}
   */
  public ImageSums measure(byte[] file) throws BadImageException {
    DecodedImage image = decoder.decode(file);
    PixelKind kind = new PixelKind(3, 8);
    long[] sums = new long[3];
    long[] squares = new long[3];
    long[] products = new long[3];
    int[] min = {255, 255, 255};
    int[] max = new int[3];
    int[][] counts = new int[3][256];
    byte[] bgr = image.bgr();
    int[] pixel = new int[3];
    for (int at = 0; at < bgr.length; at += 3) {
      for (int c = 0; c < 3; c++) {
        pixel[c] = bgr[at + 2 - c] & 0xff;
        sums[c] += pixel[c];
        squares[c] += pixel[c] * pixel[c];
        min[c] = Math.min(min[c], pixel[c]);
        max[c] = Math.max(max[c], pixel[c]);
        counts[c][pixel[c]]++;
      }
      products[0] += pixel[0] * pixel[1];
      products[1] += pixel[0] * pixel[2];
      products[2] += pixel[1] * pixel[2];
    }
    return new ImageSums(
        kind,
        image.width(),
        image.height(),
        sums,
        squares,
        products,
        min,
        max,
        histograms ? Optional.of(counts) : Optional.empty());
  }

  @Override
  public void close() {}
}
