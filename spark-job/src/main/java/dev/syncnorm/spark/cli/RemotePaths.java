package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.training.TrainConfiguration;
import java.io.IOException;
import java.util.List;

/**
 * Relative paths in a configuration on a file system of Hadoop's: beside it, or one folder above.
 * The current folder, which is another machine's, plays no part.
 */
record RemotePaths(CommandPaths paths, StoredFile configuration)
    implements TrainConfiguration.Paths {

  @Override
  public String locate(String written) {
    if (written.isEmpty() || CommandPaths.isUri(written)) {
      return written;
    }
    if (written.startsWith("/")) {
      return paths.ofDefault(written);
    }
    StoredFile beside = configuration.relative(written);
    for (StoredFile place : List.of(beside, configuration.relative("../" + written))) {
      try {
        if (place.kind() != Kind.NOTHING) {
          return whole(place);
        }
      } catch (IOException e) {
        // Told when it is read.
      }
    }
    return whole(beside);
  }

  private static String whole(StoredFile place) {
    return new org.apache.hadoop.fs.Path(place.path()).toString();
  }

  @Override
  public StoredFile file(String key, String located) throws ConfigurationException {
    return paths.file(key, located);
  }

  /** It is seen when it is read. */
  @Override
  public boolean isMissing(String located) {
    return false;
  }
}
