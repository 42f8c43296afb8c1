package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.DataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * Lists inputs, several folders at a time.
 *
 * <p>An input is a folder with all below it, a file, or a pattern of Hadoop's ({@code *}, {@code
 * ?}, {@code [a-c]}, <code>{a,b}</code>); what is there under the very name is taken before a
 * pattern. Hidden names, as {@link FileKind} tells them, are left out and counted. Links are
 * followed; a folder that is reached twice, over a link or by two inputs, is counted once, by the
 * way that comes first in the order of the inputs and then of paths, and a link to a folder above
 * itself leads nowhere new.
 *
 * <p>Whatever can't be listed is a mistake that names it: a data set never shrinks unseen.
 */
final class InputLister {

  private final HadoopFiles files;
  private final List<String> inputs;
  private final InputFindings findings;
  private final FolderWalk walk;
  private final PatternWalk patterns;

  private InputLister(
      Configuration configuration,
      List<String> inputs,
      InputFindings findings,
      ListingTasks tasks) {
    this.files = new HadoopFiles(configuration);
    this.inputs = inputs;
    this.findings = findings;
    this.walk = new FolderWalk(tasks, findings);
    this.patterns = new PatternWalk(tasks, findings, walk);
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
      walk.from(lister, order, path, lister.look(path));
    } catch (FileNotFoundException e) {
      if (InputPaths.wild(input)) {
        match(lister, order, path);
      } else {
        findings.problem(
            order,
            "%s does not exist%s; expected a folder of images, a file or a pattern"
                .formatted(input, path.equals(input) ? "" : " (it is " + path + ")"));
      }
    }
  }

  private void match(FolderLister lister, int order, String pattern) throws IOException {
    if (pattern.contains("**")) {
      findings.problem(
          order,
          "%s has **, which Hadoop's patterns don't know; folders are gone through with all below them: name the folder, or one * for each level"
              .formatted(inputs.get(order)));
      return;
    }
    patterns.all(lister, order, pattern);
  }
}
