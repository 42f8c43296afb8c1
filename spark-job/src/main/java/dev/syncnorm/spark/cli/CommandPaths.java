package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.spark.dataset.HadoopFolder;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.LocalFolder;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.training.TrainConfiguration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkConf;

/**
 * Where the paths of a command line lead to. URIs are Hadoop's; a path without a scheme is of this
 * machine, where the user is.
 *
 * <p>In cluster deploy mode the driver runs on some machine of the cluster, and its disk is
 * nobody's place: there a path without a scheme is one of {@code fs.defaultFS}, and one that leads
 * to {@code file:} is a mistake.
 */
final class CommandPaths {

  private static final String FILE = "file:";

  private final boolean clusterMode;
  private Optional<Configuration> hadoop = Optional.empty();

  /** As spark-submit has started this process. */
  CommandPaths() {
    clusterMode = new SparkConf().get("spark.submit.deployMode", "client").equals("cluster");
  }

  /** Whether a path begins with a scheme, of two letters or more. */
  static boolean isUri(String path) {
    return path.matches("[A-Za-z][A-Za-z0-9+.-]+:.*");
  }

  /**
   * A folder.
   *
   * @param option names it in a mistake
   * @throws ConfigurationException if the path is wrong
   */
  Folder folder(String option, String written) throws ConfigurationException {
    Optional<Path> local = local(option, written);
    return local.isPresent() ? new LocalFolder(local.get()) : hadoopFolder(option, written);
  }

  /** The same, whatever the current folder is. */
  Folder wholeFolder(String option, String written) throws ConfigurationException {
    Optional<Path> local = local(option, written);
    return local.isPresent()
        ? new LocalFolder(local.get().toAbsolutePath())
        : hadoopFolder(option, written);
  }

  /** A file; see {@link #folder}. */
  StoredFile file(String option, String written) throws ConfigurationException {
    Optional<Path> local = local(option, written);
    if (local.isPresent()) {
      return StoredFile.local(local.get());
    }
    hadoopPath(option, written);
    int end = written.lastIndexOf('/');
    String folder = end > 0 ? written.substring(0, end + 1) : end == 0 ? "/" : ".";
    return new StoredFile(hadoopFolder(option, folder), written.substring(end + 1));
  }

  /** A file that is to be written: not one whose path says that it is a folder. */
  StoredFile newFile(String option, String written) throws ConfigurationException {
    StoredFile file = file(option, written);
    if (written.endsWith("/")) {
      throw new ConfigurationException(
          List.of("%s is %s, which names a folder; give a file".formatted(option, written)));
    }
    return file;
  }

  /** What will keep files from being written to a folder, as far as is seen without writing. */
  static Optional<String> obstacle(Folder folder) throws IOException {
    return folder.kind("") == Kind.FILE
        ? Optional.of(folder.path("") + " is no folder")
        : folder.obstacle();
  }

  /** How the paths in a configuration are meant. */
  TrainConfiguration.Paths of(String configuration) throws ConfigurationException {
    Optional<Path> local = local("CONF", configuration);
    return local.isPresent()
        ? new LocatedPaths(this, local.get())
        : new RemotePaths(this, file("CONF", configuration));
  }

  /**
   * A path, which may be a glob, as Hadoop reads it everywhere: one of this machine keeps its
   * meaning where {@code fs.defaultFS} is another file system.
   *
   * @throws ConfigurationException if the path is wrong
   */
  String input(String option, String written) throws ConfigurationException {
    Optional<Path> local = local(option, written);
    hadoopPath(option, written);
    return local.isEmpty() || isUri(written) || defaultIsLocal()
        ? written
        : hadoop(local.get().toAbsolutePath());
  }

  /** An absolute path of this machine as Hadoop reads it everywhere: plain where that is enough. */
  String hadoop(Path local) {
    return defaultIsLocal() ? local.toString() : FILE + local;
  }

  /** The path of this machine that {@link #hadoop(Path)} has made a path of Hadoop's of. */
  static Optional<Path> plain(String path) {
    return isUri(path) && !path.startsWith(FILE + "/")
        ? Optional.empty()
        : Optional.of(Path.of(path.startsWith(FILE) ? path.substring(FILE.length()) : path));
  }

  /** The whole URI of an absolute path of {@code fs.defaultFS}; plain where that is local. */
  String ofDefault(String absolute) {
    return defaultIsLocal()
        ? absolute
        : new org.apache.hadoop.fs.Path(absolute)
            .makeQualified(FileSystem.getDefaultUri(hadoop()), new org.apache.hadoop.fs.Path("/"))
            .toString();
  }

  private Optional<Path> local(String option, String written) throws ConfigurationException {
    if (written.isEmpty()) {
      throw new ConfigurationException(List.of(option + " is empty, expected a path"));
    }
    boolean uri = isUri(written);
    if (uri ? !written.startsWith("file:") : clusterMode && !defaultIsLocal()) {
      return Optional.empty();
    }
    if (clusterMode) {
      throw new ConfigurationException(
          List.of(
              "%s is %s, a file: path, but in cluster deploy mode the driver runs on a machine of the cluster; give a Hadoop URI that all of them reach, such as hdfs://, s3a://, or viewfs:// for a shared mount"
                  .formatted(option, written)));
    }
    return Optional.of(Path.of(uri ? hadoopPath(option, written).toUri().getPath() : written));
  }

  private HadoopFolder hadoopFolder(String option, String written) throws ConfigurationException {
    hadoopPath(option, written);
    return new HadoopFolder(hadoop(), written);
  }

  private static org.apache.hadoop.fs.Path hadoopPath(String option, String written)
      throws ConfigurationException {
    try {
      return new org.apache.hadoop.fs.Path(written);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          List.of(
              "%s is %s, which is no path: %s; expected one such as hdfs://host/folder/name"
                  .formatted(option, written, e.getMessage())));
    }
  }

  private boolean defaultIsLocal() {
    return FileSystem.getDefaultUri(hadoop()).getScheme().equals("file");
  }

  /** Read when it is needed: it takes its time. */
  private Configuration hadoop() {
    if (hadoop.isEmpty()) {
      hadoop = Optional.of(SparkSessions.hadoop());
    }
    return hadoop.get();
  }
}
