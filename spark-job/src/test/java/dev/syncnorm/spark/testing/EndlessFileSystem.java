package dev.syncnorm.spark.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.apache.hadoop.util.functional.RemoteIterators;

/**
 * Lists as many files as its authority says, {@code FOLDERSxFILES}, and holds none of them. Their
 * names are those of ImageNet.
 */
public final class EndlessFileSystem extends FileSystem {

  private URI uri;
  private int folders;
  private int files;

  @Override
  public void initialize(URI name, Configuration configuration) throws IOException {
    super.initialize(name, configuration);
    setConf(configuration);
    uri = URI.create("endless://" + name.getAuthority());
    String[] numbers = name.getAuthority().split("x");
    folders = Integer.parseInt(numbers[0]);
    files = Integer.parseInt(numbers[1]);
  }

  @Override
  public String getScheme() {
    return "endless";
  }

  @Override
  public URI getUri() {
    return uri;
  }

  @Override
  public FileStatus getFileStatus(Path path) {
    return new FileStatus(0, true, 0, 0, 0, makeQualified(path));
  }

  @Override
  public RemoteIterator<FileStatus> listStatusIterator(Path path) throws FileNotFoundException {
    Path folder = makeQualified(path);
    if (folder.isRoot()) {
      List<FileStatus> found = new ArrayList<>();
      for (int i = 0; i < folders; i++) {
        found.add(getFileStatus(new Path(folder, "n%08d".formatted(i))));
      }
      return RemoteIterators.remoteIteratorFromIterable(found);
    }
    return new RemoteIterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < files;
      }

      @Override
      public FileStatus next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        // Not in the order of their names.
        int number = (int) (next++ * 7919L % files);
        return new FileStatus(
            110_000 + number,
            false,
            3,
            128 << 20,
            1_700_000_000_000L,
            1_700_000_000_000L,
            FsPermission.getFileDefault(),
            "user",
            "group",
            new Path(folder, "%s_%07d.JPEG".formatted(folder.getName(), number)));
      }
    };
  }

  @Override
  public RemoteIterator<LocatedFileStatus> listFiles(Path path, boolean recursive)
      throws IOException {
    return RemoteIterators.mappingRemoteIterator(
        listStatusIterator(path), status -> new LocatedFileStatus(status, null));
  }

  @Override
  public FileStatus[] listStatus(Path path) {
    throw new UnsupportedOperationException("a million at once");
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) {
    throw new UnsupportedOperationException("open");
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress) {
    throw new UnsupportedOperationException("create");
  }

  @Override
  public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
    throw new UnsupportedOperationException("append");
  }

  @Override
  public boolean rename(Path from, Path to) {
    throw new UnsupportedOperationException("rename");
  }

  @Override
  public boolean delete(Path path, boolean recursive) {
    throw new UnsupportedOperationException("delete");
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) {
    throw new UnsupportedOperationException("mkdirs");
  }

  @Override
  public void setWorkingDirectory(Path path) {
    throw new UnsupportedOperationException("setWorkingDirectory");
  }

  @Override
  public Path getWorkingDirectory() {
    return new Path(uri.toString() + "/");
  }
}
