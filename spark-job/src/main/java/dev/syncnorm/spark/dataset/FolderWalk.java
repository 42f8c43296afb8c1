package dev.syncnorm.spark.dataset;

import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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

  /** Lists what an input leads to: a folder with all below it, or a file. */
  void from(FolderLister lister, int order, String path, FolderLister.Found found)
      throws IOException {
    if (found.folder()) {
      int nameStart = InputPaths.child(path, "").length();
      walk(new Folder(lister, order, path, lister.identity(path), nameStart, null));
    } else {
      FileKind kind = FileKind.of(path);
      // Who names a file means it.
      findings.file(order, path, found.length(), kind == FileKind.OTHER ? FileKind.IMAGE : kind);
    }
  }

  private void walk(Folder folder) {
    tasks.run(folder.order(), folder.path(), () -> list(folder));
  }

  private void list(Folder folder) throws IOException {
    if (folder.depth() > DEEPEST) {
      throw new IOException("it is more than %d folders deep".formatted(DEEPEST));
    }
    if (folder.lister() instanceof FolderLister.Remote remote
        && folder.depth() >= LISTED_ONE_BY_ONE
        && !REAL_FOLDERS.contains(remote.fileSystem().getUri().getScheme())) {
      listAtOnce(remote.fileSystem(), folder);
      return;
    }
    FolderFiles.Collector collector = new FolderFiles.Collector();
    folder
        .lister()
        .list(
            folder.path(),
            new FolderLister.Visitor() {
              @Override
              public boolean wants(String name) {
                if (FileKind.hiddenFile(name)) { // as a folder it would be hidden all the more
                  collector.hide();
                  return false;
                }
                return true;
              }

              @Override
              public void file(String name, long length) {
                collector.add(name, length, FileKind.of(name));
              }

              @Override
              public void folder(String name, String link) {
                if (FileKind.hiddenFolder(name)) {
                  collector.hide();
                } else if (link == null || !folder.passed(link)) {
                  walk(folder.below(name, link));
                }
              }
            });
    add(collector, folder.path(), folder.identity(), folder);
  }

  /** All below a folder of an object store. */
  private void listAtOnce(FileSystem fileSystem, Folder folder) throws IOException {
    Map<String, FolderFiles.Collector> collectors = new TreeMap<>();
    Set<Path> hiddenFolders = new HashSet<>();
    int depth = new Path(folder.path()).depth();
    RemoteIterator<LocatedFileStatus> below = fileSystem.listFiles(new Path(folder.path()), true);
    while (below.hasNext()) {
      LocatedFileStatus file = below.next();
      Path hidden = null; // the folder next to the top
      for (Path at = file.getPath().getParent(); at.depth() > depth; at = at.getParent()) {
        hidden = FileKind.hiddenFolder(at.getName()) ? at : hidden;
      }
      if (hidden != null) {
        if (hiddenFolders.add(hidden)) {
          collector(collectors, hidden).hide();
        }
        continue;
      }
      String name = file.getPath().getName();
      if (FileKind.hiddenFile(name)) {
        collector(collectors, file.getPath()).hide();
      } else {
        collector(collectors, file.getPath()).add(name, file.getLen(), FileKind.of(name));
      }
    }
    collectors.forEach((path, collector) -> add(collector, path, path, folder));
  }

  /** That of the folder which directly holds an entry. */
  private static FolderFiles.Collector collector(
      Map<String, FolderFiles.Collector> collectors, Path entry) {
    return collectors.computeIfAbsent(
        entry.getParent().toString(), path -> new FolderFiles.Collector());
  }

  private void add(FolderFiles.Collector collector, String path, String identity, Folder from) {
    if (!collector.isEmpty()) {
      findings.folder(collector.files(path, identity, from.order(), from.nameStart()));
    }
  }
}
