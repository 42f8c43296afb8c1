package dev.syncnorm.spark.training;

import com.typesafe.config.ConfigFactory;
import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.data.DataIndex;
import dev.syncnorm.data.PairSamples;
import dev.syncnorm.exchange.PollingExchange;
import dev.syncnorm.exchange.StoppedException;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.spark.dataset.HadoopFiles;
import dev.syncnorm.spark.exchange.TaskExchange;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.TrainingWorker;
import java.io.Serializable;
import java.util.Optional;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.Utils;

/**
 * What a barrier task needs to be a worker.
 *
 * @param configuration the resolved training configuration in HOCON
 * @param threads that run the worker's images
 */
record WorkerTask(
    String configuration,
    Broadcast<DataIndex> index,
    Broadcast<SerializableConfiguration> hadoop,
    Backend backend,
    long run,
    int generation,
    int workers,
    int threads)
    implements Serializable {

  /** Runs the worker of this task to the end of its generation. */
  void run(TaskContext context) {
    int worker = context.partitionId();
    PollingExchange exchange = TaskExchange.open(context, run, generation, workers);
    Optional<String> unavailable = Platform.mistake().or(backend::unavailable);
    if (unavailable.isPresent()) {
      exchange.fail(unavailable.get());
      return;
    }
    try {
      exchange.announce(new Place(SparkEnv.get().executorId(), Utils.localHostName()).encode());
      worker().run(exchange, worker, workers);
    } catch (StoppedException e) {
      // The generation was over before this worker had started.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private TrainingWorker worker() {
    TrainConfiguration train = read();
    TrainConfiguration.Data data = train.data();
    PairSamples samples =
        new PairSamples(
            index.value(),
            new HadoopFiles(hadoop.value().value()),
            data.pixels().conversion(),
            data.height(),
            data.width(),
            train.train().cacheBytes() / workersOfThisProcess());
    return new TrainingWorker(
        new StepPlan(
            train.network(), new StepPlan.Options(backend.bandRows(), index.value().size(), true)),
        train.train().schedule(index.value().size()),
        samples,
        backend::create,
        threads);
  }

  /** The cache is meant for an executor: the workers of local mode share one. */
  private int workersOfThisProcess() {
    return SparkEnv.get().executorId().equals("driver") ? workers : 1;
  }

  private TrainConfiguration read() {
    try {
      return TrainConfiguration.read(ConfigFactory.parseString(configuration), path -> path);
    } catch (ConfigurationException e) {
      throw new IllegalStateException("the driver has checked this configuration", e);
    }
  }
}
