package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.testing.TinyTraining;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ImageThreadsTest {

  private static final int IMAGES = 40;

  private final TinyTraining training = TinyTraining.of(6, 4, 1, false);
  private final AtomicInteger made = new AtomicInteger();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 50})
  void everyImageOfEveryPhaseRunsOnceAndNoRunnerRunsTwoAtOnce(int threads) throws Exception {
    Set<PhaseRunner> busy = ConcurrentHashMap.newKeySet();
    try (ImageThreads images = images(threads)) {
      for (int phase = 0; phase < 200; phase++) {
        AtomicIntegerArray runs = new AtomicIntegerArray(IMAGES);
        images.run(
            IMAGES,
            (image, runner) -> {
              assertThat(busy.add(runner)).isTrue();
              runs.incrementAndGet(image);
              busy.remove(runner);
            });
        assertThat(IntStream.range(0, IMAGES).map(runs::get)).containsOnly(1);
      }
    }
    assertThat(made).hasValueBetween(1, Math.min(threads, IMAGES));
  }

  @Test
  void oneThreadIsTheOneThatCalls() throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    try (ImageThreads images = images(1)) {
      images.run(IMAGES, (image, runner) -> threads.add(Thread.currentThread()));
    }
    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void allThreadsRunImagesAtTheSameTime() throws Exception {
    CountDownLatch all = new CountDownLatch(3);
    Map<Integer, Thread> threads = new ConcurrentHashMap<>();
    try (ImageThreads images = images(3)) {
      images.run(
          3,
          (image, runner) -> {
            threads.put(image, Thread.currentThread());
            all.countDown();
            await(all);
          });
    }
    assertThat(threads.values()).doesNotHaveDuplicates().contains(Thread.currentThread());
  }

  @Test
  void noImagesAreNoWork() throws Exception {
    try (ImageThreads images = images(2)) {
      images.run(
          0,
          (image, runner) -> {
            throw new AssertionError();
          });
    }
    assertThat(made).hasValue(0);
  }

  @Test
  void theFailureWithTheLowestNumberIsThrownThoughItComesLast() {
    CountDownLatch second = new CountDownLatch(1);
    try (ImageThreads images = images(2)) {
      assertThatThrownBy(
              () ->
                  images.run(
                      2,
                      (image, runner) -> {
                        if (image == 0) {
                          await(second);
                        }
                        second.countDown();
                        throw new SampleException("image " + image, new Exception());
                      }))
          .isInstanceOf(SampleException.class)
          .hasMessage("image 0");
    }
  }

  @Test
  void afterAFailureNoImageIsBegunAndTheThreadsCanBeUsedAgain() throws Exception {
    try (ImageThreads images = images(1)) {
      AtomicInteger begun = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  images.run(
                      IMAGES,
                      (image, runner) -> {
                        if (begun.incrementAndGet() == 3) {
                          throw new AssertionError("the disk is gone");
                        }
                      }))
          .isInstanceOf(AssertionError.class)
          .hasMessage("the disk is gone");
      assertThat(begun).hasValue(3);

      images.run(IMAGES, (image, runner) -> begun.incrementAndGet());
      assertThat(begun).hasValue(3 + IMAGES);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private ImageThreads images(int threads) {
    return new ImageThreads(
        threads,
        "test",
        () -> {
          made.incrementAndGet();
          return new PhaseRunner(training.plan(), Backend.REFERENCE.create());
        });
  }
}
