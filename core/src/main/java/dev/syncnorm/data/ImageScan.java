package dev.syncnorm.data;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.tensor.Digests;
import java.io.IOException;

/**
 * Looks at one file before training: whether it decodes, its size, its digest. As thread-safe as
 * its decoder.
 */
public final class ImageScan {

  private final ByteSource source;
  private final Decoder decoder;

  /** A scan of a source's files. */
  public ImageScan(ByteSource source, Decoder decoder) {
    this.source = source;
    this.decoder = decoder;
  }

  /** Reads and decodes a file. */
  public Scanned scan(String path) {
    try {
      byte[] bytes = read(path);
      DecodedImage image = decoder.decode(bytes);
      return new Scanned.Good(
          new Image(path, 0, bytes.length, Digests.sha256(bytes), image.width(), image.height()));
    } catch (BadImageException e) {
      return new Scanned.Bad(new Rejection(path, e.kind().label(), e.getMessage()));
    }
  }

  private byte[] read(String path) throws BadImageException {
    try {
      return source.read(path);
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new BadImageException(
          BadImageCause.UNREADABLE, "%s: %s".formatted(e.getClass().getSimpleName(), reason), e);
    }
  }
}
