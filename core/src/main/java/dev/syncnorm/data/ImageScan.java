package dev.syncnorm.data;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.tensor.Digests;
import java.io.IOException;

/** Looks at one file before training: whether it decodes, its size, its digest. Thread-safe. */
public final class ImageScan {

  private final ByteSource source;
  private final ImageDecoder decoder = new ImageDecoder();

  /** A scan of a source's files. */
  public ImageScan(ByteSource source) {
    this.source = source;
  }

  /**
   * Reads and decodes a file.
   *
   * @throws BadImageException with the cause if it can't be trained on
   */
  public Image scan(String path) throws BadImageException {
    byte[] bytes = read(path);
    DecodedImage image = decoder.decode(bytes);
    return new Image(path, 0, bytes.length, Digests.sha256(bytes), image.width(), image.height());
  }

  private byte[] read(String path) throws BadImageException {
    try {
      return source.read(path);
    } catch (IOException e) {
      throw new BadImageException(BadImageCause.UNREADABLE, String.valueOf(e.getMessage()), e);
    }
  }
}
