package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ReadingAheadTest {

  @TempDir private Path folder;
  private final ExecutorService readers = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    readers.shutdownNow();
  }

  @Test
  void remoteFilesComeInOrderAndAFewAtATime() {
    Store store = MemoryFileSystem.store("hdfslike://ahead");
    List<StoredImages> files = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String key = "/d/%03d.png".formatted(i);
      HdfsLikeFileSystem.put(store, key, new byte[] {(byte) i, 1, 2});
      files.add(stored("hdfslike://ahead" + key, 3));
    }

    try (FileImages images = images(files, 1000)) {
      for (int i = 0; i < 100; i++) {
        assertThat(images.next().bytes()).containsExactly(i, 1, 2);
        assertThat(store.calls("open")).isLessThanOrEqualTo(i + 9);
      }
      assertThat(images.hasNext()).isFalse();
    }
    assertThat(store.calls("getFileStatus")).isZero(); // the listing has told the length
  }

  @Test
  void bytesReadAheadAreLimited() throws InterruptedException {
    Store store = MemoryFileSystem.store("hdfslike://limited");
    List<StoredImages> files = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      HdfsLikeFileSystem.put(store, "/d/" + i, new byte[600]);
      files.add(stored("hdfslike://limited/d/" + i, 600));
    }

    try (FileImages images = images(files, 1000)) {
      images.next();
      TimeUnit.MILLISECONDS.sleep(100);
      assertThat(store.calls("open")).isEqualTo(2); // the one given, and one of 600 bytes ahead
    }
  }

  @Test
  void filesThatVanishChangeOrRefuseAreUnreadableWithTheHost() throws IOException {
    Store store = MemoryFileSystem.store("hdfslike://changes");
    HdfsLikeFileSystem.put(store, "/d/shorter", new byte[5]);
    HdfsLikeFileSystem.put(store, "/d/longer", new byte[50]);
    HdfsLikeFileSystem.put(store, "/d/refused", new byte[10]);
    store.refuse("/d/refused", true);
    List<StoredImages> files = new ArrayList<>();
    for (String name : List.of("gone", "shorter", "longer", "refused")) {
      files.add(stored("hdfslike://changes/d/" + name, 10));
    }
    Files.write(folder.resolve("shorter"), new byte[5]);
    Files.write(folder.resolve("longer"), new byte[11]);
    Files.createDirectories(folder.resolve("folder"));
    for (String name : List.of("gone", "shorter", "longer", "folder")) {
      files.add(stored(folder.resolve(name).toString(), 10));
    }
    files.add(stored(folder.resolve("huge").toString(), 2L << 30));

    List<Rejection> rejections = new ArrayList<>();
    try (FileImages images = images(files, 1000)) {
      images.forEachRemaining(image -> rejections.add(image.rejection().orElseThrow()));
    }

    assertThat(rejections)
        .extracting(Rejection::path)
        .containsExactlyElementsOf(files.stream().map(StoredImages::path).toList());
    assertThat(rejections.subList(0, 8)).allMatch(r -> r.cause().equals("unreadable"));
    assertThat(rejections.subList(0, 8))
        .extracting(Rejection::message)
        .containsExactly(
            "there is no such file (on here)",
            "it had 10 bytes when it was listed and has 5 now (on here)",
            "it had 10 bytes when it was listed and has more now (on here)",
            "permission denied: user=test, access=READ, /d/refused (on here)",
            "there is no such file (on here)",
            "it had 10 bytes when it was listed and has 5 now (on here)",
            "it had 10 bytes when it was listed and has more now (on here)",
            "it is a folder; expected a file (on here)");
    assertThat(rejections.get(8).cause()).isEqualTo("too-large");
  }

  @Test
  void whatWasListedAsNoFileSaysWhatItIs() throws IOException, InterruptedException {
    Files.createSymbolicLink(folder.resolve("broken"), Path.of("nowhere"));
    Files.createSymbolicLink(folder.resolve("self"), Path.of("self"));
    Files.createSymbolicLink(folder.resolve("zero"), Path.of("/dev/zero"));
    Process mkfifo = new ProcessBuilder("mkfifo", folder.resolve("pipe").toString()).start();
    assertThat(mkfifo.waitFor()).isZero();
    Files.write(folder.resolve("appeared"), new byte[3]);
    List<StoredImages> files = new ArrayList<>();
    for (String name : List.of("broken", "self", "zero", "pipe", "vanished", "appeared")) {
      files.add(new StoredImages(folder.resolve(name).toString(), 1, -1, FileKind.IMAGE, 0, 0));
    }

    List<String> messages = new ArrayList<>();
    try (FileImages images = images(files, 1000)) {
      images.forEachRemaining(image -> messages.add(image.rejection().orElseThrow().message()));
    }

    assertThat(messages)
        .containsExactly(
            "it is a link that leads nowhere: to nowhere (on here)",
            "it is a link that leads in a circle: to self (on here)",
            "it is a pipe, a socket or a device; expected a file (on here)",
            "it is a pipe, a socket or a device; expected a file (on here)",
            "there is no such file (on here)",
            "it was no file when it was listed and is one now (on here)");
  }

  @Test
  void localFilesThatKeepTheReaderWaitingAreReadAheadInTheSameOrder() throws IOException {
    List<StoredImages> files = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Files.write(folder.resolve("f" + i), new byte[] {(byte) i});
      files.add(stored(folder.resolve("f" + i).toString(), 1));
    }
    for (double quickNanos : new double[] {-1e9, 1e12}) {
      try (FileImages images = images(files, 1000, quickNanos)) {
        for (int i = 0; i < 50; i++) {
          assertThat(images.next().bytes()).containsExactly(i);
        }
      }
    }
  }

  /** Gives images without end and counts them. */
  private static final class Endless implements ImageSource {
    private final AtomicInteger given = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final int failsAt;

    Endless(int failsAt) {
      this.failsAt = failsAt;
    }

    @Override
    public boolean hasNext() {
      return true;
    }

    @Override
    public EncodedImage next() {
      int number = given.incrementAndGet();
      if (number == failsAt) {
        throw new OutOfMemoryError("test");
      }
      return EncodedImage.of("/" + number, "" + number, "", new byte[100]);
    }

    @Override
    public void close() {
      closed.set(true);
    }
  }

  @Test
  void aSourceIsReadAheadWithinItsLimitAndClosedWithTheReader() throws InterruptedException {
    Endless source = new Endless(-1);
    ImagesAhead ahead = new ImagesAhead(source, readers, 1000, () -> {});
    assertThat(ahead.next().name()).isEqualTo("1");
    assertThat(ahead.next().name()).isEqualTo("2");
    TimeUnit.MILLISECONDS.sleep(100);
    // Two given, eleven that exceed the limit, one that waits for room.
    assertThat(source.given.get()).isLessThanOrEqualTo(14);

    ahead.close();

    readers.shutdown();
    assertThat(readers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    assertThat(source.closed).isTrue();
  }

  @Test
  void whoWaitsForASourceThatHangsAsksWhetherToWaitOn() {
    CountDownLatch never = new CountDownLatch(1);
    ImageSource hanging =
        new ImageSource() {
          @Override
          public boolean hasNext() {
            try {
              never.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return false;
          }

          @Override
          public EncodedImage next() {
            throw new NoSuchElementException();
          }

          @Override
          public void close() {}
        };
    Runnable killed =
        () -> {
          throw new IllegalStateException("killed");
        };
    try (ImagesAhead ahead = new ImagesAhead(hanging, readers, 1000, killed)) {
      assertThatThrownBy(ahead::hasNext).hasMessage("killed");
    }
  }

  @Test
  void whatFailsAheadFailsHereBehindTheImagesBefore() {
    ImagesAhead ahead = new ImagesAhead(new Endless(3), readers, 1000, () -> {});
    ahead.next();
    ahead.next();
    assertThatThrownBy(ahead::hasNext).hasCauseInstanceOf(OutOfMemoryError.class);
  }

  private FileImages images(List<StoredImages> files, long mostBytes) {
    return images(files, mostBytes, FileImages.QUICK_NANOS);
  }

  private FileImages images(List<StoredImages> files, long mostBytes, double quickNanos) {
    Configuration configuration = new Configuration();
    configuration.setClass("fs.hdfslike.impl", HdfsLikeFileSystem.class, FileSystem.class);
    ImageStore store = new ImageStore(new HadoopFiles(configuration));
    return new FileImages(
        files.iterator(), store, readers, mostBytes, "here", () -> {}, quickNanos);
  }

  private static StoredImages stored(String path, long length) {
    return new StoredImages(path, 1, length, FileKind.IMAGE, 0, length);
  }
}
