package dev.syncnorm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LimitedCallsTest {
  private static final byte HANGS = -1;
  private static final byte BAD = -2;
  private static final String SETTING = "--decode-timeout";

  private final CountDownLatch released = new CountDownLatch(1);
  private final List<Meter> meters = new CopyOnWriteArrayList<>();

  /** What a thread owns: it may be used by no other. */
  private final class Meter implements AutoCloseable {
    private final Thread owner = Thread.currentThread();
    private final CountDownLatch closed = new CountDownLatch(1);

    Meter() {
      meters.add(this);
    }

    int measure(byte[] file) throws BadImageException {
      assertThat(Thread.currentThread()).isSameAs(owner).matches(Thread::isDaemon);
      if (file[0] == BAD) {
        throw new BadImageException(BadImageCause.CORRUPT, "why");
      }
      while (file[0] == HANGS && released.getCount() > 0) {
        try {
          released.await();
        } catch (InterruptedException e) {
          // A native decode can't be interrupted.
        }
      }
      return file[0];
    }

    @Override
    public void close() {
      assertThat(Thread.currentThread()).isSameAs(owner);
      closed.countDown();
    }
  }

  private LimitedCalls<Meter, Integer> calls(double seconds) {
    return new LimitedCalls<>(Meter::new, Meter::measure, new DecodeLimit(SETTING, seconds));
  }

  @AfterEach
  void letTheThreadsEnd() {
    released.countDown();
  }

  @Test
  void callsRunAndAreAwaitedInTheirOrder() throws Exception {
    try (LimitedCalls<Meter, Integer> calls = calls(60)) {
      calls.start(new byte[] {1});
      for (byte i = 2; i < 100; i++) {
        calls.start(new byte[] {i});
        assertThat(calls.await()).isEqualTo(i - 1);
      }
      assertThat(calls.await()).isEqualTo(99);
      assertThatThrownBy(calls::await)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no call was started");
    }
    assertThat(meters).hasSize(1);
    assertThat(meters.get(0).closed.await(30, TimeUnit.SECONDS)).isTrue();
  }

  /** The call runs while its caller does something else. */
  @Test
  void aCallRunsBeforeItIsAwaited() throws Exception {
    CountDownLatch ran = new CountDownLatch(1);
    try (LimitedCalls<Meter, Integer> calls =
        new LimitedCalls<>(
            Meter::new,
            (meter, file) -> {
              ran.countDown();
              return meter.measure(file);
            },
            new DecodeLimit(SETTING, 60))) {
      calls.start(new byte[] {5});
      assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(calls.await()).isEqualTo(5);
    }
  }

  @Test
  void aBadImageIsThrownWhereItIsAwaitedAndTheMeterStays() throws Exception {
    try (LimitedCalls<Meter, Integer> calls = calls(60)) {
      calls.start(new byte[] {BAD});
      calls.start(new byte[] {7});
      assertThatThrownBy(calls::await).isInstanceOf(BadImageException.class).hasMessage("why");
      assertThat(calls.await()).isEqualTo(7);
    }
    assertThat(meters).hasSize(1);
  }

  /** What hangs keeps its thread and its meter; what was started behind it gets new ones. */
  @Test
  void aCallThatHangsKeepsItsMeterAndTheCallsBehindItGetANewOne() throws Exception {
    try (LimitedCalls<Meter, Integer> calls = calls(0.2)) {
      calls.start(new byte[] {1});
      calls.start(new byte[] {HANGS});
      calls.start(new byte[] {2});
      calls.start(new byte[] {3});
      assertThat(calls.await()).isEqualTo(1);
      BadImageException bad = catchThrowableOfType(BadImageException.class, calls::await);
      assertThat(bad.kind()).isEqualTo(BadImageCause.TIMED_OUT);
      assertThat(bad).hasMessage("decoding took longer than 0.2 s");
      assertThat(calls.await()).isEqualTo(2);
      assertThat(calls.await()).isEqualTo(3);
      assertThat(meters).hasSize(2);
      assertThat(meters.get(0).closed.getCount()).isEqualTo(1);
      released.countDown();
      assertThat(meters.get(0).closed.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void tooManyThatHangAreAnErrorThatNamesTheSetting() {
    try (LimitedCalls<Meter, Integer> calls = calls(0.05)) {
      for (int i = 0; i < 4; i++) {
        calls.start(new byte[] {HANGS});
        assertThatThrownBy(calls::await).isInstanceOf(BadImageException.class);
      }
      calls.start(new byte[] {HANGS});
      assertThatThrownBy(calls::await)
          .isInstanceOf(DecodeLimit.ExceededException.class)
          .hasMessageContaining("more than 4 decodes took longer than --decode-timeout = 0.05 s")
          .hasMessageContaining("raise it, or remove the images");
    }
  }

  @Test
  void secondsAreToldAsPeopleWriteThem() {
    assertThat(DecodeLimit.text(60)).isEqualTo("60");
    assertThat(DecodeLimit.text(86_400)).isEqualTo("86400");
    assertThat(DecodeLimit.text(0.5)).isEqualTo("0.5");
    assertThat(DecodeLimit.text(0.0001)).isEqualTo("0.0001");
    assertThat(DecodeLimit.text(0)).isEqualTo("0");
  }

  @Test
  void aMeterThatCannotBeMadeIsTold() {
    try (LimitedCalls<Meter, Integer> calls =
        new LimitedCalls<>(
            () -> {
              throw new IllegalStateException("no OpenCV");
            },
            Meter::measure,
            new DecodeLimit(SETTING, 60))) {
      calls.start(new byte[] {1});
      assertThatThrownBy(calls::await).hasMessage("no OpenCV");
    }
  }
}
