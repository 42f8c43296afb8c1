package dev.syncnorm.data;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelConversion;
import dev.syncnorm.image.Resize;
import dev.syncnorm.tensor.Digests;
import dev.syncnorm.training.SampleException;
import dev.syncnorm.training.Samples;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Pairs of images as tensors: decoded, resized (bilinear), planar, as a conversion has their
 * values. Keeps the resized images that were used last, and reads those that are used next ahead,
 * all within a number of bytes.
 */
public final class PairSamples implements Samples {

  private final DataIndex index;
  private final ByteSource source;
  private final int height;
  private final int width;
  private final PixelConversion conversion;
  private final ImageDecoder decoder = new ImageDecoder();
  private final ImageCache cache;

  /**
   * The samples of an index.
   *
   * @param conversion how the bytes of inputs and targets become values
   * @param cacheBytes how much memory the resized images may take, those read ahead among them
   */
  public PairSamples(
      DataIndex index,
      ByteSource source,
      PixelConversion conversion,
      int height,
      int width,
      long cacheBytes) {
    this.index = index;
    this.source = source;
    this.height = height;
    this.width = width;
    this.conversion = conversion;
    this.cache = new ImageCache(this::resized, cacheBytes / (3L * height * width));
  }

  @Override
  public void load(int sample, float[] input, float[] target) throws SampleException {
    DataIndex.Pair pair = index.pairs().get(sample);
    conversion.toPlanar(cache.get(pair.input()), input, 0);
    conversion.toPlanar(cache.get(pair.target()), target, 0);
  }

  @Override
  public void readAhead(int[] samples) {
    List<Image> images = new ArrayList<>();
    for (int sample : samples) {
      DataIndex.Pair pair = index.pairs().get(sample);
      images.add(pair.input());
      images.add(pair.target());
    }
    cache.readAhead(images);
  }

  private DecodedImage resized(Image image) throws SampleException {
    return Resize.bilinear(decode(image), width, height);
  }

  private DecodedImage decode(Image image) throws SampleException {
    try {
      byte[] bytes = source.read(image.path());
      if (!Digests.sha256(bytes).equals(image.sha256())) {
        throw new SampleException(
            "%s has changed since the run began; a run needs its data unchanged: start a new one"
                .formatted(image.path()),
            null);
      }
      return decoder.decode(bytes);
    } catch (IOException e) {
      throw new SampleException(
          "%s can't be read any more: %s; bring it back and go on with --resume"
              .formatted(image.path(), e.getMessage()),
          e);
    } catch (BadImageException e) {
      throw new SampleException("%s: %s".formatted(image.path(), e.getMessage()), e);
    }
  }
}
