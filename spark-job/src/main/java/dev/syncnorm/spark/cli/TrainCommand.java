package dev.syncnorm.spark.cli;

import com.typesafe.config.Config;
import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.training.TrainJob;
import dev.syncnorm.training.TrainConfiguration;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
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
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CONF", description = "The training configuration, a HOCON file.")
  private Path configuration;

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description =
          "The run folder; must not exist or be empty. Default: runs/<conf name>-<date>-<time>.")
  private Path run;

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
  private Path initialWeights;

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
      names = "--master",
      paramLabel = "URL",
      description =
          "Where Spark runs: local[N] (default: local[*]), or a cluster such as spark://host:7077.")
  private String master;

  @Option(names = "--quiet", description = "Prints the result only.")
  private boolean quiet;

  @Option(names = "--verbose", description = "Shows where an error came from.")
  private boolean verbose;

  /** Whether stack traces are wanted. */
  boolean verbose() {
    return verbose;
  }

  @Override
  public Integer call() throws Exception {
    if (workers != null && workers < 1) {
      throw new ConfigurationException(
          List.of("--workers is %d, expected 1 or more".formatted(workers)));
    }
    if (resume && run == null) {
      throw new ConfigurationException(List.of("--resume needs --run, the folder of the run"));
    }
    if (resume && initialWeights != null) {
      throw new ConfigurationException(
          List.of("--resume and --init contradict each other: a run goes on with its own weights"));
    }
    BadInput bad = badInput.checked();
    Config loaded = ConfigurationFile.load(configuration, overrides);
    TrainConfiguration checked = TrainConfiguration.read(loaded, new Located(configuration)::path);
    Optional<String> unavailable = backend.unavailable();
    if (unavailable.isPresent()) {
      throw new ConfigurationException(List.of(unavailable.get()));
    }
    OptionalInt asked = workers == null ? OptionalInt.empty() : OptionalInt.of(workers);
    Path folder = run != null ? run : defaultRun();
    PrintWriter err = spec.commandLine().getErr();
    TerminalBar bar = new TerminalBar(err, !quiet && System.console() != null, System::nanoTime);
    ConsoleProgress console =
        new ConsoleProgress(spec.commandLine().getOut(), err, quiet, checked, backend, bar);
    console.begin(configuration, folder);
    TrainJob.Request request =
        new TrainJob.Request(
            checked,
            folder.toAbsolutePath(),
            resume,
            Optional.ofNullable(initialWeights),
            asked,
            backend,
            bad);
    try (JavaSparkContext spark =
        SparkSessions.open("syncnorm train " + configuration, Optional.ofNullable(master), asked)) {
      TrainJob job = new TrainJob(spark, request, console);
      try (StopSignals signals = StopSignals.install(job::stopAfterStep)) {
        return job.run() ? Main.DONE : signals.exitCode();
      }
    } finally {
      bar.clear();
    }
  }

  private Path defaultRun() {
    String name = configuration.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    String time = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now());
    return Path.of("runs", name + "-" + time);
  }

  /** Relative paths: in the current folder, beside the configuration, or one folder above it. */
  private record Located(Path configuration) {
    String path(String written) {
      if (written.isEmpty() || written.matches("[A-Za-z][A-Za-z0-9+.-]+:.*")) {
        return written;
      }
      Path path = Path.of(written);
      Path folder = configuration.toAbsolutePath().getParent();
      List<Path> places =
          folder.getParent() == null
              ? List.of(path, folder.resolve(path))
              : List.of(path, folder.resolve(path), folder.getParent().resolve(path));
      return places.stream()
          .filter(Files::exists)
          .findFirst()
          .orElse(path)
          .toAbsolutePath()
          .normalize()
          .toString();
    }
  }
}
