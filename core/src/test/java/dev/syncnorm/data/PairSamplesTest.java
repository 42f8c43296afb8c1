package dev.syncnorm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.ChannelOrder;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelConversion;
import dev.syncnorm.testing.ImageFiles;
import dev.syncnorm.testing.InProcessTraining;
import dev.syncnorm.training.SampleException;
import dev.syncnorm.training.Samples;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The cache and reading ahead, on a source that counts and waits. */
@Timeout(60)
class PairSamplesTest {

  private static final int PAIRS = 6;
  private static final int HEIGHT = 6;
  private static final int WIDTH = 8;
  private static final long PAIR_BYTES = 2L * 3 * HEIGHT * WIDTH;

  /** With a batch norm, so that a step has phases in which its images are there already. */
  private static final String MODEL =
      """
      input { height = 6, width = 8 }
      layers = [
        { name = conv, type = conv, filters = 3, kernel = 3 }
        { name = norm, type = batch-norm }
      ]
      """;

  private final Map<String, byte[]> files = new HashMap<>();
  private final DataIndex index = index();
  private final Map<String, AtomicInteger> reads = new ConcurrentHashMap<>();
  private final Map<String, IOException> failures = new ConcurrentHashMap<>();
  private final Semaphore started = new Semaphore(0);

  private final ByteSource source =
      path -> {
        reads.computeIfAbsent(path, p -> new AtomicInteger()).incrementAndGet();
        started.release();
        if (failures.containsKey(path)) {
          throw failures.get(path);
        }
        return files.get(path);
      };

  @Test
  void imagesOfTheNextStepAreReadWhileNobodyAsksForThem() throws Exception {
    PairSamples samples = samples(source, 2 * PAIR_BYTES);

    samples.readAhead(new int[] {3, 1});
    started.acquire(4);
    load(samples, 3);
    load(samples, 1);

    assertThat(reads).containsOnlyKeys("in/3", "out/3", "in/1", "out/1");
    assertThat(reads.values()).extracting(AtomicInteger::get).containsOnly(1);
  }

  @Test
  void whoNeedsAnImageThatIsBeingReadWaitsForItAndWhoNeedsALaterOneDoesNot() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch reading = new CountDownLatch(1);
    ByteSource slow =
        path -> {
          byte[] bytes = source.read(path);
          if (path.equals("in/0")) {
            reading.countDown();
            awaitUninterruptibly(release);
          }
          return bytes;
        };
    PairSamples samples = samples(slow, 3 * PAIR_BYTES);
    samples.readAhead(new int[] {0, 1});
    reading.await();

    load(samples, 1); // in this thread, as the background thread is held up at in/0
    release.countDown();
    load(samples, 0);

    assertThat(reads.values()).extracting(AtomicInteger::get).containsOnly(1);
  }

  @Test
  void noMoreIsReadAheadThanTheCacheHolds() throws Exception {
    PairSamples samples = samples(source, 2 * PAIR_BYTES);

    samples.readAhead(new int[] {0, 1, 2, 3});
    started.acquire(4);

    assertThat(started.tryAcquire(100, TimeUnit.MILLISECONDS)).isFalse();
    assertThat(reads).containsOnlyKeys("in/0", "out/0", "in/1", "out/1");
  }

  @Test
  void withoutACacheNothingIsReadAhead() throws Exception {
    PairSamples samples = samples(source, 0);

    samples.readAhead(new int[] {0, 1, 2, 3});
    load(samples, 5);

    assertThat(reads).containsOnlyKeys("in/5", "out/5");
  }

  @Test
  void aFailureIsToldOnlyToWhoNeedsTheImageAndAsIfItHadNotBeenReadAhead() throws Exception {
    failures.put("in/2", new IOException("the disk is on fire"));
    PairSamples ahead = samples(source, 4 * PAIR_BYTES);
    ahead.readAhead(new int[] {2, 3});
    started.acquire(4);

    load(ahead, 3);
    String message =
        "in/2 can't be read any more: the disk is on fire; bring it back and go on with --resume";
    assertThatThrownBy(() -> load(ahead, 2))
        .isInstanceOf(SampleException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> load(samples(source, 0), 2)).hasMessage(message);
    failures.clear();
    load(ahead, 2);
  }

  @Test
  void readingAheadStopsAtTheImageThatItIsAt() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    PairSamples samples =
        samples(
            path -> {
              byte[] bytes = source.read(path);
              awaitUninterruptibly(release);
              return bytes;
            },
            PAIRS * PAIR_BYTES);
    samples.readAhead(new int[] {0, 1, 2});
    started.acquire();

    samples.readAhead(new int[0]);
    release.countDown();

    assertThat(started.tryAcquire(100, TimeUnit.MILLISECONDS)).isFalse();
    assertThat(reads).containsOnlyKeys("in/0");
  }

  @Test
  void aTrainingReadsEachImageOncePerEpochIfTheCacheIsTooSmallAndOnceIfItIsNot() {
    int epochs = 4;
    InProcessTraining.Run none = train(samples(source, 0), epochs, 2, 1);
    assertThat(reads).hasSize(2 * PAIRS);
    assertThat(reads.values()).extracting(AtomicInteger::get).containsOnly(epochs);

    reads.clear();
    InProcessTraining.Run small = train(samples(source, 2 * PAIR_BYTES), epochs, 2, 1);
    assertThat(reads.values()).extracting(AtomicInteger::get).containsOnly(epochs);

    reads.clear();
    InProcessTraining.Run whole = train(samples(source, PAIRS * PAIR_BYTES), epochs, 2, 2);
    assertThat(reads.values()).extracting(AtomicInteger::get).containsOnly(1);

    assertThat(small.sha256()).isEqualTo(none.sha256());
    assertThat(whole.sha256()).isEqualTo(none.sha256());
  }

  @Test
  void aTrainingReadsTheImagesOfAStepWhileTheStepBeforeComputes() {
    List<String> events = new ArrayList<>();
    PairSamples inner = samples(source, 4 * PAIR_BYTES);
    Samples seen =
        new Samples() {
          @Override
          public void load(int sample, float[] input, float[] target) throws SampleException {
            events.add("load " + sample);
            inner.load(sample, input, target);
          }

          @Override
          public void readAhead(int[] indices) {
            events.add("ahead " + Arrays.toString(indices));
            inner.readAhead(indices);
          }
        };

    train(seen, 1, 2, 1);

    assertThat(events)
        .containsExactly(
            "load 0",
            "load 1",
            "ahead [2, 3]",
            "load 2",
            "load 3",
            "ahead [4, 5]",
            "load 4",
            "load 5",
            "ahead []");
  }

  @Test
  void imagesThatStayWithTheWorkerAreNotReadAhead() {
    train(samples(source, PAIRS * PAIR_BYTES), 3, PAIRS, 1);

    assertThat(reads.values()).extracting(AtomicInteger::get).containsOnly(1);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .doesNotContain("syncnorm-read-ahead");
  }

  private static InProcessTraining.Run train(
      Samples samples, int epochs, int batchSize, int threads) {
    return InProcessTraining.of(MODEL)
        .samples(PAIRS, samples)
        .batchSize(batchSize)
        .epochs(epochs)
        .workers(1, threads)
        .run();
  }

  private PairSamples samples(ByteSource bytes, long cacheBytes) {
    return new PairSamples(
        index, bytes, new PixelConversion(ChannelOrder.BGR, 255), HEIGHT, WIDTH, cacheBytes);
  }

  private static void load(PairSamples samples, int sample) throws SampleException {
    int size = 3 * HEIGHT * WIDTH;
    samples.load(sample, new float[size], new float[size]);
  }

  private DataIndex index() {
    ImageScan scan = new ImageScan(files::get, new ImageDecoder()::decode);
    List<DataIndex.Pair> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(new DataIndex.Pair(image(scan, "in/" + i, i), image(scan, "out/" + i, 10 + i)));
    }
    return new DataIndex(pairs, List.of());
  }

  private Image image(ImageScan scan, String path, long seed) {
    files.put(path, ImageFiles.encode(ImageFiles.picture(20, 10, seed), "png"));
    return ((Scanned.Good) scan.scan(path)).image();
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
