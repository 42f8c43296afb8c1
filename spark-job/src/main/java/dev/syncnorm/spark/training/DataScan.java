package dev.syncnorm.spark.training;

import dev.syncnorm.data.DataException;
import dev.syncnorm.data.DataIndex;
import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.data.ImageScan;
import dev.syncnorm.data.PairPaths;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.spark.dataset.HadoopFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.Utils;

/** Lists, pairs and checks the images of a training, and fixes its index. */
final class DataScan {

  private final JavaSparkContext spark;
  private final Broadcast<SerializableConfiguration> hadoop;

  DataScan(JavaSparkContext spark, Broadcast<SerializableConfiguration> hadoop) {
    this.spark = spark;
    this.hadoop = hadoop;
  }

  /**
   * An image that was looked at.
   *
   * @param images the image, or none if it is bad
   * @param problem why it is bad, or empty
   */
  private record Scanned(String path, List<Image> images, String problem) implements Serializable {}

  /**
   * Makes the index.
   *
   * @throws DataException naming every image that can't be trained on
   */
  DataIndex index(String inputFolder, String targetFolder) throws DataException {
    List<PairPaths> pairs = pairs(inputFolder, targetFolder);
    Map<String, Scanned> scanned = scan(pairs);
    List<String> problems = new ArrayList<>();
    List<DataIndex.Pair> accepted = new ArrayList<>();
    for (PairPaths pair : pairs) {
      Scanned input = scanned.get(pair.input());
      Scanned target = scanned.get(pair.target());
      Stream.of(input, target)
          .map(Scanned::problem)
          .filter(p -> !p.isEmpty())
          .forEach(problems::add);
      if (input.problem().isEmpty() && target.problem().isEmpty()) {
        Image a = input.images().get(0);
        Image b = target.images().get(0);
        if (a.width() != b.width() || a.height() != b.height()) {
          problems.add(
              "%s is %dx%d but its input %s is %dx%d; a pair must have one size"
                  .formatted(b.path(), b.width(), b.height(), a.path(), a.width(), a.height()));
        }
        accepted.add(new DataIndex.Pair(a, b));
      }
    }
    if (!problems.isEmpty()) {
      throw new DataException(problems);
    }
    return new DataIndex(accepted);
  }

  private List<PairPaths> pairs(String inputFolder, String targetFolder) throws DataException {
    HadoopFiles files = new HadoopFiles(hadoop.value().value());
    List<String> problems = new ArrayList<>();
    List<String> inputs = list(files, "data.input", inputFolder, problems);
    List<String> targets = list(files, "data.target", targetFolder, problems);
    if (!problems.isEmpty()) {
      throw new DataException(problems);
    }
    try {
      return PairPaths.match(
          files.qualified(inputFolder), inputs, files.qualified(targetFolder), targets);
    } catch (IOException e) {
      throw new DataException(List.of(String.valueOf(e.getMessage())));
    }
  }

  private static List<String> list(
      HadoopFiles files, String key, String folder, List<String> problems) {
    try {
      return files.list(folder);
    } catch (FileNotFoundException e) {
      problems.add(
          "%s is %s, which does not exist; expected a folder of images".formatted(key, folder));
    } catch (IOException | IllegalArgumentException e) {
      problems.add("%s is %s, which can't be listed: %s".formatted(key, folder, e.getMessage()));
    }
    return List.of();
  }

  private Map<String, Scanned> scan(List<PairPaths> pairs) {
    List<String> paths = pairs.stream().flatMap(p -> Stream.of(p.input(), p.target())).toList();
    int tasks = Math.min(paths.size(), 4 * spark.defaultParallelism());
    Broadcast<SerializableConfiguration> configuration = hadoop;
    spark.sc().setJobDescription("syncnorm: checks the data set");
    List<Scanned> scanned =
        spark
            .parallelize(paths, tasks)
            .mapPartitions(
                part -> {
                  ImageScan scan = new ImageScan(new HadoopFiles(configuration.value().value()));
                  List<Scanned> found = new ArrayList<>();
                  part.forEachRemaining(path -> found.add(scan(scan, path)));
                  return found.iterator();
                })
            .collect();
    Map<String, Scanned> byPath = new HashMap<>();
    scanned.forEach(s -> byPath.put(s.path(), s));
    return byPath;
  }

  private static Scanned scan(ImageScan scan, String path) {
    try {
      return new Scanned(path, List.of(scan.scan(path)), "");
    } catch (BadImageException e) {
      return new Scanned(
          path,
          List.of(),
          "%s is %s: %s (seen on %s); replace or remove it"
              .formatted(path, e.kind().label(), e.getMessage(), Utils.localHostName()));
    }
  }
}
