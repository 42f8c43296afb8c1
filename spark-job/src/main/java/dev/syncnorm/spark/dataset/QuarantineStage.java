package dev.syncnorm.spark.dataset;

import dev.syncnorm.tensor.Digests;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Where the tasks of a job put copies of bad images for its {@link Quarantine}, whose writer gives
 * them their names when all is done: a hidden folder in it.
 *
 * <p>A copy is named after its image's path and content and renamed when it is whole, so that tasks
 * that are repeated, or run twice at once, leave the same files. Thread-safe.
 */
public final class QuarantineStage {

  private static final String NAME = ".staged";

  private final Path stage;
  private final HadoopFiles files;

  /** The stage of a quarantine folder, which need not be there yet. */
  public QuarantineStage(Configuration configuration, String folder) {
    this.files = new HadoopFiles(configuration);
    this.stage = of(new Path(folder));
  }

  static Path of(Path folder) {
    return new Path(folder, NAME);
  }

  /**
   * Copies an image.
   *
   * @param attempt is of no other task, nor of another attempt at the same one
   * @return the name by which {@link Quarantine} knows the copy
   */
  public String put(String path, byte[] content, String attempt) throws IOException {
    String name = Digests.hex(Digests.sha256Bytes(path + '\0' + Digests.sha256(content)));
    FileSystem fileSystem = files.fileSystem(stage);
    Path copy = new Path(stage, name);
    if (fileSystem.exists(copy)) {
      return name;
    }
    fileSystem.mkdirs(stage);
    Path temporary = new Path(stage, "." + name + "." + attempt + ".tmp");
    WholeFile.write(fileSystem, temporary, out -> out.write(content));
    if (!fileSystem.rename(temporary, copy)) {
      fileSystem.delete(temporary, false);
      if (!fileSystem.exists(copy)) {
        throw new IOException("%s can't be renamed to %s".formatted(temporary, copy));
      }
    }
    return name;
  }
}
