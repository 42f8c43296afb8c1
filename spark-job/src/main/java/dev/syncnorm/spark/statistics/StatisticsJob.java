package dev.syncnorm.spark.statistics;

import dev.syncnorm.data.DataException;
import dev.syncnorm.data.PairPaths;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.dataset.HostReads;
import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.dataset.PassedOver;
import dev.syncnorm.spark.statistics.MeasuredPart.StagedCopy;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.PixelSums;
import dev.syncnorm.statistics.StatisticsAccumulator;
import dev.syncnorm.statistics.StatisticsPart;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;

/**
 * The statistics of a data set from its inputs' names to the sums. The driver holds the sums of all
 * images and, for the digest, their names; tasks hold the sums of theirs.
 */
public final class StatisticsJob {

  private static final long PATIENCE_MILLIS = 50;

  /**
   * What to compute.
   *
   * @param inputs as the user wrote them
   * @param located the same as Hadoop opens them
   * @param measuring which pixels of an image are looked at, and how
   * @param digest whether images are hashed
   * @param groupByParent whether each folder has sums of its own
   * @param reading how inputs are read
   * @param badInput what happens to images that can't be measured
   */
  public record Request(
      List<String> inputs,
      List<String> located,
      Measuring measuring,
      boolean digest,
      boolean groupByParent,
      ImageInputs.Options reading,
      BadInput badInput) {}

  /** The settings that statistics tell; see {@link DataSetStatistics}. */
  public static SortedMap<String, String> settings(
      Measuring measuring, ImageInputs.Options reading) {
    SortedMap<String, String> settings = measuring.settings();
    reading.column().ifPresent(column -> settings.put("column", column));
    return settings;
  }

  /**
   * What was found.
   *
   * @param passedOver what the inputs hold that was not looked at, such as labels
   */
  public record Result(DataSetStatistics statistics, PassedOver passedOver) {}

  /**
   * How far a job is.
   *
   * @param bytes of the files whose images are done
   * @param pixels that were measured
   * @param seconds since the first image was read
   */
  public record Status(long accepted, long rejected, long bytes, double pixels, double seconds) {}

  /** Is told on the driver's thread how the job goes. */
  public interface Progress {
    /** The inputs are listed. */
    void listed(ImageInputs inputs);

    /** Called several times a second. */
    void advanced(Status status);
  }

  private final SparkSession session;
  private final Request request;
  private final Progress progress;
  private final MeasureTask.MakesMeter meters;
  private volatile boolean stopAsked;

  /** A job that has not begun. */
  public StatisticsJob(SparkSession session, Request request, Progress progress) {
    this(session, request, progress, request.measuring());
  }

  StatisticsJob(
      SparkSession session, Request request, Progress progress, MeasureTask.MakesMeter meters) {
    this.session = session;
    this.request = request;
    this.progress = progress;
    this.meters = meters;
  }

  /** Ends the job, which then has no result; called from any thread. */
  public void stop() {
    stopAsked = true;
  }

  /**
   * Computes.
   *
   * @return empty if a stop was asked for
   * @throws DataException if an input can't be listed or read, no image can be measured, or bad
   *     input is to fail; each problem is a line
   */
  public Optional<Result> run() throws DataException, InterruptedException {
    if (stopAsked) {
      return Optional.empty();
    }
    QuarantineFolder quarantine = new QuarantineFolder(session, request);
    ImageInputs inputs = ImageInputs.list(session, request.located(), request.reading());
    progress.listed(inputs);
    try (quarantine) {
      Sums sums = new Sums(inputs);
      MeasureTask task = MeasureTask.of(session, request, quarantine.uri(), meters);
      try (PartResults results = new PartResults(session, inputs.mapPartitions(task))) {
        collect(results, sums);
        if (stopAsked) {
          return Optional.empty();
        }
      } catch (SparkException e) {
        throw new DataException(List.of(PartResults.reason(e)), e);
      }
      sums.checkHosts();
      quarantine.write(sums.staged, sums.rejections());
      return Optional.of(result(inputs, sums));
    }
  }

  private void collect(PartResults results, Sums sums)
      throws DataException, SparkException, InterruptedException {
    while (!stopAsked) {
      Optional<PartResults.Numbered> next = results.next(PATIENCE_MILLIS);
      if (next.isPresent()) {
        sums.add(next.get().partition(), next.get().part());
        sums.checkFailures();
      } else if (results.done()) {
        return;
      }
      progress.advanced(sums.status());
    }
  }

  private Result result(ImageInputs inputs, Sums sums) throws DataException {
    StatisticsPart all = sums.accumulator.part();
    if (all.accepted() == 0) {
      throw new DataException(List.of(nothingAccepted(sums.rejections())));
    }
    checkChannels(all);
    DataSetStatistics statistics =
        new DataSetStatistics(
                request.inputs(),
                request.measuring().pixels(),
                all.accepted(),
                all.bytes(),
                request.digest() ? Optional.of(all.contents().digest()) : Optional.empty(),
                all.sums(),
                all.groups(),
                sums.rejections(),
                sums.seconds())
            .withSettings(settings(request.measuring(), request.reading()));
    return new Result(statistics, inputs.passedOver().plus(sums.passedOver));
  }

  private String nothingAccepted(List<Rejection> rejections) {
    String inputs = String.join(", ", request.inputs());
    if (rejections.isEmpty()) {
      return "%s has no images; expected JPEG, PNG, WebP, BMP or TIFF files".formatted(inputs);
    }
    Rejection first = rejections.get(0);
    return "no image of %s could be measured: all %d were rejected (%s); the first is %s: %s"
        .formatted(inputs, rejections.size(), byCause(rejections), first.path(), first.message());
  }

  /** Such as {@code 2 empty, 1 truncated}, by cause. */
  public static String byCause(List<Rejection> rejections) {
    Map<String, Long> counts =
        rejections.stream()
            .collect(Collectors.groupingBy(Rejection::cause, TreeMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .map(e -> "%,d %s".formatted(e.getValue(), e.getKey()))
        .collect(Collectors.joining(", "));
  }

  /** Sums over images with different channels mean nothing. */
  private static void checkChannels(StatisticsPart all) throws DataException {
    Map<Integer, Long> images = new TreeMap<>();
    all.sums().forEach((kind, sums) -> images.merge(kind.channels(), sums.images(), Long::sum));
    if (images.size() > 1) {
      throw new DataException(
          List.of(
              "the images have different channels, %s; measure all in the same with --channels rgb or gray"
                  .formatted(
                      images.entrySet().stream()
                          .map(
                              e ->
                                  "%,d have %s"
                                      .formatted(
                                          e.getValue(),
                                          String.join(
                                              " ", new PixelKind(e.getKey(), 8).channelNames())))
                          .collect(Collectors.joining(", ")))));
    }
  }

  /** What has come so far. */
  private final class Sums {
    private final ImageInputs inputs;
    private final long[] partitionBytes;
    private final long began = System.nanoTime();
    private final StatisticsAccumulator accumulator = new StatisticsAccumulator();
    private final Map<String, HostReads> hosts = new TreeMap<>();
    private final List<StagedCopy> staged = new ArrayList<>();
    private final List<Rejection> rejections = new ArrayList<>();
    private final Map<String, String> failures = new LinkedHashMap<>();
    private long ended = began;
    private PassedOver passedOver = PassedOver.NONE;
    private long accepted;
    private long bytes;
    private double pixels;

    Sums(ImageInputs inputs) {
      this.inputs = inputs;
      this.partitionBytes = inputs.partitionBytes();
    }

    void add(int partition, MeasuredPart found) {
      ended = System.nanoTime();
      accumulator.add(found.part());
      hosts.merge(found.reads().host(), found.reads(), HostReads::plus);
      staged.addAll(found.staged());
      rejections.addAll(found.part().rejections());
      passedOver = passedOver.plus(found.passedOver());
      accepted += found.part().accepted();
      bytes += partitionBytes[partition];
      for (PixelSums one : found.part().sums().values()) {
        pixels += one.pixels().doubleValue();
      }
      if (!found.failure().isEmpty()) {
        failures.put(found.reads().host(), found.failure());
      }
    }

    /** Whether there is need to go on. */
    void checkFailures() throws DataException {
      List<String> problems = new ArrayList<>();
      if (request.badInput().policy() == Policy.FAIL && !rejections.isEmpty()) {
        checkHosts();
        for (Rejection bad : rejections) {
          problems.add(
              "%s is %s: %s; replace or remove it, or leave it out with --on-bad skip"
                  .formatted(bad.path(), bad.cause(), bad.message()));
        }
      }
      failures.forEach((host, failure) -> problems.add(host + ": " + failure));
      if (!problems.isEmpty()) {
        throw new DataException(problems);
      }
    }

    void checkHosts() throws DataException {
      List<String> blind = inputs.blindHosts(hosts.values());
      if (!blind.isEmpty()) {
        throw new DataException(blind);
      }
    }

    List<Rejection> rejections() {
      return rejections.stream()
          .sorted(
              Comparator.comparing(Rejection::path, PairPaths.BY_UTF8)
                  .thenComparing(Rejection::cause)
                  .thenComparing(Rejection::message))
          .toList();
    }

    double seconds() {
      return (ended - began) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    Status status() {
      double now = (System.nanoTime() - began) / (double) TimeUnit.SECONDS.toNanos(1);
      return new Status(accepted, rejections.size(), bytes, pixels, now);
    }
  }
}
