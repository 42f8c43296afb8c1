package dev.syncnorm.spark.dataset;

import static org.apache.hadoop.fs.Options.OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY;
import static org.apache.hadoop.fs.Options.OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY_WHOLE_FILE;

import dev.syncnorm.data.ByteSource;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.util.functional.FutureIO;

/**
 * Files behind Hadoop's interface. Thread-safe.
 *
 * <p>A <em>whole</em> path, as {@link #qualified} and {@link #list} give it, begins with a scheme,
 * or with a slash if it is of this machine, whatever {@code fs.defaultFS} is.
 */
public final class HadoopFiles implements ByteSource {

  /** An encoded image larger than this is not read into memory. */
  private static final long MOST_BYTES = 1L << 30;

  private final Configuration configuration;

  /** Files as a Hadoop configuration opens them. */
  public HadoopFiles(Configuration configuration) {
    this.configuration = configuration;
  }

  /**
   * {@inheritDoc}
   *
   * @param path whole
   */
  @Override
  public byte[] read(String path) throws IOException {
    Path file = path(path);
    FileSystem fileSystem = fileSystem(file);
    FileStatus status = fileSystem.getFileStatus(file);
    if (status.getLen() > MOST_BYTES) {
      throw new IOException(
          "it has %d bytes, expected at most %d".formatted(status.getLen(), MOST_BYTES));
    }
    byte[] bytes = new byte[(int) status.getLen()];
    // An object store that is told the status and the plan needn't ask twice, nor read in blocks.
    try (FSDataInputStream in =
        FutureIO.awaitFuture(
            fileSystem
                .openFile(file)
                .withFileStatus(status)
                .opt(FS_OPTION_OPENFILE_READ_POLICY, FS_OPTION_OPENFILE_READ_POLICY_WHOLE_FILE)
                .build())) {
      in.readFully(bytes);
    } catch (EOFException e) {
      throw new IOException("it became shorter while it was read", e);
    }
    return bytes;
  }

  /**
   * All files of a folder and its subfolders; hidden names, as {@link FileKind} tells them, are
   * left out.
   *
   * @param folder as {@link #qualified} takes it
   * @return paths that begin with {@code folder} as {@link #qualified} gives it
   * @throws FileNotFoundException if there is no such folder
   */
  public List<String> list(String folder) throws IOException {
    Path root = path(qualified(folder));
    FileSystem fileSystem = fileSystem(root);
    if (!fileSystem.getFileStatus(root).isDirectory()) {
      throw new IOException("it is no folder");
    }
    if (fileSystem instanceof RawLocalFileSystem) {
      // Its own recursion asks for each file's permissions, which starts a process for each file.
      return listByFolder(fileSystem, root);
    }
    try {
      return listAtOnce(fileSystem, root);
    } catch (IOException e) {
      // Hidden folders may be closed to us, or vanish meanwhile: go where there is need to.
      return listByFolder(fileSystem, root);
    }
  }

  /** The file system's own recursion: for object stores one call for a thousand files. */
  private static List<String> listAtOnce(FileSystem fileSystem, Path root) throws IOException {
    List<String> files = new ArrayList<>();
    RemoteIterator<LocatedFileStatus> found = fileSystem.listFiles(root, true);
    while (found.hasNext()) {
      Path file = found.next().getPath();
      boolean shown = !FileKind.hiddenFile(file.getName());
      Path at = file.getParent();
      for (int depth = at.depth(); depth > root.depth(); depth--) {
        shown &= !FileKind.hiddenFolder(at.getName());
        at = at.getParent();
      }
      if (shown) {
        files.add(plain(file));
      }
    }
    return files;
  }

  private static List<String> listByFolder(FileSystem fileSystem, Path root) throws IOException {
    List<String> files = new ArrayList<>();
    List<Path> folders = new ArrayList<>(List.of(root));
    while (!folders.isEmpty()) {
      for (FileStatus status : fileSystem.listStatus(folders.remove(folders.size() - 1))) {
        Path path = status.getPath();
        if (status.isDirectory()) {
          if (!FileKind.hiddenFolder(path.getName())) {
            folders.add(path);
          }
        } else if (!FileKind.hiddenFile(path.getName())) {
          files.add(plain(path));
        }
      }
    }
    return files;
  }

  /**
   * The file system of a path. Local files are opened without Hadoop's layer of checksum files: it
   * would leave such files behind, look for one with each file, and it takes no name with a colon.
   */
  FileSystem fileSystem(Path path) throws IOException {
    FileSystem opened = opened(path);
    return opened instanceof LocalFileSystem local ? local.getRawFileSystem() : opened;
  }

  private FileSystem opened(Path path) throws IOException {
    try {
      return path.getFileSystem(configuration);
    } catch (RuntimeException | LinkageError e) { // its class fails, on this host at least
      Optional<Throwable> missing =
          Stream.iterate((Throwable) e, Objects::nonNull, Throwable::getCause)
              .filter(c -> c instanceof ClassNotFoundException || c instanceof NoClassDefFoundError)
              .findFirst();
      throw new IOException(
          missing.isPresent()
              ? "the class path of this process lacks jars of the file system that opens %s (%s); docs/inputs.md says how they are added"
                  .formatted(path, Reasons.of(missing.get()))
              : "no file system opens %s: %s".formatted(path, e.getMessage()),
          e);
    }
  }

  /**
   * The whole path of a file or folder.
   *
   * @param path as Hadoop takes it: without a scheme it belongs to {@code fs.defaultFS}
   */
  public String qualified(String path) throws IOException {
    Path given = new Path(path);
    return plain(opened(given).makeQualified(given));
  }

  /** A whole path for Hadoop, which would look for a plain one in {@code fs.defaultFS}. */
  static Path path(String whole) {
    return whole.startsWith("/") ? new Path("file", null, whole) : new Path(whole);
  }

  private static String plain(Path path) {
    return "file".equals(path.toUri().getScheme()) ? path.toUri().getPath() : path.toString();
  }
}
