package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.ByteSource;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Files behind Hadoop's interface. Thread-safe. */
public final class HadoopFiles implements ByteSource {

  /** An encoded image larger than this is not read into memory. */
  private static final long MOST_BYTES = 1L << 30;

  private final Configuration configuration;

  /** Files as a Hadoop configuration opens them. */
  public HadoopFiles(Configuration configuration) {
    this.configuration = configuration;
  }

  @Override
  public byte[] read(String path) throws IOException {
    Path file = new Path(path);
    FileSystem fileSystem = file.getFileSystem(configuration);
    FileStatus status = fileSystem.getFileStatus(file);
    if (status.getLen() > MOST_BYTES) {
      throw new IOException(
          "it has %d bytes, expected at most %d".formatted(status.getLen(), MOST_BYTES));
    }
    byte[] bytes = new byte[(int) status.getLen()];
    try (FSDataInputStream in = fileSystem.open(file)) {
      in.readFully(0, bytes);
    } catch (EOFException e) {
      throw new IOException("it became shorter while it was read", e);
    }
    return bytes;
  }

  /**
   * All files of a folder and its subfolders; names that begin with a dot or an underscore are left
   * out, as Hadoop does.
   *
   * @return paths that begin with {@code folder} as {@link #qualified} gives it
   * @throws FileNotFoundException if there is no such folder
   */
  public List<String> list(String folder) throws IOException {
    Path root = new Path(qualified(folder));
    FileSystem fileSystem = root.getFileSystem(configuration);
    if (!fileSystem.getFileStatus(root).isDirectory()) {
      throw new IOException("it is no folder");
    }
    List<String> files = new ArrayList<>();
    List<Path> folders = new ArrayList<>(List.of(root));
    while (!folders.isEmpty()) {
      for (FileStatus status : fileSystem.listStatus(folders.remove(folders.size() - 1))) {
        String name = status.getPath().getName();
        if (name.startsWith(".") || name.startsWith("_")) {
          continue;
        }
        if (status.isDirectory()) {
          folders.add(status.getPath());
        } else {
          files.add(plain(status.getPath()));
        }
      }
    }
    return files;
  }

  /** The whole path of a file or folder: without a scheme where it is local. */
  public String qualified(String path) throws IOException {
    Path given = new Path(path);
    return plain(given.getFileSystem(configuration).makeQualified(given));
  }

  private static String plain(Path path) {
    return "file".equals(path.toUri().getScheme()) ? path.toUri().getPath() : path.toString();
  }
}
