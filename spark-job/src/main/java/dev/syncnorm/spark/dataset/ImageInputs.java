package dev.syncnorm.spark.dataset;

import dev.syncnorm.data.DataException;
import dev.syncnorm.image.BadImageCause;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.Utils;

/** The images of a data set wherever they are stored. */
public final class ImageInputs {

  private final JavaSparkContext spark;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final List<String[]> files;

  /**
   * How inputs are read.
   *
   * @param column of Parquet files, with dots between the names of nested ones; recognised if none
   */
  public record Options(Optional<String> column) {
    /** Everything recognised. */
    public static Options defaults() {
      return new Options(Optional.empty());
    }
  }

  /** What a task does with its images. */
  @FunctionalInterface
  public interface PartitionFunction<T> extends Serializable {
    /** Called once in each task, on its thread. */
    Iterator<T> call(ImageIterator images) throws Exception;
  }

  private ImageInputs(
      JavaSparkContext spark, Broadcast<SerializableConfiguration> hadoop, List<String[]> files) {
    this.spark = spark;
    this.hadoop = hadoop;
    this.files = files;
  }

  /**
   * Lists inputs.
   *
   * @throws DataException with a line for each input that can't be used
   */
  public static ImageInputs list(SparkSession session, List<String> inputs, Options options)
      throws DataException {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    HadoopFiles hadoopFiles = new HadoopFiles(spark.hadoopConfiguration());
    List<String[]> files = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String input : inputs) {
      try {
        String root = hadoopFiles.qualified(input);
        for (String file : hadoopFiles.list(input)) {
          files.add(new String[] {file, file.substring(root.length()).replaceFirst("^/+", "")});
        }
      } catch (IOException e) {
        problems.add("%s can't be listed: %s".formatted(input, e.getMessage()));
      }
    }
    if (!problems.isEmpty()) {
      throw new DataException(problems);
    }
    return new ImageInputs(
        spark, spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration())), files);
  }

  /** The images, read when a task comes to them. */
  public JavaRDD<EncodedImage> images() {
    return mapPartitions(images -> images);
  }

  /** What a function makes of the images of each task. */
  public <T> JavaRDD<T> mapPartitions(PartitionFunction<T> function) {
    Broadcast<SerializableConfiguration> conf = hadoop;
    return spark
        .parallelize(files, Math.max(1, files.size() / 100))
        .mapPartitions(
            part -> function.call(new Simple(part, new HadoopFiles(conf.value().value()))));
  }

  private record Simple(Iterator<String[]> part, HadoopFiles files) implements ImageIterator {
    @Override
    public boolean hasNext() {
      return part.hasNext();
    }

    @Override
    public EncodedImage next() {
      String[] file = part.next();
      String parent = EncodedImage.folderOf(file[0]);
      try {
        return EncodedImage.of(file[0], file[1], parent, files.read(file[0]));
      } catch (IOException e) {
        return EncodedImage.rejected(
            file[0],
            file[1],
            parent,
            BadImageCause.UNREADABLE.label(),
            "%s (on %s)".formatted(e.getMessage(), host()));
      }
    }

    @Override
    public String host() {
      return Utils.localHostName();
    }

    @Override
    public long otherMembers() {
      return 0;
    }
  }

  /** The number of images; none if archives or Parquet files are among the inputs. */
  public OptionalLong knownImages() {
    return OptionalLong.of(files.size());
  }

  /** The bytes of all files as they are stored. */
  public long bytes() {
    return files.size();
  }

  /** The bytes that each partition of {@link #images()} reads. */
  public long[] partitionBytes() {
    return new long[Math.max(1, files.size() / 100)];
  }

  /** Files of the inputs that are known to be no images, such as labels. */
  public long otherFiles() {
    return 0;
  }

  /**
   * A line for each host that could read nothing of what the driver reads: the data set isn't
   * there, which is no fault of the images. Nothing where Spark runs in this process.
   */
  public List<String> blindHosts(Collection<HostReads> hosts) {
    return List.of();
  }
}
