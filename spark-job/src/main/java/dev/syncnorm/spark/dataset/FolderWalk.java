package dev.syncnorm.spark.dataset;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** Goes through folders and all below them, each folder in a task of its own. */
final class FolderWalk {

  private static final int DEEPEST = 200;

  /** Where a folder is a beginning of keys, all keys below it come in one listing. */
  private static final Set<String> REAL_FOLDERS =
      Set.of("file", "hdfs", "viewfs", "webhdfs", "swebhdfs", "ofs", "o3fs", "maprfs", "har");

  /** Above this depth folders of an object store are listed one by one, at the same time. */
  private static final int LISTED_ONE_BY_ONE = 2;

  private final ListingTasks tasks;
  private final InputFindings findings;

  FolderWalk(ListingTasks tasks, InputFindings findings) {
    this.tasks = tasks;
    this.findings = findings;
  }

  /** A folder on the way down. */
  private record Folder(
      FolderLister lister, int order, String path, String identity, int nameStart, Folder above) {

    int depth() {
      int depth = 0;
      for (Folder at = above; at != null; at = at.above) {
        depth++;
      }
      return depth;
    }

    /** Whether this folder or one that was passed on the way to it is the one that a link names. */
    boolean passed(String link) {
      for (Folder at = this; at != null; at = at.above) {
        if (at.identity.equals(link)) {
          return true;
        }
      }
      return false;
    }

    Folder below(String name, String link) {
      return new Folder(
          lister,
          order,
          InputPaths.child(path, name),
          link == null ? InputPaths.child(identity, name) : link,
          nameStart,
          this);
    }
  }

  /** Lists a folder and all below it. */
  void all(FolderLister lister, int order, String path) throws IOException {
    int nameStart = InputPaths.child(path, "").length();
    walk(new Folder(lister, order, path, lister.identity(path), nameStart, null));
  }

  /** Lists the files of a folder whose names fit, and all below the folders whose names do. */
  void matching(FolderLister lister, int order, String path, Predicate<String> pattern)
      throws IOException {
    int nameStart = InputPaths.child(path, "").length();
    list(new Folder(lister, order, path, path, nameStart, null), pattern);
  }

  private void walk(Folder folder) {
    tasks.run(folder.order(), folder.path(), () -> list(folder, null));
  }

  /** Lists a folder, and of its entries those that fit a pattern if there is one. */
  private void list(Folder folder, Predicate<String> pattern) throws IOException {
    if (folder.depth() > DEEPEST) {
      throw new IOException("it is more than %d folders deep".formatted(DEEPEST));
    }
    if (pattern == null
        && folder.lister() instanceof FolderLister.Remote remote
        && folder.depth() >= LISTED_ONE_BY_ONE
        && !REAL_FOLDERS.contains(remote.fileSystem().getUri().getScheme())) {
      listAtOnce(remote.fileSystem(), folder);
      return;
    }
    Predicate<String> wanted = pattern != null ? pattern : name -> !FileKind.hidden(name);
    FolderFiles.Collector collector = new FolderFiles.Collector();
    folder
        .lister()
        .list(
            folder.path(),
            new FolderLister.Visitor() {
              @Override
              public void file(String name, long length) {
                if (wanted.test(name)) {
                  collector.add(name, length, FileKind.of(name));
                }
              }

              @Override
              public void folder(String name, String link) throws IOException {
                if (!wanted.test(name) || (link != null && folder.passed(link))) {
                  return;
                }
                if (pattern != null) {
                  String match = InputPaths.child(folder.path(), name);
                  all(folder.lister(), folder.order(), match);
                } else {
                  walk(folder.below(name, link));
                }
              }
            });
    add(collector, folder.path(), folder.identity(), folder.order(), folder.nameStart());
  }

  /** All below a folder of an object store. */
  private void listAtOnce(FileSystem fileSystem, Folder folder) throws IOException {
    Map<String, FolderFiles.Collector> collectors = new TreeMap<>();
    int depth = new Path(folder.path()).depth();
    RemoteIterator<LocatedFileStatus> below = fileSystem.listFiles(new Path(folder.path()), true);
    while (below.hasNext()) {
      LocatedFileStatus file = below.next();
      boolean shown = true;
      for (Path at = file.getPath(); at.depth() > depth; at = at.getParent()) {
        shown &= !FileKind.hidden(at.getName());
      }
      if (shown) {
        String name = file.getPath().getName();
        collectors
            .computeIfAbsent(
                file.getPath().getParent().toString(), path -> new FolderFiles.Collector())
            .add(name, file.getLen(), FileKind.of(name));
      }
    }
    collectors.forEach(
        (path, collector) -> add(collector, path, path, folder.order(), folder.nameStart()));
  }

  private void add(
      FolderFiles.Collector collector, String path, String identity, int order, int nameStart) {
    if (!collector.isEmpty()) {
      findings.folder(collector.files(path, identity, order, nameStart));
    }
  }
}
