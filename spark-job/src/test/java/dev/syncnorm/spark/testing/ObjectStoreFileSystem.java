package dev.syncnorm.spark.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.functional.RemoteIterators;

/**
 * Like S3: there are keys and no folders. What looks like one is a common beginning of keys, gone
 * with the last of them; making one does nothing; a rename copies, then deletes; a recursive
 * listing is one call.
 */
public final class ObjectStoreFileSystem extends MemoryFileSystem {

  /** The scheme of its URIs; Hadoop finds the class by {@code fs.keys.impl}. */
  public static final String SCHEME = "keys";

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    store().count("getFileStatus");
    String key = key(path);
    byte[] content = store().entries().get(key);
    if (content != null) {
      return file(key, content);
    }
    if (!below(key).isEmpty()) {
      return folder(key);
    }
    throw new FileNotFoundException("No such file or directory: " + path);
  }

  @Override
  public RemoteIterator<LocatedFileStatus> listFiles(Path path, boolean recursive)
      throws IOException {
    store().count("listFiles");
    List<String> keys = below(key(path));
    if (!recursive || keys.isEmpty()) {
      throw new FileNotFoundException("No such file or directory: " + path);
    }
    List<LocatedFileStatus> found = new ArrayList<>();
    for (String key : keys) {
      found.add(new LocatedFileStatus(file(key, store().entries().get(key)), null));
    }
    return RemoteIterators.remoteIteratorFromIterable(found);
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    store().count("listStatus");
    FileStatus own = getFileStatus(path);
    if (own.isFile()) {
      return new FileStatus[] {own};
    }
    int start = key(path).equals("/") ? 1 : key(path).length() + 1;
    Set<String> folders = new TreeSet<>();
    List<FileStatus> found = new ArrayList<>();
    for (String key : below(key(path))) {
      int end = key.indexOf('/', start);
      if (end < 0) {
        found.add(file(key, store().entries().get(key)));
      } else if (folders.add(key.substring(0, end))) {
        found.add(folder(key.substring(0, end)));
      }
    }
    return found.toArray(FileStatus[]::new);
  }

  private List<String> below(String key) {
    String prefix = key.equals("/") ? "/" : key + "/";
    return store().entries().tailMap(prefix, false).keySet().stream()
        .takeWhile(k -> k.startsWith(prefix))
        .toList();
  }

  @Override
  protected void closed(String key, byte[] content) {
    store().entries().put(key, content);
  }

  /** An upload that was not completed is no object. */
  @Override
  protected void crashed(String key, byte[] content) {}

  @Override
  public boolean mkdirs(Path path, FsPermission permission) {
    if (path.toUri().getPath().isEmpty()) {
      throw new IllegalArgumentException("path is relative"); // as S3A does
    }
    return true;
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    store().count("rename");
    byte[] content = store().entries().get(key(from));
    if (content == null || store().entries().containsKey(key(to))) {
      return false;
    }
    store().change();
    store().entries().put(key(to), content);
    store().change();
    store().entries().remove(key(from));
    return true;
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    store().count("delete");
    store().change();
    return store().entries().remove(key(path)) != null;
  }
}
