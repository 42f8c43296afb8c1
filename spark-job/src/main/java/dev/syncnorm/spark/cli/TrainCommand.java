package dev.syncnorm.spark.cli;

import com.typesafe.config.Config;
import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.spark.training.Platform;
import dev.syncnorm.spark.training.TrainJob;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.training.MemoryPlan;
import dev.syncnorm.training.Renames;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.TrainingException;
import dev.syncnorm.training.TrainingState;
import dev.syncnorm.training.WeightImport;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code syncnorm train CONF}. */
@Command(
    name = "train",
    description = "Trains a network; the run folder holds all that comes of it.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    defaultValueProvider = BadInputOptions.OnBadFail.class,
    sortOptions = false)
final class TrainCommand implements Callable<Integer>, Main.Verbose {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CONF", description = "The training configuration, a HOCON file.")
  private String configuration;

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description =
          "The run folder; must not exist or be empty. Default: runs/<conf name>-<date>-<time>.")
  private String run;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Overrides a configuration value; a layer is addressed by its name:"
              + " model.layers.conv1.filters=32. May be repeated.")
  private List<String> overrides = List.of();

  @Option(
      names = "--resume",
      description =
          "Goes on with the run in --run after its latest checkpoint; to be given what the run was"
              + " begun with.")
  private boolean resume;

  @Option(
      names = "--init",
      paramLabel = "FILE",
      description = "Starts from the weights in a safetensors file.")
  private String initialWeights;

  @Option(
      names = "--rename",
      paramLabel = "FROM=TO",
      description =
          "A tensor of the --init file and its name in the network:"
              + " stem.weight=conv1.weight. May be repeated.")
  private List<String> renames = List.of();

  @Option(
      names = "--rename-file",
      paramLabel = "FILE",
      description = "A text file with one FROM=TO a line; # begins a comment.")
  private String renameFile;

  @Option(
      names = "--partial",
      description =
          "Takes from the --init file what the network has too: other tensors keep their initial"
              + " values, or are left out.")
  private boolean partial;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "How many workers take part. Default: one on each executor. The result does not depend"
              + " on it.")
  private Integer workers;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "vector",
      description = "The arithmetic: vector (default), nd4j or reference.")
  private Backend backend;

  @Mixin private BadInputOptions badInput;

  @Option(
      names = "--dry-run",
      description =
          "Checks everything, prints the layers, the sums of a step and the memory that is needed,"
              + " and trains nothing.")
  private boolean dryRun;

  @Mixin private SparkOptions options;

  @Override
  public boolean verbose() {
    return options.verbose();
  }

  @Override
  public Integer call() throws Exception {
    Optional<String> platform = Platform.mistake();
    if (platform.isPresent()) {
      // What else would be checked is not to be trusted there.
      throw new ConfigurationException(List.of(platform.get()));
    }
    CommandPaths paths = new CommandPaths();
    TrainConfiguration checked = check(paths);
    OptionalInt asked = workers == null ? OptionalInt.empty() : OptionalInt.of(workers);
    Optional<WeightImport> weights = initialWeights(checked, paths);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    checked.warnings().forEach(warning -> err.println("syncnorm: " + warning));
    TrainingMemory memory = new TrainingMemory(checked, backend, options.master(), asked);
    if (dryRun) {
      MemoryPlan plan = memory.ofDataSet();
      new DryRun(out, checked, plan).print();
      if (!plan.fits()) {
        throw new TrainingException(DryRun.advice(checked, plan));
      }
      return Main.DONE;
    }
    memory.refuseIfTooLarge();
    String folder = run != null ? run : defaultRun(paths);
    TrainingBar bar = new TrainingBar(options.bar(err));
    ConsoleProgress console = new ConsoleProgress(out, err, options.quiet(), checked, backend, bar);
    console.begin(configuration, folder);
    weights.ifPresent(w -> console.weights(initialWeights, w));
    TrainJob.Request request =
        new TrainJob.Request(
            checked,
            paths.wholeFolder("--run", folder),
            resume,
            weights.map(WeightImport::parameters),
            asked,
            backend,
            badInput.checked(paths));
    try (SparkSessions.Session spark =
        SparkSessions.open("syncnorm train " + configuration, options.master(), asked)) {
      TrainJob job = new TrainJob(spark.context(), request, console);
      try (StopSignals signals = StopSignals.install(job::stop)) {
        if (!job.run()) {
          return signals.exitCode();
        }
      }
      ClassDataArchive.writeAtExitIfAsked();
      return Main.DONE;
    } finally {
      bar.clear();
    }
  }

  /** Everything that can be known to be wrong before any work starts, all at once. */
  private TrainConfiguration check(CommandPaths paths) throws ConfigurationException {
    UsageCheck usage = new UsageCheck(spec.commandLine());
    usage.require(
        workers == null || workers > 0, "--workers is %d, expected 1 or more".formatted(workers));
    usage.note(SparkSessions.masterMistake(options.master()));
    usage.check(SparkSessions::checkSettings);
    usage.require(!resume || run != null, "--resume needs --run, the folder of the run");
    usage.require(
        !resume || initialWeights == null,
        "--resume and --init contradict each other: a run goes on with its own weights");
    if (run != null || !dryRun && configuration != null) {
      usage.collect(() -> run(paths));
    }
    usage.collect(() -> badInput.checked(paths));
    if (initialWeights == null) {
      usage.require(!partial, "--partial needs --init, the file to take weights from");
      usage.require(
          renames.isEmpty() && renameFile == null,
          "--rename and --rename-file need --init, the file to take weights from");
    } else {
      usage.collect(() -> weightsFile(paths));
      usage.collect(() -> renames(paths));
    }
    if (backend != null) {
      usage.note(backend.unavailable());
    }
    Optional<TrainConfiguration> checked = Optional.empty();
    if (configuration != null) {
      checked =
          usage.collect(() -> TrainConfiguration.read(settings(paths), paths.of(configuration)));
    }
    usage.throwIfAny();
    return checked.orElseThrow();
  }

  /** The configuration; that of a run that goes on needs no statistics that the run has read. */
  private Config settings(CommandPaths paths) throws ConfigurationException {
    Config config = ConfigurationFile.load(paths.file("CONF", configuration), overrides);
    if (!resume || run == null) {
      return config;
    }
    return RunFolder.configuration(paths.folder("--run", run))
        .map(begun -> TrainConfiguration.asBegun(config, begun))
        .orElse(config);
  }

  /** The run folder, which a new run must find unused. */
  private Folder run(CommandPaths paths) throws ConfigurationException, TrainingException {
    if (run == null) {
      return paths.folder("the default of --run", defaultRun(paths));
    }
    Folder folder = paths.folder("--run", run);
    if (!resume) {
      RunFolder.checkUnused(folder);
    }
    return folder;
  }

  private StoredFile weightsFile(CommandPaths paths) throws ConfigurationException {
    StoredFile file = paths.file("--init", initialWeights);
    try {
      if (file.kind() == Kind.FILE) {
        return file;
      }
    } catch (IOException e) {
      throw new ConfigurationException(
          List.of(
              "--init is %s, which can't be read: %s; expected a safetensors file"
                  .formatted(initialWeights, e.getMessage())));
    }
    throw new ConfigurationException(
        List.of(
            "--init is %s, which does not exist; expected a safetensors file"
                .formatted(initialWeights)));
  }

  private Renames renames(CommandPaths paths) throws ConfigurationException {
    return Renames.read(
        renames,
        renameFile == null
            ? Optional.empty()
            : Optional.of(paths.file("--rename-file", renameFile)));
  }

  private Optional<WeightImport> initialWeights(TrainConfiguration checked, CommandPaths paths)
      throws ConfigurationException, TrainingException {
    if (initialWeights == null) {
      return Optional.empty();
    }
    ParameterTable table = checked.network().parameters();
    TrainConfiguration.Train train = checked.train();
    TrainingState fresh =
        TrainingState.initial(
            table, train.optimizer(), checked.network().nodes().size(), train.seed());
    StoredFile file = weightsFile(paths);
    try (InputStream in = new BufferedInputStream(file.open())) {
      return Optional.of(
          WeightImport.read(
              table,
              Safetensors.read(in, file.size(), initialWeights),
              initialWeights,
              renames(paths),
              partial,
              fresh.parameters()));
    } catch (IOException e) {
      throw new TrainingException(
          "--init %s can't be read: %s".formatted(initialWeights, e.getMessage()), e);
    }
  }

  private String defaultRun(CommandPaths paths) throws ConfigurationException {
    String name = paths.file("CONF", configuration).name().replaceFirst("\\.[^.]*$", "");
    String time = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now());
    return "runs/" + name + "-" + time;
  }
}
