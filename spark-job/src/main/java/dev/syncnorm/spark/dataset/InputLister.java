package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.DataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * Lists inputs, several folders at a time.
 *
 * <p>An input is a folder with all below it, a file, or a pattern of Hadoop's ({@code *}, {@code
 * ?}, {@code [a-c]}, <code>{a,b}</code>); what is there under the very name is taken before a
 * pattern. Names that begin with a dot or an underscore are left out. Links are followed; a folder
 * that is reached twice, over a link or by two inputs, is counted once, by the way that comes first
 * in the order of the inputs and then of paths, and a link to a folder above itself leads nowhere
 * new.
 *
 * <p>Whatever can't be listed is a mistake that names it: a data set never shrinks unseen.
 */
final class InputLister {

  private final HadoopFiles files;
  private final List<String> inputs;
  private final InputFindings findings;
  private final ListingTasks tasks;
  private final FolderWalk walk;

  private InputLister(
      Configuration configuration,
      List<String> inputs,
      InputFindings findings,
      ListingTasks tasks) {
    this.files = new HadoopFiles(configuration);
    this.inputs = inputs;
    this.findings = findings;
    this.tasks = tasks;
    this.walk = new FolderWalk(tasks, findings);
  }

  /**
   * Lists inputs.
   *
   * @throws DataException with a line for each mistake
   */
  static ListedInputs list(Configuration configuration, List<String> inputs) throws DataException {
    InputFindings findings = new InputFindings(inputs);
    try (ListingTasks tasks = new ListingTasks(inputs, findings)) {
      InputLister lister = new InputLister(configuration, inputs, findings, tasks);
      for (int order = 0; order < inputs.size(); order++) {
        int number = order;
        tasks.run(number, inputs.get(number), () -> lister.resolve(number));
      }
      tasks.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DataException(List.of("listing the inputs was interrupted"));
    }
    return findings.all();
  }

  private void resolve(int order) throws IOException {
    String input = inputs.get(order);
    if (input.isBlank()) {
      findings.problem(order, "an input is empty; expected a folder, a file or a pattern");
      return;
    }
    Path given;
    FileSystem fileSystem;
    try {
      given = new Path(input);
      fileSystem = files.fileSystem(given);
    } catch (IllegalArgumentException | UnsupportedFileSystemException e) {
      findings.problem(
          order,
          "%s is no path that can be opened: %s; expected one such as /data/images or s3a://bucket/images"
              .formatted(input, Reasons.of(e)));
      return;
    } catch (IOException e) {
      findings.problem(order, "%s can't be opened: %s".formatted(input, Reasons.of(e)));
      return;
    }
    boolean local = fileSystem instanceof RawLocalFileSystem;
    FolderLister lister = local ? new FolderLister.Local() : new FolderLister.Remote(fileSystem);
    String path = InputPaths.whole(fileSystem, given);
    try {
      start(lister, order, path, lister.look(path));
    } catch (FileNotFoundException e) {
      if (InputPaths.wild(input)) {
        glob(fileSystem, lister, order, path);
      } else {
        findings.problem(
            order,
            "%s does not exist%s; expected a folder of images, a file or a pattern"
                .formatted(input, path.equals(input) ? "" : " (it is " + path + ")"));
      }
    }
  }

  private void start(FolderLister lister, int order, String path, FolderLister.Found found)
      throws IOException {
    if (found.folder()) {
      walk.all(lister, order, path);
      return;
    }
    FileKind kind = FileKind.of(path);
    // Who names a file means it.
    findings.file(order, path, found.length(), kind == FileKind.OTHER ? FileKind.IMAGE : kind);
  }

  private void glob(FileSystem fileSystem, FolderLister lister, int order, String pattern)
      throws IOException {
    if (pattern.contains("**")) {
      findings.problem(
          order,
          "%s has **, which Hadoop's patterns don't know; folders are gone through with all below them: name the folder, or one * for each level"
              .formatted(inputs.get(order)));
      return;
    }
    for (String expanded : GlobExpander.expand(pattern)) {
      Path path = new Path(expanded);
      for (String parent : InputPaths.folders(fileSystem, path.getParent())) {
        String name = path.getName();
        if (InputPaths.wild(name)) {
          GlobPattern glob = new GlobPattern(name);
          boolean all = FileKind.hidden(name);
          tasks.run(
              order,
              parent,
              () -> {
                if (exists(lister, parent)) { // a folder that isn't there holds no match
                  walk.matching(
                      lister, order, parent, n -> (all || !FileKind.hidden(n)) && glob.matches(n));
                }
              });
          continue;
        }
        String match = InputPaths.child(parent, name);
        if (exists(lister, match)) {
          start(lister, order, match, lister.look(match));
        }
      }
    }
  }

  private static boolean exists(FolderLister lister, String path) throws IOException {
    try {
      lister.look(path);
      return true;
    } catch (FileNotFoundException e) {
      return false;
    }
  }
}
