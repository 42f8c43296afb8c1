package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.training.TrainConfiguration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Relative paths: in the current folder, beside the configuration, or one folder above it. All are
 * of this machine.
 */
record LocatedPaths(CommandPaths paths, Path configuration) implements TrainConfiguration.Paths {

  @Override
  public String locate(String written) {
    if (written.isEmpty() || CommandPaths.isUri(written)) {
      return written;
    }
    Path path = Path.of(written);
    Path folder = configuration.toAbsolutePath().getParent();
    List<Path> places =
        folder.getParent() == null
            ? List.of(path, folder.resolve(path))
            : List.of(path, folder.resolve(path), folder.getParent().resolve(path));
    return paths.hadoop(
        places.stream()
            .filter(Files::exists)
            .findFirst()
            .orElse(path)
            .toAbsolutePath()
            .normalize());
  }

  @Override
  public StoredFile file(String key, String located) throws ConfigurationException {
    return paths.file(key, located);
  }

  /** What is behind a URI is seen when it is read. */
  @Override
  public boolean isMissing(String located) {
    return CommandPaths.plain(located).filter(path -> !Files.isRegularFile(path)).isPresent();
  }

  @Override
  public boolean isMissingFolder(String located) {
    return CommandPaths.plain(located).filter(path -> !Files.isDirectory(path)).isPresent();
  }
}
