package dev.syncnorm.spark.training;

import dev.syncnorm.data.DataException;
import dev.syncnorm.data.DataIndex;
import dev.syncnorm.data.DecodeLimit;
import dev.syncnorm.data.Decoder;
import dev.syncnorm.data.ImageScan;
import dev.syncnorm.data.LimitedDecoder;
import dev.syncnorm.data.PairPaths;
import dev.syncnorm.data.PairSelection;
import dev.syncnorm.data.Scanned;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.dataset.HadoopFiles;
import dev.syncnorm.spark.dataset.Quarantine;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.Utils;

/** Lists, pairs and checks the images of a training, and fixes its index. */
final class DataScan {

  private static final long LOOK_EVERY_MILLIS = 50;

  private final JavaSparkContext spark;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final DecodeLimit limit;
  private final MakesDecoder decoder;
  private final HadoopFiles files;

  /** Makes the decoder of a task, on its executor. */
  interface MakesDecoder extends Serializable {
    Decoder make();
  }

  /**
   * A scan.
   *
   * @param decodeTimeoutSeconds after which an image is given up as timed-out
   */
  DataScan(
      JavaSparkContext spark,
      Broadcast<SerializableConfiguration> hadoop,
      double decodeTimeoutSeconds) {
    this(spark, hadoop, decodeTimeoutSeconds, () -> new ImageDecoder()::decode);
  }

  DataScan(
      JavaSparkContext spark,
      Broadcast<SerializableConfiguration> hadoop,
      double decodeTimeoutSeconds,
      MakesDecoder decoder) {
    this.spark = spark;
    this.hadoop = hadoop;
    this.limit = new DecodeLimit("data.decode-timeout", decodeTimeoutSeconds);
    this.decoder = decoder;
    this.files = new HadoopFiles(hadoop.value().value());
  }

  /** The folders by their whole paths. */
  private record Folders(String input, String target) {

    /**
     * Where a file belongs in a quarantine: below "input" or "target", as it lies in its folder.
     */
    String relative(String path) {
      String folder = path.startsWith(input + "/") ? input : target;
      return (folder.equals(input) ? "input" : "target") + path.substring(folder.length());
    }
  }

  /**
   * Makes the index.
   *
   * @param stopAsked whether nobody wants it any more
   * @return empty if a stop was asked for; nothing is written then
   * @throws DataException if nothing can be trained on; without its partner no file can; if bad
   *     input is to fail, naming every image that can't be trained on
   */
  Optional<DataIndex> index(
      String inputFolder, String targetFolder, BadInput badInput, BooleanSupplier stopAsked)
      throws DataException, InterruptedException {
    List<PairPaths> pairs = pairs(inputFolder, targetFolder);
    Optional<List<ScanPart>> parts = scan(pairs, stopAsked);
    if (parts.isEmpty()) {
      return Optional.empty();
    }
    DataIndex index = PairSelection.of(pairs, byPath(parts.get()));
    if (badInput.policy() == Policy.FAIL && !index.rejected().isEmpty()) {
      throw new DataException(problems(index.rejected()));
    }
    if (badInput.quarantine().isPresent()) {
      quarantine(index, folders(inputFolder, targetFolder), badInput.quarantine().get());
    }
    if (index.size() == 0) {
      throw new DataException(List.of(nothingLeft(index, inputFolder)));
    }
    return Optional.of(index);
  }

  private static List<String> problems(List<Rejection> rejected) {
    List<String> problems = new ArrayList<>();
    for (Rejection rejection : rejected) {
      if (rejection.cause().equals(PairSelection.TWO_SIZES)) {
        // Both images of the pair say the same; the target's line is enough.
        if (rejection.message().contains(" but its input ")) {
          problems.add("%s is %s".formatted(rejection.path(), rejection.message()));
        }
      } else if (!rejection.cause().equals(PairSelection.BAD_PARTNER)) {
        problems.add(
            "%s is %s: %s; replace or remove it, or leave its pair out with --on-bad skip"
                .formatted(rejection.path(), rejection.cause(), rejection.message()));
      }
    }
    return problems;
  }

  private static String nothingLeft(DataIndex index, String inputFolder) {
    String causes =
        index.rejectedByCause().entrySet().stream()
            .map(e -> e.getValue() + " " + e.getKey())
            .collect(Collectors.joining(", "));
    Rejection first = index.rejected().get(0);
    return "no pair of data.input %s is left to train on: all images were rejected (%s); the first is %s: %s"
        .formatted(inputFolder, causes, first.path(), first.message());
  }

  private void quarantine(DataIndex index, Folders folders, String folder) throws DataException {
    try {
      String whole = files.qualified(folder);
      for (String data : List.of(folders.input(), folders.target())) {
        if ((whole + "/").startsWith(data + "/")) {
          throw new DataException(
              List.of(
                  "--quarantine %s lies in %s, where the next run would train on it; choose a folder outside"
                      .formatted(folder, data)));
        }
      }
      try (Quarantine quarantine = new Quarantine(hadoop.value().value(), folder)) {
        for (Rejection rejection : index.rejected()) {
          if (!rejection.cause().equals(PairSelection.BAD_PARTNER)) {
            quarantine.add(rejection, folders.relative(rejection.path()));
          }
        }
        quarantine.writeList();
      }
    } catch (IOException e) {
      throw new DataException(
          List.of(
              "--quarantine %s can't be written: %s; choose another folder"
                  .formatted(folder, e.getMessage())));
    }
  }

  private Folders folders(String inputFolder, String targetFolder) throws DataException {
    try {
      return new Folders(files.qualified(inputFolder), files.qualified(targetFolder));
    } catch (IOException e) {
      throw new DataException(List.of(String.valueOf(e.getMessage())));
    }
  }

  private List<PairPaths> pairs(String inputFolder, String targetFolder) throws DataException {
    List<String> problems = new ArrayList<>();
    List<String> inputs = list("data.input", inputFolder, problems);
    List<String> targets = list("data.target", targetFolder, problems);
    if (!problems.isEmpty()) {
      throw new DataException(problems);
    }
    Folders folders = folders(inputFolder, targetFolder);
    return PairPaths.match(folders.input(), inputs, folders.target(), targets);
  }

  private List<String> list(String key, String folder, List<String> problems) {
    try {
      return files.list(folder);
    } catch (FileNotFoundException e) {
      problems.add(
          "%s is %s, which does not exist; expected a folder of images".formatted(key, folder));
    } catch (IOException | IllegalArgumentException e) {
      problems.add(
          "%s is %s, which can't be listed: %s; expected a folder of images"
              .formatted(key, folder, e.getMessage()));
    }
    return List.of();
  }

  private Optional<List<ScanPart>> scan(List<PairPaths> pairs, BooleanSupplier stopAsked)
      throws DataException, InterruptedException {
    List<String> paths =
        pairs.stream().flatMap(p -> Stream.of(p.input(), p.target())).distinct().toList();
    int tasks = Math.min(paths.size(), 4 * spark.defaultParallelism());
    ScanTask task = new ScanTask(hadoop, spark.broadcast(limit), decoder);
    spark.sc().setJobDescription("syncnorm: checks the data set");
    JavaFutureAction<List<ScanPart>> job =
        spark.parallelize(paths, tasks).mapPartitions(task).collectAsync();
    while (!stopAsked.getAsBoolean()) {
      try {
        return Optional.of(job.get(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS));
      } catch (TimeoutException e) {
        // Tasks still run, or wait for executors.
      } catch (ExecutionException e) {
        throw new DataException(
            List.of("the data set could not be checked: " + SparkReasons.line(e.getCause())), e);
      }
    }
    job.cancel(true);
    return Optional.empty();
  }

  private Map<String, Scanned> byPath(List<ScanPart> parts) throws DataException {
    if (!spark.sc().isLocal()) {
      List<String> blind = ScanPart.blindHosts(parts, this::readable);
      if (!blind.isEmpty()) {
        throw new DataException(blind);
      }
    }
    Map<String, Scanned> byPath = new HashMap<>();
    parts.forEach(part -> part.scanned().forEach(s -> byPath.put(s.path(), s)));
    List<String> failures =
        parts.stream().map(ScanPart::failure).filter(f -> !f.isEmpty()).distinct().toList();
    if (!failures.isEmpty()) {
      List<String> problems = new ArrayList<>(problems(rejections(byPath)));
      problems.addAll(failures);
      throw new DataException(problems);
    }
    return byPath;
  }

  private static List<Rejection> rejections(Map<String, Scanned> scanned) {
    return scanned.values().stream()
        .filter(Scanned.Bad.class::isInstance)
        .map(bad -> ((Scanned.Bad) bad).rejection())
        .sorted(Comparator.comparing(Rejection::path, PairPaths.BY_UTF8))
        .toList();
  }

  private boolean readable(String path) {
    try {
      files.read(path);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Looks at a part of the images on an executor. */
  private record ScanTask(
      Broadcast<SerializableConfiguration> hadoop,
      Broadcast<DecodeLimit> limit,
      MakesDecoder decoder)
      implements FlatMapFunction<Iterator<String>, ScanPart> {

    /** Which host could not read a file is part of the reason. */
    private static Scanned seenOn(String host, Scanned scanned) {
      if (!ScanPart.unreadable(scanned)) {
        return scanned;
      }
      Rejection reason = ((Scanned.Bad) scanned).rejection();
      return new Scanned.Bad(
          new Rejection(reason.path(), reason.cause(), reason.message() + " (on " + host + ")"));
    }

    @Override
    public Iterator<ScanPart> call(Iterator<String> paths) {
      List<Scanned> scanned = new ArrayList<>();
      String host = Utils.localHostName();
      try (LimitedDecoder limited = new LimitedDecoder(decoder.make(), limit.value())) {
        ImageScan scan = new ImageScan(new HadoopFiles(hadoop.value().value()), limited);
        paths.forEachRemaining(path -> scanned.add(seenOn(host, scan.scan(path))));
        return List.of(new ScanPart(host, scanned, "")).iterator();
      } catch (DecodeLimit.ExceededException e) {
        // Told by the result: Spark would repeat a task that fails, and wait as long again.
        return List.of(new ScanPart(host, scanned, host + ": " + e.getMessage())).iterator();
      }
    }
  }
}
