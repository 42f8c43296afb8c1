package dev.syncnorm.spark.cli;

import dev.syncnorm.training.TrainConfiguration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Relative paths: in the current folder, beside the configuration, or one folder above it. */
record LocatedPaths(Path configuration) implements TrainConfiguration.Paths {

  @Override
  public String locate(String written) {
    if (written.isEmpty() || isUri(written)) {
      return written;
    }
    Path path = Path.of(written);
    Path folder = configuration.toAbsolutePath().getParent();
    List<Path> places =
        folder.getParent() == null
            ? List.of(path, folder.resolve(path))
            : List.of(path, folder.resolve(path), folder.getParent().resolve(path));
    return places.stream()
        .filter(Files::exists)
        .findFirst()
        .orElse(path)
        .toAbsolutePath()
        .normalize()
        .toString();
  }

  /** What is behind a URI is seen when it is read. */
  @Override
  public boolean isMissing(String located) {
    return !isUri(located) && !Files.isRegularFile(Path.of(located));
  }

  @Override
  public boolean isMissingFolder(String located) {
    return !isUri(located) && !Files.isDirectory(Path.of(located));
  }

  private static boolean isUri(String path) {
    return path.matches("[A-Za-z][A-Za-z0-9+.-]+:.*");
  }
}
