package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.data.DataException;
import dev.syncnorm.data.DataIndex;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.testing.PairFolders;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Scans with a decoder that hangs on images of one width. */
@Timeout(120)
class DataScanTest {

  private static final BadInput SKIP = new BadInput(Policy.SKIP, Optional.empty());
  private static final int HANGING_WIDTH = 13;
  private static final CountDownLatch RELEASED = new CountDownLatch(1);
  private static final AtomicLong HANGING = new AtomicLong();
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void startSpark() throws BadImageException {
    decode(PairFolders.png(8, 8, 1)); // loads OpenCV, which takes its time
    spark =
        new JavaSparkContext(
            new SparkConf()
                .setMaster("local[2]")
                .setAppName("DataScanTest")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1"));
  }

  @AfterAll
  static void stopSpark() {
    RELEASED.countDown();
    spark.close();
  }

  @Test
  void imagesWhoseDecodeHangsAreTimedOut() throws Exception {
    PairFolders data = new PairFolders(folder).pair("a", 8, 8).pair("slow", HANGING_WIDTH, 8);
    data.file("target/slow.png", PairFolders.png(9, 8, 1));

    DataIndex index = scan(data, () -> false).orElseThrow();

    assertThat(index.size()).isEqualTo(1);
    assertThat(index.rejected())
        .containsExactly(
            new Rejection(
                folder.resolve("input/slow.png").toString(),
                "timed-out",
                "decoding took longer than 1.5 s"),
            new Rejection(
                folder.resolve("target/slow.png").toString(),
                "bad-partner",
                "its input %s was rejected".formatted(folder.resolve("input/slow.png"))));
  }

  @Test
  void aScanInWhichTooManyDecodesHangEndsClearlyEvenIfBadImagesAreSkipped() {
    PairFolders data = new PairFolders(folder).pair("good", 8, 8);
    for (int i = 0; i < 10; i++) {
      data.pair("slow" + i, HANGING_WIDTH, 8);
    }

    DataException failure =
        catchThrowableOfType(DataException.class, () -> scan(data, () -> false));

    assertThat(failure.problems())
        .hasSizeGreaterThanOrEqualTo(5)
        .anyMatch(line -> line.contains("/slow0.png is timed-out: decoding took longer than 1.5 s"))
        .last()
        .asString()
        .contains("more than 4 decodes took longer than data.decode-timeout = 1.5 s");
  }

  @Test
  void aStopEndsTheScanBeforeItsImagesAreDecoded() throws Exception {
    PairFolders data = new PairFolders(folder).pair("a", 8, 8).pair("slow", HANGING_WIDTH, 8);
    long begin = HANGING.get();

    assertThat(scan(data, () -> HANGING.get() > begin)).isEmpty();
  }

  private static Optional<DataIndex> scan(PairFolders data, BooleanSupplier stopAsked)
      throws DataException, InterruptedException {
    return new DataScan(
            spark,
            spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration())),
            1.5,
            () -> DataScanTest::decode)
        .index(
            data.folder().resolve("input").toString(),
            data.folder().resolve("target").toString(),
            SKIP,
            stopAsked);
  }

  private static DecodedImage decode(byte[] file) throws BadImageException {
    ImageDecoder decoder = new ImageDecoder();
    while (decoder.check(file).width() == HANGING_WIDTH && RELEASED.getCount() > 0) {
      HANGING.incrementAndGet();
      try {
        RELEASED.await();
      } catch (InterruptedException e) {
        // A native decode can't be interrupted.
      }
    }
    return decoder.decode(file);
  }
}
