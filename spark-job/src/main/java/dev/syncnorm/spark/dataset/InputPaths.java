package dev.syncnorm.spark.dataset;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** Paths of inputs, and of what they hold, as text. */
final class InputPaths {

  private InputPaths() {}

  /** The path as it begins the paths of files: plain if local, with its scheme otherwise. */
  static String whole(FileSystem fileSystem, Path path) {
    Path qualified = fileSystem.makeQualified(path);
    return fileSystem instanceof RawLocalFileSystem
        ? java.nio.file.Path.of(qualified.toUri().getPath()).normalize().toString()
        : qualified.toString();
  }

  /** Whether an input may be meant as a pattern. */
  static boolean wild(String pattern) {
    return pattern.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
  }

  /** The path of an entry of a folder. */
  static String child(String folder, String name) {
    return folder.endsWith("/") ? folder + name : folder + "/" + name;
  }

  /** The folders that a pattern matches; without wildcards, the one that it is, there or not. */
  static List<String> folders(FileSystem fileSystem, Path pattern) throws IOException {
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
}
