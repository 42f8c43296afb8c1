package dev.syncnorm.spark.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.data.DataException;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.statistics.MeasureTask.Meter;
import dev.syncnorm.spark.testing.ImageFolder;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.ImageSums;
import dev.syncnorm.statistics.PixelSums;
import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The job in one process, with meters that fail, hang or watch. */
@Timeout(120)
class StatisticsJobTest {

  private static final BadInput SKIP = new BadInput(Policy.SKIP, Optional.empty());
  private static final BadInput FAIL = new BadInput(Policy.FAIL, Optional.empty());
  private static final Measuring MEASURING = Measuring.DEFAULT.withDecodeTimeoutSeconds(1);
  private static final int HANGING_WIDTH = 13;
  private static final CountDownLatch RELEASED = new CountDownLatch(1);
  private static final AtomicInteger FAILURES = new AtomicInteger();
  private static final Set<String> THREADS = ConcurrentHashMap.newKeySet();
  private static volatile Runnable whenMeasuring;
  private static SparkSession spark;

  @TempDir private Path temporary;
  private ImageFolder images;

  @BeforeAll
  static void startSpark() {
    spark = Sessions.start(2, Map.of());
    new ImageDecoder(); // loads OpenCV, which takes its time
  }

  @AfterAll
  static void stopSpark() {
    RELEASED.countDown();
    spark.stop();
  }

  @BeforeEach
  void makeImages() {
    images = new ImageFolder(temporary.resolve("images"));
  }

  @Test
  void theSumsAreThoseOfEveryPixel() throws Exception {
    for (int i = 0; i < 25; i++) {
      images.png("class%d/%d.png".formatted(i % 3, i), 5 + 3 * i, 41 - i);
    }

    DataSetStatistics statistics = run(request(images.path(), SKIP)).statistics();

    assertThat(statistics.accepted()).isEqualTo(25);
    assertThat(statistics.rejections()).isEmpty();
    PixelSums sums = statistics.sums().get(statistics.sums().firstKey());
    assertThat(sums.images()).isEqualTo(25);
    new PixelOracle(paths(images.names())).check(sums);
  }

  @Test
  void eachFolderHasSumsOfItsOwn() throws Exception {
    images.png("train/cat/1.png", 9, 7).png("train/cat/2.png", 4, 4).png("train/dog/1.png", 8, 5);
    images.png("test/cat/3.png", 6, 6);
    StatisticsJob.Request all = request(images.path(), SKIP);

    DataSetStatistics statistics =
        run(new StatisticsJob.Request(
                all.inputs(),
                all.located(),
                all.measuring(),
                true,
                true,
                all.reading(),
                all.badInput()))
            .statistics();

    assertThat(statistics.groups()).containsOnlyKeys("cat", "dog");
    PixelSums cats = statistics.groups().get("cat").values().iterator().next();
    assertThat(cats.images()).isEqualTo(3);
    assertThat(cats.histograms()).isEmpty();
    DataSetStatistics alone = run(request(images.path() + "/*/cat", SKIP)).statistics();
    assertThat(cats.channels()).isEqualTo(alone.total().orElseThrow().channels());
    assertThat(cats.products()).isEqualTo(alone.total().orElseThrow().products());
  }

  @Test
  void memoryThatRunsOutEndsTheJobAndRejectsNothing() {
    images.png("good.png", 9, 9);
    StatisticsJob.Request given = request(images.path(), SKIP);
    PixelSettings beyondAllAddresses =
        new PixelSettings(
            Channels.RGB, Optional.of(new Extent(10_000_000, 100_000_000)), Optional.empty());
    StatisticsJob.Request request =
        new StatisticsJob.Request(
            given.inputs(),
            given.located(),
            given.measuring().withPixels(beyondAllAddresses),
            given.digest(),
            given.groupByParent(),
            given.reading(),
            given.badInput());

    assertThatThrownBy(() -> run(request))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("memory outside the Java heap ran out");
  }

  @Test
  void everyInputIsAcceptedOrRejectedWithItsCause() throws Exception {
    images.badImages().png("good/1.png", 9, 9).jpeg("good/2.jpg", 40, 30);
    images.png("slow.png", HANGING_WIDTH, 4).png("vanishing.png", 5, 5);

    DataSetStatistics statistics =
        new StatisticsJob(
                spark,
                request(images.path(), SKIP),
                whenListed(() -> Files.delete(images.folder().resolve("vanishing.png"))),
                StatisticsJobTest::hanging)
            .run()
            .orElseThrow()
            .statistics();

    assertThat(statistics.accepted()).isEqualTo(2);
    assertThat(statistics.rejections())
        .extracting(r -> images.folder().relativize(Path.of(r.path())) + " " + r.cause())
        .containsExactly(
            "bad/bomb.png too-large",
            "bad/corrupt.png corrupt",
            "bad/empty.png empty",
            "bad/floats.tif unsupported",
            "bad/text.jpg not-an-image",
            "bad/truncated.png truncated",
            "slow.png timed-out",
            "vanishing.png unreadable");
    assertThat(statistics.rejections()).extracting(Rejection::message).doesNotContain("");
  }

  @Test
  void aTaskThatIsRepeatedCountsOnce() throws Exception {
    for (int i = 0; i < 12; i++) {
      images.png(i + ".png", 20, 10 + i);
    }
    DataSetStatistics expected = run(request(images.path(), SKIP)).statistics();
    FAILURES.set(1);

    DataSetStatistics statistics =
        new StatisticsJob(
                spark, request(images.path(), SKIP), quiet(), StatisticsJobTest::failingOnce)
            .run()
            .orElseThrow()
            .statistics();

    assertThat(FAILURES).hasValue(0);
    assertThat(Json.withoutTime(statistics)).isEqualTo(Json.withoutTime(expected));
  }

  @Test
  void aJobThatIsToFailEndsWithTheFirstBadImageAndNamesIt() {
    images.png("1.png", 9, 9).file("2.png", new byte[0]).png("3.png", 9, 9);

    DataException failure =
        catchThrowableOfType(DataException.class, () -> run(request(images.path(), FAIL)));

    assertThat(failure.problems())
        .containsExactly(
            images.folder().resolve("2.png")
                + " is empty: the file has no bytes; replace or remove it, or leave it out with --on-bad skip");
  }

  @Test
  void aJobInWhichTooManyDecodesHangEndsClearly() {
    images.png("good.png", 9, 9);
    for (int i = 0; i < 10; i++) {
      images.png("slow%d.png".formatted(i), HANGING_WIDTH, 4);
    }

    DataException failure =
        catchThrowableOfType(
            DataException.class,
            () ->
                new StatisticsJob(
                        spark, request(images.path(), SKIP), quiet(), StatisticsJobTest::hanging)
                    .run());

    assertThat(failure.problems())
        .last()
        .asString()
        .contains("more than 4 decodes took longer than --decode-timeout = 1 s and go on");
  }

  @Test
  void nothingAcceptedIsAnErrorThatSaysWhy() {
    images.badImages();

    DataException failure =
        catchThrowableOfType(DataException.class, () -> run(request(images.path(), SKIP)));

    assertThat(failure.problems())
        .singleElement()
        .asString()
        .startsWith(
            "no image of %s could be measured: all 6 were rejected (1 corrupt, 1 empty, 1 not-an-image, 1 too-large, 1 truncated, 1 unsupported); the first is %s: "
                .formatted(images.path(), images.folder().resolve("bad/bomb.png")));
  }

  @Test
  void nativeChannelsOfDifferentNumberAreAnError() throws IOException {
    images.png("1.png", 9, 9).png("2.png", 9, 9);
    images.file(
        "gray.png",
        ImageFiles.encode(ImageFiles.picture(8, 8, 1, BufferedImage.TYPE_BYTE_GRAY), "png"));
    Measuring nativeChannels =
        MEASURING.withPixels(
            new PixelSettings(PixelSettings.Channels.NATIVE, Optional.empty(), Optional.empty()));

    DataException failure =
        catchThrowableOfType(
            DataException.class, () -> run(request(images.path(), SKIP, nativeChannels)));

    assertThat(failure.problems())
        .containsExactly(
            "the images have different channels, 1 have gray, 2 have red green blue; measure all in the same with --channels rgb or gray");
  }

  @Test
  void quarantineHasACopyOfEveryBadImageOnceWhateverIsRepeated() throws Exception {
    images.badImages().png("good.png", 9, 9).png("vanishing.png", 5, 5);
    for (int i = 0; i < 8; i++) {
      images.png("more/%d.png".formatted(i), 9, 9);
    }
    ImageFolder quarantine = new ImageFolder(temporary.resolve("quarantine"));
    quarantine.file("bad/text.jpg", new byte[] {1, 2, 3});
    StatisticsJob.Request request =
        request(images.path(), new BadInput(Policy.QUARANTINE, Optional.of(quarantine.path())));
    FAILURES.set(1);
    new StatisticsJob(
            spark,
            request,
            whenListed(() -> Files.delete(images.folder().resolve("vanishing.png"))),
            StatisticsJobTest::failingOnce)
        .run();

    List<String> names = quarantine.names();
    assertThat(names)
        .containsExactly(
            "bad/bomb.png",
            "bad/corrupt.png",
            "bad/empty.png",
            "bad/floats.tif",
            "bad/text-2.jpg",
            "bad/text.jpg",
            "bad/truncated.png",
            "rejections.jsonl");
    assertThat(quarantine.bytes("bad/text.jpg")).containsExactly(1, 2, 3);
    assertThat(quarantine.bytes("bad/text-2.jpg")).isEqualTo(images.bytes("bad/text.jpg"));
    assertThat(quarantine.bytes("bad/bomb.png")).isEqualTo(images.bytes("bad/bomb.png"));
    byte[] list = quarantine.bytes("rejections.jsonl");
    assertThat(new String(list, StandardCharsets.UTF_8).lines())
        .hasSize(7)
        .filteredOn(line -> !line.contains("\"copy\":"))
        .singleElement()
        .asString()
        .contains("vanishing.png", "unreadable");

    images.png("vanishing.png", 5, 5);
    new StatisticsJob(
            spark,
            request,
            whenListed(() -> Files.delete(images.folder().resolve("vanishing.png"))),
            request.measuring())
        .run();

    assertThat(quarantine.names()).isEqualTo(names);
    assertThat(quarantine.bytes("rejections.jsonl")).isEqualTo(list);
  }

  @Test
  void aStoppedJobHasNoResultAndLeavesNothing() throws Exception {
    images.badImages();
    for (int i = 0; i < 20; i++) {
      images.png(i + ".png", HANGING_WIDTH, 4);
    }
    Path quarantine = temporary.resolve("quarantine");
    StatisticsJob.Request request =
        request(images.path(), new BadInput(Policy.QUARANTINE, Optional.of(quarantine.toString())));
    StatisticsJob[] job = {null};
    job[0] =
        new StatisticsJob(spark, request, whenListed(() -> job[0].stop()), request.measuring());

    assertThat(job[0].run()).isEmpty();
    assertThat(quarantine).doesNotExist();
  }

  /** A session that closes under tasks makes them fail aloud. */
  @Test
  void aStoppedJobHasNoTaskThatStillRuns() throws Exception {
    for (int i = 0; i < 8; i++) {
      images.png(i + ".png", 20, 20);
    }
    StatisticsJob.Request request = request(images.path(), SKIP);
    StatisticsJob[] job = {null};
    AtomicInteger tasks = new AtomicInteger();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            tasks.incrementAndGet();
          }

          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            tasks.decrementAndGet();
          }
        };
    spark.sparkContext().addSparkListener(listener);
    whenMeasuring = () -> job[0].stop();
    job[0] = new StatisticsJob(spark, request, quiet(), StatisticsJobTest::slow);

    assertThat(job[0].run()).isEmpty();

    assertThat(tasks).as("tasks that still run").hasValue(0);
    spark.sparkContext().removeSparkListener(listener);
  }

  @Test
  void aQuarantineThatCannotBeWrittenIsOneLineAndNoFailedTask() {
    images.png("1.png", 9, 9).file("2.png", new byte[0]);
    ImageFolder quarantine = new ImageFolder(temporary.resolve("quarantine"));
    quarantine.file(".staged", new byte[0]); // where there is to be a folder
    StatisticsJob.Request request =
        request(images.path(), new BadInput(Policy.QUARANTINE, Optional.of(quarantine.path())));

    DataException failure =
        catchThrowableOfType(
            DataException.class, () -> new StatisticsJob(spark, request, quiet()).run());

    assertThat(failure.problems())
        .singleElement()
        .asString()
        .matches(
            "[0-9a-z.]+: --quarantine file:\\Q" + quarantine.path() + "\\E can't be written: .*")
        .endsWith("; choose another folder");
  }

  @Test
  void aTaskMeasuresOneImageAtATimeAndNotOnItsOwnThread() throws Exception {
    for (int i = 0; i < 30; i++) {
      images.png(i + ".png", 20, 20);
    }
    THREADS.clear();

    new StatisticsJob(spark, request(images.path(), SKIP), quiet(), StatisticsJobTest::watched)
        .run();

    assertThat(THREADS).isNotEmpty().allMatch(name -> name.startsWith("syncnorm-decode"));
  }

  private static StatisticsJob.Result run(StatisticsJob.Request request)
      throws DataException, InterruptedException {
    return new StatisticsJob(spark, request, quiet()).run().orElseThrow();
  }

  private static StatisticsJob.Request request(String input, BadInput badInput) {
    return request(input, badInput, MEASURING);
  }

  private static StatisticsJob.Request request(
      String input, BadInput badInput, Measuring measuring) {
    return new StatisticsJob.Request(
        List.of(input),
        List.of(input),
        measuring,
        true,
        false,
        ImageInputs.Options.defaults(),
        badInput);
  }

  private List<Path> paths(List<String> names) {
    return names.stream().map(images.folder()::resolve).toList();
  }

  private interface Action {
    void run() throws IOException;
  }

  private static StatisticsJob.Progress quiet() {
    return whenListed(() -> {});
  }

  private static StatisticsJob.Progress whenListed(Action action) {
    return new StatisticsJob.Progress() {
      @Override
      public void listed(ImageInputs inputs) {
        try {
          action.run();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public void advanced(StatisticsJob.Status status) {}
    };
  }

  private interface Before {
    void look(byte[] file) throws BadImageException;
  }

  /** A meter that does something before it measures. */
  private static Meter meter(Before before) {
    Meter meter = MEASURING.make();
    return new Meter() {
      @Override
      public ImageSums measure(byte[] file) throws BadImageException {
        before.look(file);
        return meter.measure(file);
      }

      @Override
      public void close() {
        meter.close();
      }
    };
  }

  private static Meter hanging() {
    return meter(
        file -> {
          while (new ImageDecoder().check(file).width() == HANGING_WIDTH
              && RELEASED.getCount() > 0) {
            try {
              RELEASED.await();
            } catch (InterruptedException e) {
              // A native decode can't be interrupted.
            }
          }
        });
  }

  private static Meter failingOnce() {
    return meter(
        file -> {
          if (new ImageDecoder().check(file).height() > 8 && FAILURES.getAndUpdate(n -> 0) > 0) {
            throw new IllegalStateException("fails once");
          }
        });
  }

  private static Meter slow() {
    return meter(
        file -> {
          whenMeasuring.run();
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
        });
  }

  private static Meter watched() {
    return meter(file -> THREADS.add(Thread.currentThread().getName()));
  }
}
