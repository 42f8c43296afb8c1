package dev.syncnorm.spark.dataset;

import dev.syncnorm.image.BadImageCause;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.TaskKilledException;

/**
 * Images that are files of their own, several on their way at the same time.
 *
 * <p>A file that the machine has in memory is read in less time than two threads need to speak of
 * it. So local files are read by the caller's thread, as long as that is quick: a disk or a mounted
 * network that lets it wait is read ahead like everything remote.
 */
final class FileImages implements ImageSource {

  /** Reads at the same time, where it is the answer that takes its time. */
  private static final int CONCURRENT = 8;

  /** A read that takes longer than this, and than its bytes take from memory, has waited. */
  static final double QUICK_NANOS = 300_000;

  private static final double NANOS_PER_BYTE = 1;

  private final Iterator<StoredImages> files;
  private final ImageStore store;
  private final ExecutorService readers;
  private final long mostBytesAhead;
  private final String host;
  private final Runnable checkTask;
  private final double quickNanos;
  private final Deque<Pending> ahead = new ArrayDeque<>();
  private StoredImages upcoming; // taken from files, but no room for it yet
  private long bytesAhead;
  private boolean waits;
  private double waitedNanos;

  private record Pending(StoredImages file, Future<EncodedImage> image) {}

  /**
   * Reads files.
   *
   * @param readers for reads ahead; the caller's
   * @param mostBytesAhead what is held at most, unless one file alone is larger
   * @param checkTask called each second that the caller waits: throws if it is to wait no longer
   * @param quickNanos {@link #QUICK_NANOS}
   */
  FileImages(
      Iterator<StoredImages> files,
      ImageStore store,
      ExecutorService readers,
      long mostBytesAhead,
      String host,
      Runnable checkTask,
      double quickNanos) {
    this.files = files;
    this.store = store;
    this.readers = readers;
    this.mostBytesAhead = mostBytesAhead;
    this.host = host;
    this.checkTask = checkTask;
    this.quickNanos = quickNanos;
  }

  @Override
  public boolean hasNext() {
    return !ahead.isEmpty() || upcoming != null || files.hasNext();
  }

  @Override
  public EncodedImage next() {
    if (ahead.isEmpty() && upcoming == null) {
      upcoming = files.next();
    }
    if (ahead.isEmpty() && upcoming.local() && !waits) {
      StoredImages file = upcoming;
      upcoming = null;
      return readHere(file);
    }
    fill();
    Pending first = ahead.remove();
    try {
      EncodedImage image = await(first.image());
      bytesAhead -= first.file().bytes();
      fill();
      return image;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TaskKilledException("interrupted");
    } catch (ExecutionException e) {
      throw new IllegalStateException(first.file().path(), e.getCause());
    }
  }

  private EncodedImage await(Future<EncodedImage> image)
      throws InterruptedException, ExecutionException {
    while (true) {
      try {
        return image.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        checkTask.run();
      }
    }
  }

  private EncodedImage readHere(StoredImages file) {
    long start = System.nanoTime();
    EncodedImage image = read(file);
    double over = System.nanoTime() - start - NANOS_PER_BYTE * file.bytes();
    waitedNanos += (over - waitedNanos) / 8;
    waits = waitedNanos > quickNanos;
    return image;
  }

  private void fill() {
    while (ahead.size() < CONCURRENT && (upcoming != null || files.hasNext())) {
      if (upcoming == null) {
        upcoming = files.next();
      }
      StoredImages file = upcoming;
      if (!ahead.isEmpty() && bytesAhead + file.bytes() > mostBytesAhead) {
        return;
      }
      ahead.add(new Pending(file, readers.submit(() -> read(file))));
      bytesAhead += file.bytes();
      upcoming = null;
    }
  }

  private EncodedImage read(StoredImages file) {
    String path = file.path();
    String parent = EncodedImage.folderOf(path);
    String tooLarge = ImageStore.tooLarge(file.length());
    if (tooLarge != null) {
      return EncodedImage.rejected(
          path, file.name(), parent, BadImageCause.TOO_LARGE.label(), tooLarge);
    }
    try {
      return EncodedImage.of(path, file.name(), parent, store.read(file));
    } catch (IOException | RuntimeException e) {
      return EncodedImage.rejected(
          path,
          file.name(),
          parent,
          BadImageCause.UNREADABLE.label(),
          "%s (on %s)".formatted(Reasons.of(e), host));
    }
  }

  @Override
  public void close() {
    ahead.forEach(pending -> pending.image().cancel(true));
    ahead.clear();
  }
}
