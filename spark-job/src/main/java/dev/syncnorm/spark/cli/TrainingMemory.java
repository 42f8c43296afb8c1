package dev.syncnorm.spark.cli;

import dev.syncnorm.data.DataException;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.spark.dataset.HadoopFiles;
import dev.syncnorm.training.MemoryPlan;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.TrainingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** The memory that a training needs where its command would run it. */
final class TrainingMemory {

  private final TrainConfiguration configuration;
  private final Backend backend;
  private final MemoryPlan.Place place;

  TrainingMemory(
      TrainConfiguration configuration,
      Backend backend,
      Optional<String> master,
      OptionalInt workers) {
    this.configuration = configuration;
    this.backend = backend;
    this.place = SparkSessions.place(master, workers);
  }

  /**
   * The plan for the data set, whose files are counted.
   *
   * @throws DataException if its folders can't be listed or are too small for a batch
   */
  MemoryPlan ofDataSet() throws DataException {
    HadoopFiles files = new HadoopFiles(SparkSessions.hadoop());
    List<String> problems = new ArrayList<>();
    TrainConfiguration.Data data = configuration.data();
    int inputs = count(files, "data.input", data.input(), problems);
    int targets = count(files, "data.target", data.target(), problems);
    int pairs = Math.min(inputs, targets);
    if (problems.isEmpty()) {
      configuration.batchMistake(pairs).ifPresent(problems::add);
    }
    if (!problems.isEmpty()) {
      throw new DataException(problems);
    }
    return plan(OptionalLong.of(pairs));
  }

  /**
   * Refuses a training in this process that its heap is too small for. On a cluster executors know
   * better, and data that can't be listed is told when it is scanned.
   */
  void refuseIfTooLarge() throws TrainingException {
    if (!place.local() || plan(OptionalLong.empty()).fits()) {
      return;
    }
    try {
      MemoryPlan plan = ofDataSet();
      if (!plan.fits()) {
        throw new TrainingException(DryRun.advice(configuration, plan));
      }
    } catch (DataException e) {
      // The scan of the data set tells it, with all else that is wrong there.
    }
  }

  private MemoryPlan plan(OptionalLong pairs) {
    return MemoryPlan.of(configuration, backend, place, pairs, SparkSessions.heap(place));
  }

  private static int count(HadoopFiles files, String key, String folder, List<String> problems) {
    try {
      return files.list(folder).size();
    } catch (IOException | IllegalArgumentException e) {
      problems.add(
          "%s is %s, which can't be listed: %s; expected a folder of images"
              .formatted(key, folder, e.getMessage()));
      return 0;
    }
  }
}
