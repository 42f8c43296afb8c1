package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.DataException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.Utils;

/**
 * The images of a data set, wherever and however they are stored.
 *
 * <p>An input is a folder with all below it, a file, or a pattern in quotes: {@code *}, {@code ?},
 * {@code [a-c]} and <code>{a,b}</code>, each within one level, on any file system that Hadoop
 * opens. Files are told apart by their endings, in any case:
 *
 * <ul>
 *   <li>{@code .tar}, {@code .tar.gz}, {@code .tgz}: archives, whose members count like files;
 *   <li>{@code .parquet}, {@code .parq}: rows with images, in the column that is named or
 *       recognised by the schema: Spark's {@code binaryFile} and image sources, {@code
 *       struct<bytes, path>} as Hugging Face writes it, or the only column of bytes;
 *   <li>{@code .txt}, {@code .json}, {@code .cls} and the like, {@link FileKind#COMPANIONS}: other
 *       files, which are counted and not looked at, unless an input names them one by one;
 *   <li>every other file is an image, or is rejected by name.
 * </ul>
 *
 * <p>Hidden names are left out and counted: files and folders that begin with a dot or an
 * underscore, but not files such as {@code _DSC0001.JPG}. A file that two inputs lead to is counted
 * once, with the name that the first gives it. A name is the path below the input, below the folder
 * that a pattern matches, or the file's own; two files may have one name, which a digest over
 * sorted pairs of name and content does not mind.
 */
public final class ImageInputs {

  private final JavaSparkContext spark;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final Optional<String> column;
  private final List<PackedFiles> tasks;
  private final PassedOver passedOver;
  private final boolean counted;

  /**
   * How inputs are read.
   *
   * @param column of Parquet files, with dots between the names of nested ones; recognised if none
   */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType") // read once, where the command line ends
  public record Options(Optional<String> column) {
    /** Everything recognised. */
    public static Options defaults() {
      return new Options(Optional.empty());
    }
  }

  /** What a task does with its images. */
  @FunctionalInterface
  public interface PartitionFunction<T> extends Serializable {
    /**
     * Called once in each task, on its thread.
     *
     * @param images closed when the task ends
     */
    Iterator<T> call(ImageIterator images) throws Exception;
  }

  private ImageInputs(
      JavaSparkContext spark,
      Optional<String> column,
      List<PackedFiles> tasks,
      PassedOver passedOver) {
    this.spark = spark;
    this.hadoop = spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    this.column = column;
    this.tasks = tasks;
    this.passedOver = passedOver;
    this.counted = tasks.stream().allMatch(ImageInputs::onlyFiles);
  }

  /**
   * Lists inputs.
   *
   * @param inputs as Hadoop takes them: without a scheme they belong to {@code fs.defaultFS}
   * @throws DataException with a line for each input that can't be used, and each folder below one
   *     that can't be listed
   */
  public static ImageInputs list(SparkSession session, List<String> inputs, Options options)
      throws DataException {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    ListedInputs listed = InputLister.list(spark.hadoopConfiguration(), inputs);
    ParquetCheck.check(spark.hadoopConfiguration(), listed, options.column());
    return new ImageInputs(
        spark,
        options.column(),
        ReadPlan.of(listed, spark.defaultParallelism()),
        listed.passedOver());
  }

  private static boolean onlyFiles(PackedFiles files) {
    for (StoredImages file : files) {
      if (file.kind() != FileKind.IMAGE) {
        return false;
      }
    }
    return true;
  }

  /** The images, read when a task comes to them. */
  public JavaRDD<EncodedImage> images() {
    return mapPartitions(images -> images);
  }

  /** What a function makes of the images of each task. */
  public <T> JavaRDD<T> mapPartitions(PartitionFunction<T> function) {
    Broadcast<SerializableConfiguration> configuration = hadoop;
    String chosen = column.orElse(null); // an Optional can't be sent
    return spark
        .parallelize(tasks, tasks.size())
        .mapPartitions(
            part ->
                function.call(
                    new TaskImages(
                        part.next(),
                        configuration.value().value(),
                        Optional.ofNullable(chosen),
                        Utils.localHostName(),
                        TaskContext.get())));
  }

  /** The number of images; none if archives or Parquet files are among the inputs. */
  public OptionalLong knownImages() {
    return counted
        ? OptionalLong.of(tasks.stream().mapToLong(PackedFiles::count).sum())
        : OptionalLong.empty();
  }

  /** The bytes of all files as they are stored. */
  public long bytes() {
    return tasks.stream().mapToLong(PackedFiles::bytes).sum();
  }

  /** The bytes that each partition of {@link #images()} reads. */
  public long[] partitionBytes() {
    return tasks.stream().mapToLong(PackedFiles::bytes).toArray();
  }

  /** What the inputs hold that is not looked at, such as labels. */
  public PassedOver passedOver() {
    return passedOver;
  }

  /**
   * A line for each host that could read nothing of what the driver reads: the data set isn't
   * there, which is no fault of the images. Nothing where Spark runs in this process.
   */
  public List<String> blindHosts(Collection<HostReads> reads) {
    return spark.sc().isLocal() ? List.of() : blind(reads, this::driverReads);
  }

  static List<String> blind(Collection<HostReads> reads, Predicate<String> driver) {
    Map<String, HostReads> byHost = new TreeMap<>();
    reads.forEach(read -> byHost.merge(read.host(), read, HostReads::plus));
    List<String> problems = new ArrayList<>();
    for (HostReads host : byHost.values()) {
      if (host.images() > 0
          && host.unreadable() == host.images()
          && driver.test(host.first().path())) {
        problems.add(
            "%s is not visible to the executors on host %s, which could read none of its %d files (the first: %s), but the driver reads it; use a path that every host sees, such as a shared file system, hdfs:// or s3a://, or copy the data to that host"
                .formatted(
                    host.first().path(), host.host(), host.images(), host.first().message()));
      }
    }
    return problems;
  }

  private boolean driverReads(String path) {
    StoredImages file = new StoredImages(path, 0, 1, FileKind.IMAGE, 0, 1);
    try (var in = new ImageStore(new HadoopFiles(spark.hadoopConfiguration())).open(file)) {
      return in.read() >= 0;
    } catch (IOException e) {
      return false;
    }
  }
}
