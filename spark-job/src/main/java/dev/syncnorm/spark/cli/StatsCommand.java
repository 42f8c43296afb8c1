package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.data.DataException;
import dev.syncnorm.data.DecodeLimit;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.ImageInputs;
import dev.syncnorm.spark.dataset.PassedOver;
import dev.syncnorm.spark.statistics.Measuring;
import dev.syncnorm.spark.statistics.StatisticsJob;
import dev.syncnorm.spark.training.Platform;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.StatisticsFile;
import dev.syncnorm.statistics.StatisticsFileException;
import dev.syncnorm.statistics.StatisticsMerge;
import dev.syncnorm.statistics.StatisticsMergeException;
import dev.syncnorm.storage.StoredFile;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code syncnorm stats INPUT...}. */
@Command(
    name = "stats",
    description =
        "Measures a data set of images exactly: mean and standard deviation of each channel,"
            + " quantiles, histograms, covariance; and which images were left out, and why.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    defaultValueProvider = BadInputOptions.OnBadSkip.class,
    sortOptions = false)
final class StatsCommand implements Callable<Integer>, Main.Verbose {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "INPUT",
      arity = "0..*",
      description =
          "Folders (with all below them), files, patterns in quotes, .tar and .tar.gz archives,"
              + " Parquet files; paths or Hadoop URIs such as s3a://bucket/images.")
  private List<String> inputs = List.of();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "The stats.json to write. A file that is there already is only replaced if the same command"
              + " has written it: of the same inputs, by the same options.")
  private String output;

  @Option(
      names = "--merge",
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "Merges stats.json files instead of reading images, as exactly as if all were measured at"
              + " once.")
  private List<String> merged = List.of();

  @Option(
      names = "--group-by",
      paramLabel = "WHAT",
      description = "parent: also measures the images of each folder by itself, such as classes.")
  private Grouping groupBy;

  @Option(
      names = "--channels",
      paramLabel = "WHICH",
      defaultValue = "rgb",
      description =
          "rgb (default; grey is repeated, alpha dropped), gray, or native (as many as the images"
              + " have, if all have the same).")
  private Channels channels;

  @Option(
      names = "--resize",
      paramLabel = "HxW",
      description = "Measures images resized to this height and width, as training does.")
  private String resize;

  @Option(
      names = "--crop",
      paramLabel = "HxW",
      description = "Measures the middle of each image only, after --resize.")
  private String crop;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description =
          "The column of Parquet files that holds the images; recognised if it is not given.")
  private String column;

  @Option(names = "--no-histogram", description = "Leaves out histograms and quantiles; faster.")
  private boolean noHistogram;

  @Option(
      names = "--no-digest",
      description = "Leaves out the digest, by which two data sets are known to be the same.")
  private boolean noDigest;

  @Option(
      names = "--verify",
      paramLabel = "HOW",
      description =
          "structure (default), or strict: JPEG files are decoded a second time, by a decoder that"
              + " warns of damage inside their pixels; three to four times slower.")
  private Verification verify;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      defaultValue = "" + ImageDecoder.DEFAULT_MAXIMUM_PIXELS,
      description = "An image of more pixels is too-large. Default: ${DEFAULT-VALUE}.")
  private Long maximumPixels;

  @Option(
      names = "--decode-timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "An image that takes longer is timed-out. Default: ${DEFAULT-VALUE}.")
  private Double decodeTimeout;

  @Mixin private BadInputOptions badInput;

  @Mixin private SparkOptions options;

  /** How closely files are looked at. */
  enum Verification {
    /** Their structure, to the end. */
    STRUCTURE,
    /** The compressed pixels of JPEG files too. */
    STRICT
  }

  /** What groups can be. */
  enum Grouping {
    /** The folder that directly holds an image. */
    PARENT
  }

  @Override
  public boolean verbose() {
    return options.verbose();
  }

  @Override
  public Integer call() throws Exception {
    Optional<String> platform = Platform.mistake();
    if (platform.isPresent()) {
      throw new ConfigurationException(List.of(platform.get()));
    }
    CommandPaths paths = new CommandPaths();
    PrintWriter out = spec.commandLine().getOut();
    if (!merged.isEmpty()) {
      return merge(paths, out);
    }
    Checked checked = check(paths);
    PrintWriter err = spec.commandLine().getErr();
    TerminalBar bar = options.bar(err);
    String name = "syncnorm stats " + String.join(" ", inputs);
    CompletableFuture<StatisticsJob> begun = new CompletableFuture<>();
    // To the very end: when all is measured, a signal changes nothing any more.
    try (StopSignals signals = StopSignals.install(() -> begun.thenAccept(StatisticsJob::stop));
        SparkSessions.Session spark = SparkSessions.openPlain(name, options.master())) {
      SparkSession session =
          SparkSession.builder().sparkContext(spark.context().sc()).getOrCreate();
      StatisticsJob job = new StatisticsJob(session, checked.request(), new StatisticsBar(bar));
      begun.complete(job);
      Optional<StatisticsJob.Result> result = job.run();
      bar.clear();
      if (result.isEmpty()) {
        StopSignals.tellNothingWritten(err);
        return signals.exitCode();
      }
      finish(checked.output(), out, result.get().statistics(), result.get().passedOver());
      ClassDataArchive.writeAtExitIfAsked();
      return Main.DONE;
    } finally {
      bar.clear();
    }
  }

  /** A command line without mistakes. */
  private record Checked(StatisticsJob.Request request, Optional<StatisticsOutput> output) {}

  private void finish(
      Optional<StatisticsOutput> file,
      PrintWriter out,
      DataSetStatistics statistics,
      PassedOver passedOver)
      throws DataException {
    try {
      if (file.isPresent()) {
        file.get().write(statistics);
      }
    } finally { // what was measured is told even if it can't be kept
      if (!options.quiet() || file.isEmpty()) {
        new StatisticsTable(out, statistics, passedOver).print();
      }
    }
    file.ifPresent(written -> out.println(written.file().path()));
    out.flush();
  }

  private int merge(CommandPaths paths, PrintWriter out)
      throws ConfigurationException, DataException {
    UsageCheck usage = new UsageCheck(spec.commandLine());
    usage.require(
        inputs.isEmpty(),
        "--merge reads no images, but there is also %s; measure it by itself first"
            .formatted(String.join(", ", inputs)));
    usage.require(output != null, "--merge needs -o, the file to write");
    for (String option : readingOptions()) {
      usage.require(false, option + " is of no use with --merge, which reads no images");
    }
    List<StoredFile> files = new ArrayList<>();
    for (String file : merged) {
      usage.collect(() -> paths.file("--merge", file)).ifPresent(files::add);
    }
    Optional<StatisticsOutput> file = usage.collect(() -> output(paths)).flatMap(o -> o);
    usage.throwIfAny();
    StatisticsMerge all;
    try {
      all = StatisticsMerge.of(merged, read(files));
    } catch (StatisticsMergeException e) {
      throw new DataException(List.of(e.getMessage()), e);
    }
    file.orElseThrow().check(StatisticsOutput.Content.of(all.statistics()));
    PrintWriter err = spec.commandLine().getErr();
    all.notes().forEach(note -> err.println("syncnorm: " + note));
    err.flush();
    finish(file, out, all.statistics(), PassedOver.NONE);
    return Main.DONE;
  }

  private Optional<StatisticsOutput> output(CommandPaths paths) throws ConfigurationException {
    return output == null
        ? Optional.empty()
        : Optional.of(new StatisticsOutput(output, paths.newFile("-o", output)));
  }

  /** The options on the command line that say how images are read. */
  private List<String> readingOptions() {
    return spec.commandLine().getParseResult().matchedOptions().stream()
        .map(option -> option.longestName())
        .filter(
            name ->
                !List.of("--merge", "--output", "--quiet", "--verbose", "--master").contains(name))
        .toList();
  }

  private static List<DataSetStatistics> read(List<StoredFile> files) throws DataException {
    List<DataSetStatistics> all = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (StoredFile file : files) {
      try {
        all.add(StatisticsFile.read(file));
      } catch (StatisticsFileException e) {
        problems.add(e.getMessage());
      }
    }
    if (!problems.isEmpty()) {
      throw new DataException(problems);
    }
    return all;
  }

  /** Everything that can be known to be wrong before any work starts, all at once. */
  private Checked check(CommandPaths paths) throws ConfigurationException {
    UsageCheck usage = new UsageCheck(spec.commandLine());
    usage.require(
        !inputs.isEmpty(),
        "there is no INPUT; give folders, files, globs, archives or Parquet files, or --merge FILE...");
    usage.note(SparkSessions.masterMistake(options.master()));
    Optional<Extent> resized =
        usage.collect(() -> extent("--resize", resize)).orElse(Optional.empty());
    Optional<Extent> cropped = usage.collect(() -> extent("--crop", crop)).orElse(Optional.empty());
    if (resized.isPresent() && cropped.isPresent()) {
      usage.require(
          cropped.get().height() <= resized.get().height()
              && cropped.get().width() <= resized.get().width(),
          "--crop is %s, more than the --resize of %s; it is cut out of the resized image"
              .formatted(cropped.get(), resized.get()));
    }
    // Without values where another option has none that can be read.
    usage.require(
        decodeTimeout == null || decodeTimeout > 0 && decodeTimeout <= 86_400,
        "--decode-timeout is %s, expected seconds above 0 and up to 86400"
            .formatted(decodeTimeout == null ? "" : DecodeLimit.text(decodeTimeout)));
    usage.check(this::checkMaximumPixels);
    Optional<BadInput> bad = usage.collect(() -> badInput.checked(paths));
    PixelSettings pixels =
        new PixelSettings(channels == null ? Channels.RGB : channels, resized, cropped);
    Measuring measuring =
        new Measuring(
            pixels,
            !noHistogram,
            verify == Verification.STRICT,
            maximumPixels == null ? ImageDecoder.DEFAULT_MAXIMUM_PIXELS : maximumPixels,
            decodeTimeout == null ? Measuring.DEFAULT.decodeTimeoutSeconds() : decodeTimeout);
    ImageInputs.Options reading = new ImageInputs.Options(Optional.ofNullable(column));
    StatisticsOutput.Content content =
        new StatisticsOutput.Content(
            inputs,
            pixels,
            groupBy == Grouping.PARENT,
            !noHistogram,
            !noDigest,
            StatisticsJob.settings(measuring, reading));
    Optional<StatisticsOutput> file = usage.collect(() -> output(paths)).flatMap(o -> o);
    file.ifPresent(f -> usage.check(() -> f.check(content)));
    List<String> located = new ArrayList<>();
    for (String input : inputs) {
      usage.collect(() -> paths.input("INPUT", input)).ifPresent(located::add);
    }
    usage.throwIfAny();
    return new Checked(
        new StatisticsJob.Request(
            inputs,
            located,
            measuring,
            !noDigest,
            groupBy == Grouping.PARENT,
            reading,
            bad.orElseThrow()),
        file);
  }

  private void checkMaximumPixels() throws ConfigurationException {
    if (maximumPixels == null || maximumPixels == ImageDecoder.DEFAULT_MAXIMUM_PIXELS) {
      return; // without loading the decoder
    }
    if (maximumPixels < 1 || maximumPixels > ImageDecoder.LARGEST_MAXIMUM_PIXELS) {
      throw new ConfigurationException(
          List.of(
              "--max-pixels is %d, expected 1 to %d"
                  .formatted(maximumPixels, ImageDecoder.LARGEST_MAXIMUM_PIXELS)));
    }
    try {
      new ImageDecoder(maximumPixels);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          List.of("--max-pixels is %d: %s".formatted(maximumPixels, e.getMessage())));
    }
  }

  private static Optional<Extent> extent(String option, String written)
      throws ConfigurationException {
    if (written == null) {
      return Optional.empty();
    }
    Optional<Extent> extent = Extent.parse(written);
    if (extent.isEmpty()) {
      throw new ConfigurationException(
          List.of("%s is %s, expected %s".formatted(option, written, Extent.EXPECTED)));
    }
    return extent;
  }
}
