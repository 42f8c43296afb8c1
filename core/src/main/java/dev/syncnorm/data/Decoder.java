package dev.syncnorm.data;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;

/** Makes pixels of a file's bytes. */
public interface Decoder {

  /**
   * Decodes.
   *
   * @throws BadImageException with the cause if that can't be done
   */
  DecodedImage decode(byte[] file) throws BadImageException;
}
