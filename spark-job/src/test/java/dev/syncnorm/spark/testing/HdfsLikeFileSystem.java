package dev.syncnorm.spark.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathIsNotEmptyDirectoryException;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Like HDFS: folders are real, a rename is refused if its target is there, and listing goes folder
 * by folder.
 */
public final class HdfsLikeFileSystem extends MemoryFileSystem {

  /** The scheme of its URIs; Hadoop finds the class by {@code fs.hdfslike.impl}. */
  public static final String SCHEME = "hdfslike";

  @Override
  public String getScheme() {
    return SCHEME;
  }

  /** Puts a file and its folders into a store. */
  public static void put(Store store, String path, byte[] content) {
    store.entries().put(path, content);
    for (int end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      store.entries().put(path.substring(0, end), Store.FOLDER);
    }
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    store().count("getFileStatus");
    String key = key(path);
    if (key.equals("/")) {
      return folder(key);
    }
    byte[] content = store().entries().get(key);
    if (content == null) {
      throw new FileNotFoundException("File does not exist: " + path);
    }
    return content == Store.FOLDER ? folder(key) : file(key, content);
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    store().count("listStatus");
    checkAccess(key(path));
    FileStatus own = getFileStatus(path);
    if (own.isFile()) {
      return new FileStatus[] {own};
    }
    String prefix = key(path).equals("/") ? "/" : key(path) + "/";
    List<FileStatus> found = new ArrayList<>();
    store()
        .entries()
        .tailMap(prefix, false)
        .forEach(
            (key, content) -> {
              if (key.startsWith(prefix) && key.indexOf('/', prefix.length()) < 0) {
                found.add(content == Store.FOLDER ? folder(key) : file(key, content));
              }
            });
    return found.toArray(FileStatus[]::new);
  }

  @Override
  protected void closed(String key, byte[] content) {
    put(store(), key, content);
  }

  /** What was sent already stays. */
  @Override
  protected void crashed(String key, byte[] content) {
    put(store(), key, Arrays.copyOf(content, content.length / 2));
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) throws IOException {
    store().change();
    put(store(), key(path) + "/x", Store.FOLDER);
    store().entries().remove(key(path) + "/x");
    return true;
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    store().count("rename");
    store().change();
    if (store().entries().containsKey(key(to)) || !store().entries().containsKey(key(from))) {
      return false;
    }
    store().entries().put(key(to), store().entries().remove(key(from)));
    return true;
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    store().count("delete");
    store().change();
    if (!store().entries().subMap(key(path) + "/", key(path) + "0").isEmpty()) {
      throw new PathIsNotEmptyDirectoryException(path.toString());
    }
    return store().entries().remove(key(path)) != null;
  }
}
