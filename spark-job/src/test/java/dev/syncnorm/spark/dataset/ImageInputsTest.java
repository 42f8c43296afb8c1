package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.data.DataException;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.testing.Tars;
import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ImageInputsTest {

  private static final byte[] A = PairFolders.png(8, 6, 1);
  private static final byte[] B = PairFolders.png(5, 7, 2);
  private static SparkSession session;

  @TempDir private Path folder;

  @BeforeAll
  static void startSpark() {
    session =
        SparkSession.builder()
            .master("local[2]")
            .appName("ImageInputsTest")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir"))
            .getOrCreate();
  }

  @AfterAll
  static void stopSpark() {
    session.stop();
  }

  @Test
  void inputsOfAllKindsAreOneDataSet() throws Exception {
    write("set/cats/a.png", A);
    write("set/dogs/b.png", B);
    write("set/labels.txt", B);
    write(
        "shards/0.tar",
        new Tars().file("x/a.png", A).file("x/a.cls", B).file("._a.png", B).bytes());
    write("single.png", B);
    session
        .read()
        .format("binaryFile")
        .load(folder + "/set/*/*.png")
        .write()
        .parquet(folder + "/table");

    ImageInputs inputs =
        list(folder + "/set", folder + "/shards/*.tar", folder + "/single.png", folder + "/table");

    List<EncodedImage> images = inputs.images().collect();
    assertThat(images).allMatch(image -> image.rejection().isEmpty());
    assertThat(images)
        .extracting(EncodedImage::name)
        .contains("cats/a.png", "dogs/b.png", "0.tar!x/a.png", "single.png")
        .hasSize(6);
    assertThat(images)
        .extracting(image -> image.parent() + " " + Arrays.equals(image.bytes(), A))
        .containsExactlyInAnyOrder(
            "cats true",
            "dogs false",
            "x true",
            folder.getFileName() + " false",
            "cats true",
            "dogs false");
    assertThat(inputs.passedOver().others()).isEqualTo(1);
    assertThat(inputs.knownImages()).isEmpty();
    assertThat(LongStream.of(inputs.partitionBytes()).sum()).isEqualTo(inputs.bytes());
    assertThat(inputs.images().getNumPartitions()).isEqualTo(inputs.partitionBytes().length);
    assertThat(
            inputs
                .mapPartitions(
                    part -> {
                      part.forEachRemaining(image -> {});
                      return List.of(part.passedOver()).iterator();
                    })
                .collect())
        .filteredOn(passedOver -> !passedOver.equals(PassedOver.NONE))
        .containsExactly(new PassedOver(1, 1));
    assertThat(list(folder + "/set").knownImages()).hasValue(2);
  }

  @Test
  void sparksImagesHaveTheSamePixels() throws Exception {
    BufferedImage grey = ImageFiles.picture(9, 4, 3, BufferedImage.TYPE_BYTE_GRAY);
    BufferedImage alpha = ImageFiles.picture(3, 5, 4, BufferedImage.TYPE_4BYTE_ABGR);
    List<byte[]> files =
        List.of(A, ImageFiles.encode(grey, "png"), ImageFiles.encode(alpha, "png"));
    for (int i = 0; i < files.size(); i++) {
      write("in/" + i + ".png", files.get(i));
    }
    session.read().format("image").load(folder + "/in").write().parquet(folder + "/images");

    List<EncodedImage> images = list(folder + "/images").images().collect();

    assertThat(images).hasSize(3).allMatch(image -> image.parent().equals("in"));
    ImageDecoder decoder = new ImageDecoder();
    List<byte[]> pixels = new ArrayList<>();
    for (EncodedImage image : images) {
      pixels.add(decoder.decode(image.bytes()).bgr());
      int width = decoder.check(image.bytes()).width();
      int channels = width == 8 ? 2 : width == 9 ? 0 : 6; // PNG's kinds: RGB, grey, RGBA
      assertThat(image.bytes()[25]).isEqualTo((byte) channels);
    }
    for (byte[] file : files) {
      assertThat(pixels).anyMatch(p -> Arrays.equals(p, decode(decoder, file)));
    }
  }

  private static byte[] decode(ImageDecoder decoder, byte[] file) {
    try {
      return decoder.decode(file).bgr();
    } catch (BadImageException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aColumnIsAskedForWithTheNamesThatThereAre() throws Exception {
    write("in/a.png", A);
    session
        .read()
        .format("binaryFile")
        .load(folder + "/in")
        .selectExpr("content as x", "content as y", "1 as n")
        .write()
        .parquet(folder + "/two");
    write("only.png", A);

    DataException failure = catchThrowableOfType(DataException.class, () -> list(folder + "/two"));
    assertThat(failure.problems())
        .singleElement()
        .asString()
        .startsWith(folder + "/two/part-")
        .contains(
            "it has 2 columns that may hold images; its columns are x binary, y binary, n int; choose one of bytes with --column NAME");
    List<EncodedImage> images =
        ImageInputs.list(
                session, List.of(folder + "/two"), new ImageInputs.Options(Optional.of("y")))
            .images()
            .collect();
    assertThat(images).singleElement().extracting(EncodedImage::bytes).isEqualTo(A);
    failure =
        catchThrowableOfType(
            DataException.class,
            () ->
                ImageInputs.list(
                    session,
                    List.of(folder + "/only.png"),
                    new ImageInputs.Options(Optional.of("y"))));
    assertThat(failure.problems())
        .containsExactly(
            "--column is y, but there is no Parquet file among the inputs; leave it out");
  }

  @Test
  void aFileThatVanishesWhileTheJobRunsIsRejected() throws Exception {
    write("set/a.png", A);
    write("set/b.png", B);
    ImageInputs inputs = list(folder + "/set");
    Files.delete(folder.resolve("set/a.png"));

    List<EncodedImage> images = inputs.images().collect();

    assertThat(images).hasSize(2);
    Rejection rejection =
        images.stream().flatMap(i -> i.rejection().stream()).findFirst().orElseThrow();
    assertThat(rejection.path()).isEqualTo(folder + "/set/a.png");
    assertThat(rejection.cause()).isEqualTo("unreadable");
    assertThat(rejection.message()).startsWith("there is no such file (on ");
  }

  @Test
  void readingEndsWithAKilledTask() throws Exception {
    Tars tar = new Tars();
    for (int i = 0; i < 300; i++) {
      tar.file(i + ".png", A);
    }
    write("a.tar", tar.bytes());
    JavaFutureAction<List<String>> job =
        list(folder + "/a.tar")
            .images()
            .map(
                image -> {
                  STARTED.countDown();
                  TimeUnit.MILLISECONDS.sleep(20);
                  return image.name();
                })
            .collectAsync();
    STARTED.await();
    assertThat(readingThreads()).isPositive();
    job.cancel(true);

    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (readingThreads() > 0 && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(readingThreads()).isZero();
  }

  /** Tasks of this process reach it without being sent it. */
  private static final CountDownLatch STARTED = new CountDownLatch(1);

  private static long readingThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("syncnorm-reading"))
        .count();
  }

  @Test
  void onlyAHostThatReadsNothingOfWhatTheDriverReadsIsBlind() {
    Rejection gone = new Rejection("/d/a.png", "unreadable", "there is no such file (on h2)");
    EncodedImage lost = new EncodedImage("/d/a.png", "a.png", new byte[0], Optional.of(gone));
    EncodedImage good = new EncodedImage("/d/b.png", "b.png", A, Optional.empty());
    List<HostReads> reads =
        List.of(
            HostReads.none("h1").plus(good).plus(lost),
            HostReads.none("h2").plus(lost),
            HostReads.none("h2").plus(lost),
            HostReads.none("h3"));

    assertThat(ImageInputs.blind(reads, path -> true))
        .containsExactly(
            "/d/a.png is not visible to the executors on host h2, which could read none of its 2 files (the first: there is no such file (on h2)), but the driver reads it; use a path that every host sees, such as a shared file system, hdfs:// or s3a://, or copy the data to that host");
    assertThat(ImageInputs.blind(reads, path -> false)).isEmpty();
  }

  private void write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  private static ImageInputs list(String... inputs) throws DataException {
    return ImageInputs.list(session, List.of(inputs), ImageInputs.Options.defaults());
  }
}
