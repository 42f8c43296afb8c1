package dev.syncnorm.data;

import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;

/**
 * Decodes on a daemon thread of its own. An image that takes longer than the limit is {@code
 * timed-out}; its thread is given up and the next image gets a new one. Used by one thread.
 */
public final class LimitedDecoder implements Decoder, AutoCloseable {

  /** Decoders are shared and stay: a thread owns nothing. */
  private static final AutoCloseable NOTHING = () -> {};

  private final LimitedCalls<AutoCloseable, DecodedImage> calls;

  /** A decoder with a limit, which it shares with others of this process. */
  public LimitedDecoder(Decoder decoder, DecodeLimit limit) {
    calls = new LimitedCalls<>(() -> NOTHING, (nothing, file) -> decoder.decode(file), limit);
  }

  /**
   * Decodes.
   *
   * @throws BadImageException with the decoder's cause, or {@code timed-out}
   * @throws DecodeLimit.ExceededException if too many decodes of this process hang
   */
  @Override
  public DecodedImage decode(byte[] file) throws BadImageException {
    calls.start(file);
    return calls.await();
  }

  /** Ends the thread, once it is done. */
  @Override
  public void close() {
    calls.close();
  }
}
