package dev.syncnorm.spark.dataset;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.util.TaskCompletionListener;

/** The images of a task, one listed file after another. Closes with the task, however it ends. */
final class TaskImages implements ImageIterator, ImageSource {

  /** Read ahead by one task, unless one image alone is larger. */
  private static final long MOST_BYTES_AHEAD = 32 << 20;

  private static final int CLOSING_SECONDS = 10;

  private final Iterator<StoredImages> files;
  private final ImageStore store;
  private final Configuration configuration;
  private final Optional<String> column;
  private final String host;
  private final TaskContext task; // null outside of tasks
  private final long mostBytesAhead;
  private final ExecutorService readers = Executors.newCachedThreadPool(TaskImages::thread);

  private StoredImages upcoming;
  private ImageSource source;
  private TarImages archive; // the one that is read, or null
  private PassedOver passedOver = PassedOver.NONE;
  private boolean closed;

  TaskImages(
      PackedFiles files,
      Configuration configuration,
      Optional<String> column,
      String host,
      TaskContext task) {
    this.files = files.iterator();
    this.store = new ImageStore(new HadoopFiles(configuration));
    this.configuration = configuration;
    this.column = column;
    this.host = host;
    this.task = task;
    long heap = Runtime.getRuntime().maxMemory();
    int cores = Runtime.getRuntime().availableProcessors();
    this.mostBytesAhead = Math.min(MOST_BYTES_AHEAD, heap / (8L * cores));
    if (task != null) {
      task.addTaskCompletionListener((TaskCompletionListener) ended -> close());
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "syncnorm-reading");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public String host() {
    return host;
  }

  @Override
  public PassedOver passedOver() {
    return passedOver;
  }

  @Override
  public boolean hasNext() {
    if (closed) {
      return false;
    }
    checkTask();
    while (source == null || !source.hasNext()) {
      closeSource();
      if (!open()) {
        close();
        return false;
      }
    }
    return true;
  }

  /** Spark interrupts no thread unless it is told to: who waits has to ask. */
  private void checkTask() {
    if (task != null && task.isInterrupted()) {
      throw new TaskKilledException("while it read images");
    }
  }

  @Override
  public EncodedImage next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return source.next();
  }

  private boolean open() {
    if (upcoming == null && !files.hasNext()) {
      return false;
    }
    StoredImages first = upcoming == null ? files.next() : upcoming;
    upcoming = null;
    source =
        switch (first.kind()) {
          case IMAGE, OTHER ->
              new FileImages(
                  new Plain(first),
                  store,
                  readers,
                  mostBytesAhead,
                  host,
                  this::checkTask,
                  FileImages.QUICK_NANOS);
          case TAR, TAR_GZ -> {
            archive = new TarImages(first, store, host);
            yield new ImagesAhead(archive, readers, mostBytesAhead, this::checkTask);
          }
          case PARQUET ->
              new ImagesAhead(
                  new ParquetImages(first, store, configuration, column, host),
                  readers,
                  mostBytesAhead,
                  this::checkTask);
        };
    return true;
  }

  /** The files up to the next that is an archive or a table. */
  private final class Plain implements Iterator<StoredImages> {
    private StoredImages next;

    Plain(StoredImages first) {
      next = first;
    }

    @Override
    public boolean hasNext() {
      if (next == null && upcoming == null && files.hasNext()) {
        StoredImages file = files.next();
        if (file.kind() == FileKind.IMAGE || file.kind() == FileKind.OTHER) {
          next = file;
        } else {
          upcoming = file;
        }
      }
      return next != null;
    }

    @Override
    public StoredImages next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      StoredImages file = next;
      next = null;
      return file;
    }
  }

  private void closeSource() {
    if (source == null) {
      return;
    }
    source.close();
    source = null;
    if (archive != null) {
      passedOver = passedOver.plus(archive.passedOver());
      archive = null;
    }
  }

  /** Stops all reading; what is in the middle of an answer of a file system gets some seconds. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    closeSource();
    readers.shutdownNow();
    try {
      if (task != null && task.isInterrupted()) {
        return;
      }
      readers.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
