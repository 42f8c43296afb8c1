package dev.syncnorm.spark.dataset;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.Path;

/**
 * Goes down a pattern level by level, each folder whose names are matched in a task of its own.
 *
 * <p>The language is Hadoop's. Its own walk makes a URI of each name, which fails for one with a
 * colon, and takes hidden names for the {@code *} of a folder.
 */
final class PatternWalk {

  private final ListingTasks tasks;
  private final InputFindings findings;
  private final FolderWalk walk;

  PatternWalk(ListingTasks tasks, InputFindings findings, FolderWalk walk) {
    this.tasks = tasks;
    this.findings = findings;
    this.walk = walk;
  }

  /** The names that one level of a pattern takes. */
  private record Level(GlobPattern pattern, boolean takesHidden) {
    Level(String pattern) {
      this(new GlobPattern(pattern), FileKind.hiddenFolder(pattern));
    }

    boolean hidesFolder(String name) {
      return !takesHidden && FileKind.hiddenFolder(name);
    }

    boolean hidesFile(String name) {
      return !takesHidden && FileKind.hiddenFile(name);
    }
  }

  /**
   * Lists the files that a pattern matches, and all below the folders that it does.
   *
   * @param pattern a whole path
   */
  void all(FolderLister lister, int order, String pattern) throws IOException {
    for (String expanded : GlobExpander.expand(pattern)) {
      Path path = new Path(expanded);
      String root = path.toUri().getScheme() == null ? "/" : new Path(path, "/").toString();
      List<String> levels = Arrays.asList(path.toUri().getPath().substring(1).split("/"));
      int first = 0;
      while (first < levels.size() && !InputPaths.wild(levels.get(first))) {
        root = InputPaths.child(root, levels.get(first++));
      }
      descend(lister, order, root, levels.subList(first, levels.size()));
    }
  }

  /** Matches the levels below a folder or file, which may not be there. */
  private void descend(FolderLister lister, int order, String path, List<String> levels)
      throws IOException {
    FolderLister.Found found;
    try {
      found = lister.look(path);
    } catch (FileNotFoundException e) {
      return;
    }
    if (levels.isEmpty()) {
      walk.from(lister, order, path, found);
    } else if (found.folder()) {
      List<String> below = levels.subList(1, levels.size());
      if (InputPaths.wild(levels.get(0))) {
        Level level = new Level(levels.get(0));
        tasks.run(order, path, () -> match(lister, order, path, level, below));
      } else {
        descend(lister, order, InputPaths.child(path, levels.get(0)), below);
      }
    }
  }

  private void match(FolderLister lister, int order, String path, Level level, List<String> below)
      throws IOException {
    FolderFiles.Collector collector = new FolderFiles.Collector();
    lister.list(
        path,
        new FolderLister.Visitor() {
          @Override
          public boolean wants(String name) {
            return level.pattern().matches(name);
          }

          @Override
          public void file(String name, long length) {
            if (!below.isEmpty()) {
              return; // nothing lies below a file
            }
            if (level.hidesFile(name)) {
              collector.hide();
            } else {
              collector.add(name, length, FileKind.of(name));
            }
          }

          @Override
          public void folder(String name, String link) throws IOException {
            if (level.hidesFolder(name)) {
              collector.hide();
            } else {
              descend(lister, order, InputPaths.child(path, name), below);
            }
          }
        });
    if (!collector.isEmpty()) {
      findings.folder(
          collector.files(path, lister.identity(path), order, InputPaths.child(path, "").length()));
    }
  }
}
