package dev.syncnorm.spark.dataset;

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
}
