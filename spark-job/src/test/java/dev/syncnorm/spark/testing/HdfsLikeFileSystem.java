package dev.syncnorm.spark.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
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
  public boolean mkdirs(Path path, FsPermission permission) {
    put(store(), key(path) + "/x", Store.FOLDER);
    store().entries().remove(key(path) + "/x");
    return true;
  }

  @Override
  public boolean rename(Path from, Path to) {
    store().count("rename");
    if (store().entries().containsKey(key(to)) || !store().entries().containsKey(key(from))) {
      return false;
    }
    store().entries().put(key(to), store().entries().remove(key(from)));
    return true;
  }

  @Override
  public boolean delete(Path path, boolean recursive) {
    store().count("delete");
    return store().entries().remove(key(path)) != null;
  }
}
