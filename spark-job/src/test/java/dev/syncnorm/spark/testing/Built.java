package dev.syncnorm.spark.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * What {@code mvn package} leaves behind, and integration tests run. Maven starts tests in the
 * module's folder.
 */
public final class Built {
  private static final Path MODULE = Path.of("").toAbsolutePath();

  private Built() {}

  /** The project's root folder. */
  public static Path root() {
    return MODULE.getParent();
  }

  /** The jar for spark-submit. */
  public static Path jar() {
    return existing("syncnorm.jar");
  }

  /** The distribution, a tar archive. */
  public static Path distribution() {
    Path target = MODULE.resolve("target");
    try (DirectoryStream<Path> found = Files.newDirectoryStream(target, "syncnorm-*.tar")) {
      List<Path> archives = StreamSupport.stream(found.spliterator(), false).toList();
      if (archives.size() != 1) {
        throw new IllegalStateException(
            target
                + " has "
                + archives
                + ", expected one archive; run mvn -DskipTests package first");
      }
      return archives.get(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The jars of Spark and of what it brings. */
  public static List<Path> sparkJars() {
    return List.of(read("embedded.classpath").split(File.pathSeparator)).stream()
        .map(Path::of)
        .toList();
  }

  /** The options that every JVM of ours needs. */
  public static List<String> jvmOptions() {
    return List.of(read("jvm.options").split("\\s+"));
  }

  /** The running JVM's java: child processes run on the same one. */
  public static Path java() {
    return javaHome().resolve("bin").resolve("java");
  }

  static Path javaHome() {
    return Path.of(System.getProperty("java.home"));
  }

  private static String read(String name) {
    try {
      return Files.readString(existing(name)).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path existing(String name) {
    Path file = MODULE.resolve("target").resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new IllegalStateException(file + " does not exist; run mvn -DskipTests package first");
    }
    return file;
  }
}
