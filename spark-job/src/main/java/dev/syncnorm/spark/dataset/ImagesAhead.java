package dev.syncnorm.spark.dataset;

import java.util.ArrayDeque;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskKilledException;

/**
 * Images of a source that gives one after another, taken from it by a thread ahead of the caller.
 */
final class ImagesAhead implements ImageSource {

  private static final int MOST_IMAGES = 64;

  private final ImageSource source;
  private final long mostBytes;
  private final Runnable checkTask;
  private final Queue<EncodedImage> images = new ArrayDeque<>();
  private final Future<?> producer;
  private long bytes;
  private boolean ended;
  private boolean closed;
  private Throwable failure;

  /**
   * Reads ahead.
   *
   * @param source closed by the thread that reads it
   * @param mostBytes after which the thread waits; the image that it holds then comes on top
   * @param checkTask called each second that the caller waits: throws if it is to wait no longer
   */
  ImagesAhead(ImageSource source, ExecutorService readers, long mostBytes, Runnable checkTask) {
    this.source = source;
    this.mostBytes = mostBytes;
    this.checkTask = checkTask;
    this.producer = readers.submit(this::produce);
  }

  private void produce() {
    Throwable thrown = null;
    try (source) {
      while (source.hasNext() && put(source.next())) {
        // As long as the caller wants more.
      }
    } catch (InterruptedException e) {
      // The caller has closed.
    } catch (Throwable e) { // also an OutOfMemoryError: the task must fail, not wait for ever
      thrown = e;
    }
    synchronized (this) {
      failure = thrown;
      ended = true;
      notifyAll();
    }
  }

  private synchronized boolean put(EncodedImage image) throws InterruptedException {
    while (!closed && (bytes > mostBytes || images.size() >= MOST_IMAGES)) {
      wait();
    }
    images.add(image);
    bytes += image.bytes().length;
    notifyAll();
    return !closed;
  }

  @Override
  public synchronized boolean hasNext() {
    try {
      while (images.isEmpty() && !ended) {
        wait(TimeUnit.SECONDS.toMillis(1));
        checkTask.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TaskKilledException("interrupted");
    }
    if (images.isEmpty() && failure != null) {
      throw new IllegalStateException("reading ahead failed: " + Reasons.of(failure), failure);
    }
    return !images.isEmpty();
  }

  @Override
  public synchronized EncodedImage next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    EncodedImage image = images.remove();
    bytes -= image.bytes().length;
    notifyAll();
    return image;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    producer.cancel(true);
  }
}
