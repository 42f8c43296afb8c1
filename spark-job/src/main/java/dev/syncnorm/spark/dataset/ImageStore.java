package dev.syncnorm.spark.dataset;

import static org.apache.hadoop.fs.Options.OpenFileOptions.FS_OPTION_OPENFILE_LENGTH;
import static org.apache.hadoop.fs.Options.OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY;
import static org.apache.hadoop.fs.Options.OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY_SEQUENTIAL;
import static org.apache.hadoop.fs.Options.OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY_WHOLE_FILE;

import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.BasicFileAttributes;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.SeekableInputStream;

/**
 * Opens what was listed. A local file is opened by the JDK, which takes a third of the time that
 * Hadoop's local file system needs for it. Thread-safe.
 */
final class ImageStore {

  /** As much as {@link HadoopFiles} reads, and never more than a quarter of the heap. */
  private static final long MOST_BYTES = Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 4);

  private final HadoopFiles files;

  ImageStore(HadoopFiles files) {
    this.files = files;
  }

  /** Why an image of so many bytes is not read into memory, or null if it is. */
  static String tooLarge(long length) {
    return length <= MOST_BYTES
        ? null
        : "it has %d bytes; at most %d are read into memory, which is 1 GiB or a quarter of the executor's heap"
            .formatted(length, MOST_BYTES);
  }

  /**
   * Reads a whole file.
   *
   * @throws IOException also if its length is not the listed one any more
   */
  byte[] read(StoredImages file) throws IOException {
    try (InputStream in = open(file, FS_OPTION_OPENFILE_READ_POLICY_WHOLE_FILE)) {
      if (file.length() < 0) {
        throw new IOException("it was no file when it was listed and is one now");
      }
      byte[] bytes = new byte[(int) file.length()];
      int read = in.readNBytes(bytes, 0, bytes.length);
      if (read < bytes.length) {
        throw new IOException(
            "it had %d bytes when it was listed and has %d now".formatted(bytes.length, read));
      }
      if (in.read() >= 0) {
        throw longer(file);
      }
      return bytes;
    } catch (EOFException e) {
      throw new IOException("it became shorter after it was listed", e);
    }
  }

  private static IOException longer(StoredImages file) {
    return new IOException(
        "it had %d bytes when it was listed and has more now".formatted(file.length()));
  }

  /** Opens a file that is read from its beginning to its end. */
  InputStream open(StoredImages file) throws IOException {
    return open(file, FS_OPTION_OPENFILE_READ_POLICY_SEQUENTIAL);
  }

  private InputStream open(StoredImages file, String policy) throws IOException {
    if (file.local()) {
      regular(file);
      return new FileInputStream(file.path());
    }
    Path path = new Path(file.path());
    FileSystem fileSystem = files.fileSystem(path);
    // An object store that is told the length and the plan needn't ask first, nor read in blocks.
    return FutureIO.awaitFuture(
        fileSystem
            .openFile(path)
            .opt(FS_OPTION_OPENFILE_READ_POLICY, policy)
            .optLong(FS_OPTION_OPENFILE_LENGTH, file.length())
            .build());
  }

  /** A pipe would be waited for without end. */
  private static void regular(StoredImages file) throws IOException {
    java.nio.file.Path path = java.nio.file.Path.of(file.path());
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (AccessDeniedException e) {
      throw e;
    } catch (FileSystemException e) {
      if (!Files.isSymbolicLink(path)) {
        throw e;
      }
      throw new IOException(
          "it is a link that leads %s: to %s"
              .formatted(
                  e instanceof NoSuchFileException ? "nowhere" : "in a circle",
                  Files.readSymbolicLink(path)),
          e);
    }
    if (!attributes.isRegularFile()) {
      throw new IOException(
          attributes.isDirectory()
              ? "it is a folder; expected a file"
              : "it is a pipe, a socket or a device; expected a file");
    }
  }

  /** A file with its path, not an object's number, in Parquet's messages. */
  private record Named(InputFile file, String path) implements InputFile {
    @Override
    public long getLength() throws IOException {
      return file.getLength();
    }

    @Override
    public SeekableInputStream newStream() throws IOException {
      return file.newStream();
    }

    @Override
    public String toString() {
      return path;
    }
  }

  /** A file that Parquet reads. */
  InputFile parquet(StoredImages file) throws IOException {
    if (file.local()) {
      regular(file);
      return new Named(new LocalInputFile(java.nio.file.Path.of(file.path())), file.path());
    }
    Path path = new Path(file.path());
    FileSystem fileSystem = files.fileSystem(path);
    return HadoopInputFile.fromStatus(fileSystem.getFileStatus(path), fileSystem.getConf());
  }
}
