package dev.syncnorm.spark.dataset;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.image.Rejection;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder of copies of bad images, on any file system. The originals are only read. No copy is
 * overwritten: another file of the same name gets a number behind it, the same file is kept once,
 * so a job that runs again changes nothing. A name that is too long for a file system is shortened.
 *
 * <p>Files are written under a hidden name and renamed when they are whole. {@code
 * rejections.jsonl} has a line for each bad image: path, cause, message, and the copy's path in the
 * folder unless the image can't be read. For one writer at a time; not thread-safe. Tasks on
 * executors copy images by {@link QuarantineStage}.
 */
public final class Quarantine implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LIST = "rejections.jsonl";

  private final HadoopFiles files;
  private final Path folder;
  private final FileSystem fileSystem;
  private final boolean isNew;

  /** The list: what was in it before, then what is new. */
  private final List<String> lines = new ArrayList<>();

  /** How often a line was in the list before, less how often it has been noted since. */
  private final Map<String, Integer> before = new HashMap<>();

  /** The copies that staged ones have become. */
  private final Map<String, String> named = new HashMap<>();

  /** The folders of copies by those that were wanted; both end with a slash. */
  private final Map<String, String> folders = new HashMap<>(Map.of("", ""));

  /** Opens a folder, which need not be there yet. */
  public Quarantine(Configuration configuration, String folder) throws IOException {
    this.files = new HadoopFiles(configuration);
    this.folder = HadoopFiles.path(files.qualified(folder));
    this.fileSystem = files.fileSystem(this.folder);
    this.isNew = !fileSystem.exists(this.folder);
    Path list = new Path(this.folder, LIST);
    if (fileSystem.exists(list)) {
      new String(files.read(list.toString()), StandardCharsets.UTF_8).lines().forEach(lines::add);
      lines.forEach(line -> before.merge(line, 1, Integer::sum));
    }
  }

  /**
   * Copies an image and notes it for the list.
   *
   * @param relative where in this folder the copy belongs
   */
  public void add(Rejection rejection, String relative) throws IOException {
    byte[] content;
    try {
      content = files.read(rejection.path());
    } catch (IOException e) {
      addUnreadable(rejection);
      return;
    }
    String name = nameOf(content, relative);
    Path file = at(name);
    if (!fileSystem.exists(file)) {
      rename(write(file, content), file);
    }
    note(rejection, Optional.of(name));
  }

  /**
   * Gives an image's staged copy its name unless it has one, and notes the image for the list.
   *
   * @param staged as {@link QuarantineStage#put} has named it; members of one name with the same
   *     bytes share it
   * @param relative where in this folder the copy belongs
   */
  public void addStaged(Rejection rejection, String relative, String staged) throws IOException {
    String name = named.get(staged);
    if (name == null) {
      name = unstage(relative, staged);
      named.put(staged, name);
    }
    note(rejection, Optional.of(name));
  }

  private String unstage(String relative, String staged) throws IOException {
    Path copy = new Path(QuarantineStage.of(folder), staged);
    String name = nameOf(files.read(copy.toString()), relative);
    Path file = at(name);
    if (!fileSystem.exists(file)) {
      fileSystem.mkdirs(file.getParent());
      rename(copy, file);
    }
    return name;
  }

  /** Notes an image of which there is no copy. */
  public void addUnreadable(Rejection rejection) throws IOException {
    note(rejection, Optional.empty());
  }

  /** A line for each image, and none that an earlier run has written. */
  private void note(Rejection rejection, Optional<String> copy) throws IOException {
    ObjectNode line = JSON.createObjectNode();
    line.put("path", rejection.path());
    line.put("cause", rejection.cause());
    line.put("message", rejection.message());
    copy.ifPresent(name -> line.put("copy", name));
    String text = JSON.writeValueAsString(line);
    if (before.merge(text, -1, Integer::sum) < 0) {
      lines.add(text);
    }
  }

  /** Writes the list, with all that was in it before. */
  public void writeList() throws IOException {
    String text = String.join("\n", lines) + "\n";
    Path list = new Path(folder, LIST);
    Path temporary = write(list, text.getBytes(StandardCharsets.UTF_8));
    if (fileSystem.exists(list)) {
      fileSystem.delete(list, false);
    }
    rename(temporary, list);
  }

  /** Removes what tasks have staged, and a folder that was not there if nothing else is in it. */
  @Override
  public void close() throws IOException {
    fileSystem.delete(QuarantineStage.of(folder), true);
    if (isNew && fileSystem.exists(folder) && fileSystem.listStatus(folder).length == 0) {
      fileSystem.delete(folder, false);
    }
  }

  /** The name of a file with this content, or that a new one can have. */
  private String nameOf(byte[] content, String relative) throws IOException {
    String fitting = CopyNames.fitting(relative);
    int last = fitting.lastIndexOf('/') + 1;
    String wanted = folderFor(fitting.substring(0, last)) + fitting.substring(last);
    String name = wanted;
    for (int number = 2; taken(name, content); number++) {
      name = CopyNames.numbered(wanted, number);
    }
    return name;
  }

  private boolean taken(String name, byte[] content) throws IOException {
    if (name.equals(LIST)) {
      return true;
    }
    Optional<FileStatus> there = status(name);
    return there.isPresent()
        && (there.get().isDirectory() || !Arrays.equals(files.read(at(name).toString()), content));
  }

  /**
   * The folder of a copy, or another where a file has its name: an archive may have members {@code
   * a} and {@code a/b}.
   *
   * @param wanted ends with a slash unless it is empty
   */
  private String folderFor(String wanted) throws IOException {
    String known = folders.get(wanted);
    if (known != null) {
      return known;
    }
    int start = wanted.lastIndexOf('/', wanted.length() - 2) + 1;
    String above = folderFor(wanted.substring(0, start));
    String name = above + wanted.substring(start, wanted.length() - 1);
    String free = name;
    for (int number = 2; status(free).filter(FileStatus::isFile).isPresent(); number++) {
      free = CopyNames.numbered(name, number);
    }
    folders.put(wanted, free + "/");
    return free + "/";
  }

  private Optional<FileStatus> status(String name) throws IOException {
    try {
      return Optional.of(fileSystem.getFileStatus(at(name)));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  /** By text: a name with a colon would be taken for a URI. */
  private Path at(String name) {
    return new Path(folder + "/" + name);
  }

  private Path write(Path file, byte[] content) throws IOException {
    fileSystem.mkdirs(file.getParent());
    Path temporary = new Path(file.getParent(), "." + file.getName() + ".tmp");
    WholeFile.write(fileSystem, temporary, out -> out.write(content));
    return temporary;
  }

  private void rename(Path from, Path to) throws IOException {
    if (!fileSystem.rename(from, to)) {
      throw new IOException("%s can't be renamed to %s".formatted(from, to));
    }
  }
}
