package dev.syncnorm.bench;

import com.sun.management.ThreadMXBean;
import dev.syncnorm.bench.Rounds.Round;
import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.data.ByteSource;
import dev.syncnorm.data.DataException;
import dev.syncnorm.data.DataIndex;
import dev.syncnorm.data.ImageScan;
import dev.syncnorm.data.PairPaths;
import dev.syncnorm.data.PairSamples;
import dev.syncnorm.data.PairSelection;
import dev.syncnorm.data.Scanned;
import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.training.Coordinator;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.InProcessWorkers;
import dev.syncnorm.training.Samples;
import dev.syncnorm.training.Schedule;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.TrainingDriver;
import dev.syncnorm.training.TrainingException;
import dev.syncnorm.training.TrainingListener;
import dev.syncnorm.training.TrainingState;
import dev.syncnorm.training.TrainingWorker;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A configured training in this process, without Spark, that runs in rounds: between two of them
 * nothing of it runs, so that a contender in another process has the machine for itself.
 */
final class LocalTraining {

  /** More steps than any benchmark takes. */
  private static final int ENDLESS = 1_000_000_000;

  private final TrainConfiguration configuration;
  private final int images;
  private final Samples samples;
  private TrainingState state;

  private LocalTraining(TrainConfiguration configuration, DataIndex index, Samples samples) {
    this.configuration = configuration;
    this.images = index.size();
    this.samples = samples;
    this.state =
        TrainingState.initial(
            configuration.network().parameters(),
            configuration.train().optimizer(),
            configuration.network().nodes().size(),
            configuration.train().seed());
  }

  /**
   * Reads a configuration, whose paths lead from the current folder, and looks at its images.
   *
   * @param overrides as those of {@code --set}
   */
  static LocalTraining of(Path file, List<String> overrides)
      throws ConfigurationException, DataException, IOException {
    TrainConfiguration configuration =
        TrainConfiguration.read(
            ConfigurationFile.load(StoredFile.local(file), overrides), path -> path);
    TrainConfiguration.Data data = configuration.data();
    ByteSource source = path -> Files.readAllBytes(Path.of(path));
    DataIndex index = index(data, source);
    return new LocalTraining(
        configuration,
        index,
        new PairSamples(
            index,
            source,
            data.pixels().conversion(),
            data.height(),
            data.width(),
            configuration.train().cacheBytes()));
  }

  private static DataIndex index(TrainConfiguration.Data data, ByteSource source)
      throws DataException, IOException {
    ImageScan scan = new ImageScan(source, new ImageDecoder()::decode);
    List<PairPaths> pairs =
        PairPaths.match(data.input(), files(data.input()), data.target(), files(data.target()));
    Map<String, Scanned> scanned = new HashMap<>();
    for (PairPaths pair : pairs) {
      scanned.put(pair.input(), scan.scan(pair.input()));
      scanned.put(pair.target(), scan.scan(pair.target()));
    }
    DataIndex index = PairSelection.of(pairs, scanned);
    if (!index.rejected().isEmpty()) {
      throw new DataException(
          index.rejected().stream().map(r -> r.path() + ": " + r.message()).toList());
    }
    return index;
  }

  private static List<String> files(String folder) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(folder))) {
      return files.filter(Files::isRegularFile).map(Path::toString).toList();
    }
  }

  /** The plan of its steps by a backend. */
  StepPlan plan(Backend backend) {
    return new StepPlan(
        configuration.network(), new StepPlan.Options(backend.bandRows(), images, true));
  }

  /** How its images become tensors. */
  TrainConfiguration configuration() {
    return configuration;
  }

  /** The images of the first batch. */
  int[] firstBatch() {
    return schedule().batch(1);
  }

  /** The samples. */
  Samples samples() {
    return samples;
  }

  /** The state after the last step. */
  TrainingState state() {
    return state;
  }

  /** The next so many steps, with the backend's kernels, on workers of so many threads. */
  Round run(int steps, Backend backend, int workers, int threads)
      throws TrainingException, InterruptedException {
    Mailbox mailbox = new Mailbox(1, InProcessWorkers.sharedMemory(), System::nanoTime);
    Schedule schedule = schedule();
    StepPlan plan = plan(backend);
    InProcessWorkers group =
        new InProcessWorkers(
            mailbox,
            workers,
            () -> new TrainingWorker(plan, schedule, samples, backend::create, threads));
    Recorder recorder = new Recorder(state.step() + steps);
    TrainingDriver driver =
        new TrainingDriver(
            new Coordinator(plan, schedule, configuration.train().optimizer(), state),
            mailbox,
            group,
            new TrainingDriver.Patience(configuration.train().workerTimeoutSeconds(), 0),
            recorder,
            index -> "image " + index);
    recorder.driver = driver;
    state = driver.run();
    return recorder.round;
  }

  private Schedule schedule() {
    TrainConfiguration.Train train = configuration.train();
    return new Schedule(images, train.batchSize(), ENDLESS, train.shuffle(), train.seed());
  }

  /** Keeps times and losses, and stops the driver after the last step of the round. */
  private static final class Recorder implements TrainingListener {
    private final Round round = new Round(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    private final long last;
    private long allocated;
    private TrainingDriver driver;

    Recorder(long last) {
      this.last = last;
    }

    @Override
    public void started(int generation, int workers) {}

    @Override
    public void committed(CommittedStep step, double seconds) {
      round.seconds().add(seconds);
      round.losses().add(step.loss());
      long now = allocatedSoFar();
      round.allocatedBytes().add(now - allocated);
      allocated = now;
      if (step.step() == last) {
        driver.stop();
      }
    }

    /** By the threads that are alive, which are the same throughout a round. */
    private static long allocatedSoFar() {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
          .filter(bytes -> bytes > 0)
          .sum();
    }

    @Override
    public void lost(int generation, String reason) {
      throw new IllegalStateException("workers were lost: " + reason);
    }
  }
}
