package dev.syncnorm.spark.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.data.DataException;
import dev.syncnorm.data.DataIndex;
import dev.syncnorm.events.TrainingEvents;
import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.HadoopFiles;
import dev.syncnorm.spark.exchange.BroadcastBytes;
import dev.syncnorm.spark.exchange.ExchangePlugin;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.training.Coordinator;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.RunDescription;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.Schedule;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.TrainingDriver;
import dev.syncnorm.training.TrainingException;
import dev.syncnorm.training.TrainingListener;
import dev.syncnorm.training.TrainingState;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** A training from its checked configuration to the finished run folder. */
public final class TrainJob {

  /**
   * What to train.
   *
   * @param run the run folder: not there yet or empty, or that of the run to resume
   * @param resume whether to go on with the run in that folder
   * @param initialParameters what to start from, in the order of the network's table
   * @param workers how many, or empty for one on each executor
   * @param badInput what happens to images that can't be trained on
   */
  public record Request(
      TrainConfiguration configuration,
      Folder run,
      boolean resume,
      Optional<float[][]> initialParameters,
      OptionalInt workers,
      Backend backend,
      BadInput badInput) {}

  /** Is told on the driver's thread how the job goes. */
  public interface Progress {
    /** The data has been checked. */
    void checked(DataIndex index);

    /** Workers have been started. */
    void started(int generation, int workers, int threads);

    /** A step was committed. */
    void committed(CommittedStep step, double seconds);

    /** Workers were lost; training goes on from the last commit. */
    void lost(String reason);

    /** A checkpoint is damaged, and the one before it is used. */
    void damaged(String message);

    /** Training goes on after a step. */
    void resumed(long step);

    /** A stop was asked for before anything was written. */
    void stopped();

    /** A stop was asked for; the run can be resumed. */
    void stopped(RunFolder run, long step);

    /** The run folder is complete. */
    void finished(RunFolder run);
  }

  private final JavaSparkContext spark;
  private final Request request;
  private final Progress progress;
  private final TrainConfiguration.Train train;
  private final Network network;
  private final AtomicReference<Optional<TrainingDriver>> driver =
      new AtomicReference<>(Optional.empty());
  private volatile boolean stopAsked;

  /** A job that has not begun. */
  public TrainJob(JavaSparkContext spark, Request request, Progress progress) {
    this.spark = spark;
    this.request = request;
    this.progress = progress;
    this.train = request.configuration().train();
    this.network = request.configuration().network();
  }

  /** Lets the job end with a checkpoint of the last commit; called from any thread. */
  public void stop() {
    stopAsked = true;
    driver.get().ifPresent(TrainingDriver::stop);
  }

  /**
   * Trains.
   *
   * @return whether all steps are done, not only those until a stop was asked for
   * @throws ConfigurationException if the Spark session was not started for a training
   * @throws DataException if the data can't be trained on
   * @throws TrainingException if training can't go on
   */
  public boolean run()
      throws ConfigurationException, DataException, TrainingException, InterruptedException {
    SessionSettings.check(spark.getConf());
    TrainingState initial = initialState();
    if (!request.resume()) {
      RunFolder.checkUnused(request.run());
    }
    Slots slots = new Slots(spark.sc(), request.workers(), train.waitForWorkersSeconds());
    slots.await(0, () -> stopAsked);
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    Optional<DataIndex> found = stopAsked ? Optional.empty() : index(hadoop);
    if (found.isEmpty()) {
      progress.stopped();
      return false;
    }
    DataIndex index = found.get();
    progress.checked(index);
    Previews previews =
        new Previews(
            request.configuration(),
            new HadoopFiles(spark.hadoopConfiguration()),
            request.backend());
    previews.check();
    Schedule schedule = train.schedule(index.size());
    StepPlan plan =
        new StepPlan(
            network, new StepPlan.Options(request.backend().bandRows(), index.size(), true));
    RunDescription description = description(plan, schedule, index);
    RunFolder run =
        request.resume()
            ? RunFolder.open(request.run(), description)
            : RunFolder.create(request.run(), description, index.toJson());
    TrainingState last;
    try (run) {
      TrainingState first = initial;
      if (request.resume()) {
        first = run.resume(initial, progress::damaged);
        progress.resumed(first.step());
      }
      TrainingEvents events =
          new TrainingEvents(
              run, network, train.optimizer(), first.step() + 1, InstantSource.system());
      if (first.step() == 0) {
        previews.writeBefore(run, first);
        events.pictures(0, "before");
      }
      last = train(plan, index, schedule, run, events, first, slots, hadoop);
      if (last.step() == schedule.steps()) {
        previews.writeAfter(run, last);
        events.pictures(last.step(), "after", "test");
      }
    }
    if (last.step() < schedule.steps()) {
      progress.stopped(run, last.step());
      return false;
    }
    progress.finished(run);
    return true;
  }

  /** The index of the data; empty if a stop was asked for. */
  private Optional<DataIndex> index(Broadcast<SerializableConfiguration> hadoop)
      throws DataException, TrainingException, InterruptedException {
    if (request.resume()) {
      return Optional.of(savedIndex());
    }
    TrainConfiguration.Data data = request.configuration().data();
    Optional<DataIndex> index =
        new DataScan(spark, hadoop, data.decodeTimeoutSeconds())
            .index(data.input(), data.target(), request.badInput(), () -> stopAsked);
    if (index.isPresent()) {
      checkBatch(index.get());
    }
    return index;
  }

  private DataIndex savedIndex() throws TrainingException {
    byte[] json = RunFolder.indexOf(request.run(), request.configuration().text());
    try {
      return DataIndex.fromJson(json);
    } catch (IOException e) {
      throw new TrainingException(
          "%s is damaged: %s; begin a new run with another --run"
              .formatted(request.run().path("index.json"), e.getMessage()),
          e);
    }
  }

  private RunDescription description(StepPlan plan, Schedule schedule, DataIndex index) {
    return new RunDescription(
        plan,
        train.optimizer(),
        schedule,
        request.configuration().text(),
        index.digest(),
        train.keepCheckpoints());
  }

  private TrainingState initialState() {
    TrainingState state =
        TrainingState.initial(
            network.parameters(), train.optimizer(), network.nodes().size(), train.seed());
    return request.initialParameters().map(state::withParameters).orElse(state);
  }

  private void checkBatch(DataIndex index) throws DataException {
    Optional<String> mistake = request.configuration().batchMistake(index.size());
    if (mistake.isPresent()) {
      throw new DataException(List.of(mistake.get()));
    }
  }

  private TrainingState train(
      StepPlan plan,
      DataIndex index,
      Schedule schedule,
      RunFolder run,
      TrainingEvents events,
      TrainingState initial,
      Slots slots,
      Broadcast<SerializableConfiguration> hadoop)
      throws TrainingException, InterruptedException {
    Mailbox mailbox =
        new Mailbox(
            new SecureRandom().nextLong(), BroadcastBytes.ofDriver(spark), System::nanoTime);
    BarrierWorkers workers =
        new BarrierWorkers(
            spark,
            slots,
            mailbox,
            request.configuration().text(),
            index,
            hadoop,
            request.backend());
    TrainingDriver training =
        new TrainingDriver(
            new Coordinator(plan, schedule, train.optimizer(), initial),
            mailbox,
            workers,
            new TrainingDriver.Patience(train.workerTimeoutSeconds(), train.maxFailures()),
            new Recorder(run, events, workers),
            image -> index.pairs().get(image).input().path());
    driver.set(Optional.of(training));
    if (stopAsked) {
      training.stop();
    }
    ExchangePlugin.connect(mailbox);
    try {
      return training.run();
    } finally {
      ExchangePlugin.disconnect();
    }
  }

  /** Writes what must be kept before it is told. */
  private final class Recorder implements TrainingListener {

    private final RunFolder run;
    private final TrainingEvents events;
    private final BarrierWorkers workers;
    private final Map<String, Double> waitSeconds = new LinkedHashMap<>();
    private boolean several;
    private long checkpointed;

    Recorder(RunFolder run, TrainingEvents events, BarrierWorkers workers) {
      this.run = run;
      this.events = events;
      this.workers = workers;
    }

    @Override
    public void started(int generation, int count) {
      several = count > 1;
      waitSeconds.clear();
      progress.started(generation, count, workers.threads());
    }

    @Override
    public void summed(String sum, double seconds) {
      if (several) {
        waitSeconds.put(sum, seconds);
      }
    }

    @Override
    public void committed(CommittedStep step, double seconds) throws TrainingException {
      run.appendHistory(step, seconds, waitSeconds);
      waitSeconds.clear();
      events.committed(step, seconds);
      boolean due =
          train.checkpointEvery() == 0
              ? step.endsEpoch()
              : step.step() % train.checkpointEvery() == 0;
      if (due) {
        checkpoint(step);
      }
      progress.committed(step, seconds);
    }

    @Override
    public void ended(CommittedStep last) throws TrainingException {
      if (checkpointed < last.step()) {
        checkpoint(last);
      }
    }

    private void checkpoint(CommittedStep step) throws TrainingException {
      events.sync();
      run.writeCheckpoint(step);
      checkpointed = step.step();
    }

    @Override
    public void lost(int generation, String reason) {
      progress.lost(reason);
    }
  }
}
