package dev.syncnorm.spark.dataset;

import dev.syncnorm.storage.Folder;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * A folder on any file system of Hadoop's, with no more than all of them can do.
 *
 * <p>Few rename over a file that is there, so a file is replaced in three steps: the new one is
 * written as {@code .NAME.new}, the old one deleted, the new one renamed. Between the last two, and
 * for ever after a crash there, the file is found under its other name, which is whole as the old
 * one was deleted only then. Nothing is appended to, as object stores can't: what was appended is
 * kept in memory, and the file is replaced at a sync, or when the last time is a minute ago.
 */
public final class HadoopFolder implements Folder {

  private static final long LONGEST_PENDING_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final HadoopFiles files;
  private final String written;
  private final Path folder;
  private final LongSupplier nanoTime;
  private final Map<String, Pending> appended = new LinkedHashMap<>();

  /** What was appended to a file since it was written. */
  private static final class Pending {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long writtenAt;
  }

  /**
   * A folder, which need not be there.
   *
   * @param uri as messages tell it
   * @throws IllegalArgumentException if it is no path of Hadoop's
   */
  public HadoopFolder(Configuration configuration, String uri) {
    this(configuration, uri, System::nanoTime);
  }

  HadoopFolder(Configuration configuration, String uri, LongSupplier nanoTime) {
    this.files = new HadoopFiles(configuration);
    this.written = uri.replaceFirst("(?<=[^/:])/+$", "");
    Path given = new Path(written);
    // S3A makes no folder without a path: that of a whole bucket is its root.
    this.folder = given.toUri().getPath().isEmpty() ? new Path(given, "/") : given;
    this.nanoTime = nanoTime;
  }

  @Override
  public String path(String name) {
    return name.isEmpty() ? written : written + (written.endsWith("/") ? "" : "/") + name;
  }

  @Override
  public String name() {
    return folder.getName().isEmpty() ? written : folder.getName();
  }

  @Override
  public Kind kind(String name) throws IOException {
    for (Path path : places(name)) {
      try {
        return fileSystem().getFileStatus(path).isDirectory() ? Kind.FOLDER : Kind.FILE;
      } catch (FileNotFoundException e) {
        // The next one, or nothing.
      }
    }
    return Kind.NOTHING;
  }

  @Override
  public long size(String name) throws IOException {
    for (Path path : places(name)) {
      try {
        return fileSystem().getFileStatus(path).getLen();
      } catch (FileNotFoundException e) {
        // The next one, or nothing.
      }
    }
    throw new NoSuchFileException(path(name));
  }

  @Override
  public InputStream open(String name) throws IOException {
    for (Path path : places(name)) {
      try {
        return fileSystem().open(path);
      } catch (FileNotFoundException e) {
        // The next one, or nothing.
      }
    }
    throw new NoSuchFileException(path(name));
  }

  @Override
  public List<String> list(String name) throws IOException {
    try {
      return Arrays.stream(fileSystem().listStatus(at(name)))
          .map(FileStatus::getPath)
          .map(Path::getName)
          .sorted()
          .toList();
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  @Override
  public void makeFolder(String name) throws IOException {
    if (!fileSystem().mkdirs(at(name))) {
      throw new IOException("the folder can't be made");
    }
  }

  @Override
  public void write(String name, Content content) throws IOException {
    appended.remove(name);
    replace(name, content);
  }

  private void replace(String name, Content content) throws IOException {
    Path file = at(name);
    boolean old = fileSystem().exists(file);
    Path temporary =
        old ? successor(file) : new Path(file.getParent(), "." + file.getName() + ".tmp");
    WholeFile.write(fileSystem(), temporary, out -> writeSynced(out, content));
    if (old) {
      delete(file);
    }
    if (!fileSystem().rename(temporary, file)) {
      throw new IOException("%s can't be renamed to %s".formatted(temporary, file));
    }
    if (!old) {
      delete(successor(file)); // of a replacement that a crash has cut short
    }
  }

  @Override
  public void writeInPlace(String name, Content content) throws IOException {
    try (FSDataOutputStream out = fileSystem().create(at(name), true)) {
      writeSynced(out, content);
    }
  }

  private static void writeSynced(FSDataOutputStream out, Content content) throws IOException {
    OutputStream buffered = new BufferedOutputStream(out);
    content.writeTo(buffered);
    buffered.flush();
    if (out.hasCapability(StreamCapabilities.HSYNC)) {
      out.hsync();
    }
  }

  @Override
  public void append(String name, byte[] bytes) throws IOException {
    Pending pending = appended.get(name);
    if (pending == null) {
      pending = new Pending();
      pending.writtenAt = nanoTime.getAsLong();
      appended.put(name, pending);
    }
    pending.bytes.write(bytes);
    if (nanoTime.getAsLong() - pending.writtenAt > LONGEST_PENDING_NANOS) {
      sync(name);
    }
  }

  @Override
  public void sync(String name) throws IOException {
    Pending pending = appended.get(name);
    if (pending == null || pending.bytes.size() == 0) {
      return;
    }
    replace(
        name,
        out -> {
          try (InputStream before = open(name)) {
            before.transferTo(out);
          } catch (NoSuchFileException e) {
            // These are its first bytes.
          }
          pending.bytes.writeTo(out);
        });
    pending.bytes.reset();
    pending.writtenAt = nanoTime.getAsLong();
  }

  @Override
  public void delete(String name) throws IOException {
    appended.remove(name);
    for (Path path : places(name)) {
      delete(path);
    }
  }

  private void delete(Path path) throws IOException {
    if (!fileSystem().delete(path, false) && fileSystem().exists(path)) {
      throw new IOException("%s can't be deleted".formatted(path));
    }
  }

  /** Writes what was appended, all of it even if a file fails. */
  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (String name : List.copyOf(appended.keySet())) {
      try {
        sync(name);
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Where a file is looked for; a third time where it was the first, as it may be on its way. */
  private List<Path> places(String name) {
    Path path = at(name);
    return name.isEmpty() ? List.of(path) : List.of(path, successor(path), path);
  }

  private Path at(String name) {
    return name.isEmpty() ? folder : new Path(folder, name);
  }

  private static Path successor(Path file) {
    return new Path(file.getParent(), "." + file.getName() + ".new");
  }

  private FileSystem fileSystem() throws IOException {
    return files.fileSystem(folder);
  }
}
