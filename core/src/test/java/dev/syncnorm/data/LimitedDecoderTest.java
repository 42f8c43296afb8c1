package dev.syncnorm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LimitedDecoderTest {

  private static final byte[] QUICK = {1};
  private static final byte[] HANGS = {2};
  private static final DecodedImage IMAGE = new DecodedImage(1, 1, new byte[3]);

  private final CountDownLatch released = new CountDownLatch(1);

  /** Hangs, as a native decode does: it can't be interrupted. */
  private final Decoder decoder =
      file -> {
        while (file == HANGS && released.getCount() > 0) {
          try {
            released.await();
          } catch (InterruptedException e) {
            // As if nothing had happened.
          }
        }
        return IMAGE;
      };

  @AfterEach
  void letTheThreadsEnd() {
    released.countDown();
  }

  @Test
  void anImageWithinTheLimitIsDecodedOnADaemonThread() throws BadImageException {
    AtomicReference<Thread> thread = new AtomicReference<>();
    Decoder seen =
        file -> {
          thread.set(Thread.currentThread());
          return IMAGE;
        };

    try (LimitedDecoder limited =
        new LimitedDecoder(seen, new DecodeLimit("data.decode-timeout", 60))) {
      assertThat(limited.decode(QUICK)).isSameAs(IMAGE);
    }

    assertThat(thread.get()).isNotSameAs(Thread.currentThread()).matches(Thread::isDaemon);
  }

  @Test
  void anImageThatTakesTooLongIsTimedOutAndTheNextOneIsDecoded() throws BadImageException {
    try (LimitedDecoder limited =
        new LimitedDecoder(decoder, new DecodeLimit("data.decode-timeout", 0.05))) {
      BadImageException bad =
          catchThrowableOfType(BadImageException.class, () -> limited.decode(HANGS));

      assertThat(bad.kind()).isEqualTo(BadImageCause.TIMED_OUT);
      assertThat(bad).hasMessage("decoding took longer than 0.05 s");
      assertThat(limited.decode(QUICK)).isSameAs(IMAGE);
    }
  }

  @Test
  void moreThanFourHangingDecodesOfAProcessEndTheScan() {
    DecodeLimit limit = new DecodeLimit("data.decode-timeout", 0.05);
    for (int i = 0; i < 4; i++) {
      try (LimitedDecoder limited = new LimitedDecoder(decoder, limit)) {
        assertThatThrownBy(() -> limited.decode(HANGS)).isInstanceOf(BadImageException.class);
      }
    }

    try (LimitedDecoder limited = new LimitedDecoder(decoder, limit)) {
      assertThatThrownBy(() -> limited.decode(HANGS))
          .isInstanceOf(DecodeLimit.ExceededException.class)
          .hasMessageContaining("more than 4 decodes took longer than data.decode-timeout = 0.05 s")
          .hasMessageContaining("raise it, or remove the images");
    }
  }

  @Test
  void aDecodeThatEndsAfterAllCountsNoMore() throws InterruptedException {
    DecodeLimit limit = new DecodeLimit("data.decode-timeout", 0.01);
    Decoder slow =
        file -> {
          try {
            TimeUnit.MILLISECONDS.sleep(60);
          } catch (InterruptedException e) {
            throw new AssertionError("a decode was interrupted", e);
          }
          return IMAGE;
        };
    for (int i = 0; i < 12; i++) {
      try (LimitedDecoder limited = new LimitedDecoder(slow, limit)) {
        assertThatThrownBy(() -> limited.decode(QUICK)).isInstanceOf(BadImageException.class);
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  @Test
  void whatTheDecoderSaysIsPassedOn() {
    BadImageException bad = new BadImageException(BadImageCause.CORRUPT, "why");
    Decoder refuses =
        file -> {
          throw bad;
        };
    Decoder fails =
        file -> {
          throw new IllegalStateException("a mistake");
        };

    try (LimitedDecoder limited =
        new LimitedDecoder(refuses, new DecodeLimit("data.decode-timeout", 60))) {
      assertThatThrownBy(() -> limited.decode(QUICK)).isSameAs(bad);
    }
    try (LimitedDecoder limited =
        new LimitedDecoder(fails, new DecodeLimit("data.decode-timeout", 60))) {
      assertThatThrownBy(() -> limited.decode(QUICK)).hasMessage("a mistake");
    }
  }
}
