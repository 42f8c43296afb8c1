package dev.syncnorm.data;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Decodes on a daemon thread of its own. An image that takes longer than the limit is {@code
 * timed-out}; its thread is given up and the next image gets a new one. Used by one thread.
 */
public final class LimitedDecoder implements Decoder, AutoCloseable {

  private final Decoder decoder;
  private final DecodeLimit limit;
  private ExecutorService thread = daemon();

  /** A decoder with a limit, which it shares with others of this process. */
  public LimitedDecoder(Decoder decoder, DecodeLimit limit) {
    this.decoder = decoder;
    this.limit = limit;
  }

  /**
   * Decodes.
   *
   * @throws BadImageException with the decoder's cause, or {@code timed-out}
   * @throws DecodeLimit.ExceededException if too many decodes of this process hang
   */
  @Override
  public DecodedImage decode(byte[] file) throws BadImageException {
    // Set by the first of the two that come to an end: the decode or the patience.
    AtomicBoolean over = new AtomicBoolean();
    FutureTask<DecodedImage> decode = new FutureTask<>(() -> decoder.decode(file));
    thread.execute(
        () -> {
          decode.run();
          if (!over.compareAndSet(false, true)) {
            limit.ended();
          }
        });
    try {
      try {
        return decode.get((long) (limit.seconds() * 1e9), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        if (over.compareAndSet(false, true)) {
          thread.shutdown();
          thread = daemon();
          limit.giveUp();
          throw new BadImageException(
              BadImageCause.TIMED_OUT, "decoding took longer than %s s".formatted(limit.text()), e);
        }
        return decode.get();
      }
    } catch (ExecutionException e) {
      throw unwrapped(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("decoding was interrupted", e);
    }
  }

  private static BadImageException unwrapped(Throwable cause) {
    if (cause instanceof BadImageException bad) {
      return bad;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) cause;
  }

  private static ExecutorService daemon() {
    return Executors.newSingleThreadExecutor(
        task -> {
          Thread thread = new Thread(task, "syncnorm-decode");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Ends the thread, once it is done. */
  @Override
  public void close() {
    thread.shutdown();
  }
}
