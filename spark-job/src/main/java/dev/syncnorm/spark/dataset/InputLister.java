package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.DataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.RemoteIterator;

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

  private static final int THREADS = 16;
  private static final int MOST_PROBLEMS = 50;
  private static final int DEEPEST = 200;

  /** Where a folder is a beginning of keys, all keys below it come in one listing. */
  private static final Set<String> REAL_FOLDERS =
      Set.of("file", "hdfs", "viewfs", "webhdfs", "swebhdfs", "ofs", "o3fs", "maprfs", "har");

  /** Above this depth folders of an object store are listed one by one, at the same time. */
  private static final int LISTED_ONE_BY_ONE = 2;

  private final HadoopFiles files;
  private final List<String> inputs;
  private final ForkJoinPool pool =
      new ForkJoinPool(THREADS, InputLister::thread, null, false); // deepest first: a short queue
  private final AtomicLong running = new AtomicLong(1);
  private final CountDownLatch done = new CountDownLatch(1);
  private final Map<Integer, List<String>> problems = new TreeMap<>();
  private final Collection<FolderFiles> found = new ConcurrentLinkedQueue<>();
  private final Map<String, FolderFiles.Collector> singles = new TreeMap<>();
  private final AtomicLongArray counts;
  private final AtomicLongArray others;

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
          child(path, name),
          link == null ? child(identity, name) : link,
          nameStart,
          this);
    }
  }

  private InputLister(Configuration configuration, List<String> inputs) {
    this.files = new HadoopFiles(configuration);
    this.inputs = inputs;
    this.counts = new AtomicLongArray(inputs.size());
    this.others = new AtomicLongArray(inputs.size());
  }

  /**
   * Lists inputs.
   *
   * @throws DataException with a line for each mistake
   */
  static ListedInputs list(Configuration configuration, List<String> inputs) throws DataException {
    InputLister lister = new InputLister(configuration, inputs);
    try {
      for (int order = 0; order < inputs.size(); order++) {
        int number = order;
        lister.run(number, inputs.get(number), () -> lister.resolve(number));
      }
      lister.ended();
      lister.done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DataException(List.of("listing the inputs was interrupted"));
    } finally {
      lister.pool.shutdownNow();
    }
    return lister.result();
  }

  /** A thread that acts for the user for whom the caller does; the pool's own would not. */
  private static ForkJoinWorkerThread thread(ForkJoinPool pool) {
    return new ForkJoinWorkerThread(pool) {};
  }

  private void ended() {
    if (running.decrementAndGet() == 0) {
      done.countDown();
    }
  }

  /** What may fail on a thread of the pool. */
  private interface Work {
    void run() throws IOException;
  }

  private void run(int order, String what, Work work) {
    running.incrementAndGet();
    pool.execute(
        () -> {
          try {
            work.run();
          } catch (FileNotFoundException e) {
            problem(
                order,
                "%s vanished while %s was listed; list a data set that nothing changes"
                    .formatted(what, inputs.get(order)));
          } catch (IOException | RuntimeException e) {
            problem(
                order,
                "%s can't be listed: %s; its images would be missing, make it readable or name inputs without it"
                    .formatted(what, Reasons.of(e)));
          } finally {
            ended();
          }
        });
  }

  private synchronized void problem(int order, String line) {
    problems.computeIfAbsent(order, o -> new ArrayList<>()).add(line);
  }

  private void resolve(int order) throws IOException {
    String input = inputs.get(order);
    if (input.isBlank()) {
      problem(order, "an input is empty; expected a folder, a file or a pattern");
      return;
    }
    Path given;
    FileSystem fileSystem;
    try {
      given = new Path(input);
      fileSystem = files.fileSystem(given);
    } catch (IllegalArgumentException | IOException e) {
      problem(
          order,
          "%s is no path that can be opened: %s; expected one such as /data/images or s3a://bucket/images"
              .formatted(input, Reasons.of(e)));
      return;
    }
    boolean local = fileSystem instanceof RawLocalFileSystem;
    FolderLister lister = local ? new FolderLister.Local() : new FolderLister.Remote(fileSystem);
    String path = whole(fileSystem, given);
    try {
      start(lister, order, path, lister.look(path));
    } catch (FileNotFoundException e) {
      if (wild(input)) {
        glob(fileSystem, lister, order, path);
      } else {
        problem(
            order,
            "%s does not exist%s; expected a folder of images, a file or a pattern"
                .formatted(input, path.equals(input) ? "" : " (it is " + path + ")"));
      }
    }
  }

  /** The path as it begins the paths of files: plain if local, with its scheme otherwise. */
  private static String whole(FileSystem fileSystem, Path path) {
    Path qualified = fileSystem.makeQualified(path);
    return fileSystem instanceof RawLocalFileSystem
        ? java.nio.file.Path.of(qualified.toUri().getPath()).normalize().toString()
        : qualified.toString();
  }

  private static boolean wild(String pattern) {
    return pattern.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
  }

  private void start(FolderLister lister, int order, String path, FolderLister.Found found)
      throws IOException {
    if (found.folder()) {
      String prefix = path.endsWith("/") ? path : path + "/";
      walk(new Folder(lister, order, path, lister.identity(path), prefix.length(), null));
      return;
    }
    FileKind kind = FileKind.of(path);
    // Who names a file means it.
    single(order, path, found.length(), kind == FileKind.OTHER ? FileKind.IMAGE : kind);
  }

  private synchronized void single(int order, String path, long length, FileKind kind) {
    counts.incrementAndGet(order);
    int slash = path.lastIndexOf('/');
    // One collector for the files of one folder: a shell's pattern may name many thousands.
    singles
        .computeIfAbsent(
            "%010d%s".formatted(order, path.substring(0, slash)),
            folder -> new FolderFiles.Collector())
        .add(path.substring(slash + 1), length, kind);
  }

  private void walk(Folder folder) {
    run(folder.order(), folder.path(), () -> list(folder, null));
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
                  String match = child(folder.path(), name);
                  start(folder.lister(), folder.order(), match, new FolderLister.Found(true, 0));
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
      FolderFiles packed = collector.files(path, identity, order, nameStart);
      counts.addAndGet(order, packed.files().count());
      others.addAndGet(order, packed.others());
      found.add(packed);
    }
  }

  private void glob(FileSystem fileSystem, FolderLister lister, int order, String pattern)
      throws IOException {
    if (pattern.contains("**")) {
      problem(
          order,
          "%s has **, which Hadoop's patterns don't know; folders are gone through with all below them: name the folder, or one * for each level"
              .formatted(inputs.get(order)));
      return;
    }
    for (String expanded : GlobExpander.expand(pattern)) {
      Path path = new Path(expanded);
      for (String parent : folders(fileSystem, path.getParent())) {
        String name = path.getName();
        if (wild(name)) {
          GlobPattern glob = new GlobPattern(name);
          boolean all = FileKind.hidden(name);
          // A folder that isn't there holds no match.
          Folder folder =
              new Folder(lister, order, parent, parent, child(parent, "").length(), null);
          run(
              order,
              parent,
              () -> {
                if (exists(lister, parent)) {
                  list(folder, n -> (all || !FileKind.hidden(n)) && glob.matches(n));
                }
              });
        } else if (exists(lister, child(parent, name))) {
          start(lister, order, child(parent, name), lister.look(child(parent, name)));
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

  private static List<String> folders(FileSystem fileSystem, Path pattern) throws IOException {
    if (!wild(pattern.toString())) {
      return List.of(whole(fileSystem, pattern));
    }
    List<String> folders = new ArrayList<>();
    FileStatus[] matches = fileSystem.globStatus(pattern);
    for (FileStatus match : matches == null ? new FileStatus[0] : matches) {
      if (match.isDirectory()) {
        folders.add(whole(fileSystem, match.getPath()));
      }
    }
    return folders;
  }

  private static String child(String folder, String name) {
    return folder.endsWith("/") ? folder + name : folder + "/" + name;
  }

  private ListedInputs result() throws DataException {
    for (Map.Entry<String, FolderFiles.Collector> single : singles.entrySet()) {
      int order = Integer.parseInt(single.getKey().substring(0, 10));
      String path = single.getKey().substring(10);
      String folder = path.isEmpty() ? "/" : path;
      found.add(
          single.getValue().files(folder, identity(folder), order, child(folder, "").length()));
    }
    for (int order = 0; order < inputs.size(); order++) {
      if (counts.get(order) == 0 && !problems.containsKey(order)) {
        problem(order, nothing(order));
      }
    }
    List<String> lines = problems.values().stream().flatMap(List::stream).distinct().toList();
    if (!lines.isEmpty()) {
      throw new DataException(
          lines.size() <= MOST_PROBLEMS
              ? lines
              : first(lines, MOST_PROBLEMS, "%d more mistakes of this kind"));
    }
    return ListedInputs.distinct(found);
  }

  private static List<String> first(List<String> lines, int count, String more) {
    List<String> shown = new ArrayList<>(lines.subList(0, count));
    shown.add("and " + more.formatted(lines.size() - count));
    return shown;
  }

  private static String identity(String folder) {
    try {
      return folder.startsWith("/") ? new FolderLister.Local().identity(folder) : folder;
    } catch (IOException e) {
      return folder; // gone: what was listed of it is told when it is read
    }
  }

  private String nothing(int order) {
    String input = inputs.get(order);
    if (others.get(order) > 0) {
      return "%s has no images: its %d files have endings such as .txt and .json, which lie beside images; expected images, .tar or .parquet"
          .formatted(input, others.get(order));
    }
    return wild(input)
        ? "%s matches nothing; expected a pattern such as '/data/*/*.jpg', in quotes, or a folder"
            .formatted(input)
        : "%s has no images; expected files other than those whose names begin with a dot or an underscore"
            .formatted(input);
  }
}
