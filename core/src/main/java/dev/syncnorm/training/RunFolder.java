package dev.syncnorm.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.training.Coordinator.CommittedStep;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a run leaves on disk: the configuration, the index of its data, the history, checkpoints and
 * pictures. Used by one thread.
 */
public final class RunFolder {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final StepPlan plan;
  private final Checkpoints checkpoints;
  private double lossSinceCheckpoint;
  private long imagesSinceCheckpoint;

  private RunFolder(Path folder, RunDescription run) {
    this.folder = folder;
    this.plan = run.plan();
    this.checkpoints = new Checkpoints(folder.resolve("checkpoints"), run);
  }

  /**
   * Makes the folder and writes the configuration and the index.
   *
   * @param index the index of the data set, in JSON
   * @throws TrainingException if the folder can't be made or is not empty; nothing is overwritten
   */
  public static RunFolder create(Path folder, RunDescription run, byte[] index)
      throws TrainingException {
    byte[] configuration = run.configuration().getBytes(StandardCharsets.UTF_8);
    try {
      checkUnused(folder);
      Files.createDirectories(folder.resolve("checkpoints"));
      Files.createDirectories(folder.resolve("images"));
      AtomicFiles.write(folder.resolve("config.conf"), out -> out.write(configuration));
      AtomicFiles.write(folder.resolve("index.json"), out -> out.write(index));
    } catch (IOException e) {
      throw new TrainingException(
          "the run folder %s can't be written: %s; choose another with --run"
              .formatted(folder, reason(e)),
          e);
    }
    return new RunFolder(folder, run);
  }

  /** Opens the folder of a run that was stopped and whose {@link #indexOf} has been read. */
  public static RunFolder open(Path folder, RunDescription run) {
    return new RunFolder(folder, run);
  }

  /**
   * The index.json of a run that was begun with this configuration.
   *
   * @throws TrainingException if there is no run, or it was begun with another configuration
   */
  public static byte[] indexOf(Path folder, String configuration) throws TrainingException {
    try {
      if (!Files.exists(folder.resolve("index.json"))) {
        throw new TrainingException(
            "%s holds no run that could be resumed; leave out --resume to begin one"
                .formatted(folder));
      }
      String begun = Files.readString(folder.resolve("config.conf"));
      if (!begun.equals(configuration)) {
        throw new TrainingException(
            "the run in %s was begun with another configuration: %s; resume with the same one"
                .formatted(folder, ConfigurationFile.difference(begun, configuration)));
      }
      return Files.readAllBytes(folder.resolve("index.json"));
    } catch (IOException e) {
      throw new TrainingException(
          "the run in %s can't be read: %s".formatted(folder, reason(e)), e);
    }
  }

  /**
   * The state of the latest whole checkpoint; rows of the history after it are cut off.
   *
   * @param initial the state of a run that was stopped before its first checkpoint
   * @param warnings is told of every damaged checkpoint
   */
  public TrainingState resume(TrainingState initial, Consumer<String> warnings)
      throws TrainingException {
    TrainingState state = checkpoints.latest(warnings).orElse(initial);
    Path history = folder.resolve("history.jsonl");
    try {
      if (Files.exists(history)) {
        List<String> rows = Files.readAllLines(history);
        List<String> kept = rows.subList(0, (int) Math.min(rows.size(), state.step()));
        AtomicFiles.write(
            history,
            out -> {
              for (String row : kept) {
                out.write((row + "\n").getBytes(StandardCharsets.UTF_8));
              }
            });
      }
    } catch (IOException e) {
      throw unwritable("history.jsonl", e);
    }
    return state;
  }

  /**
   * Checks that a folder is not there yet or empty, and can be written as far as is seen without
   * writing.
   *
   * @throws TrainingException if it holds anything, or can't be made
   */
  public static void checkUnused(Path folder) throws TrainingException {
    checkWritable(folder);
    if (!Files.exists(folder)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      if (entries.iterator().hasNext()) {
        throw new TrainingException(
            "the run folder %s is not empty; a run is never overwritten: choose another with --run"
                .formatted(folder));
      }
    } catch (IOException e) {
      throw new TrainingException(
          "the run folder %s is no folder; choose another with --run".formatted(folder), e);
    }
  }

  private static void checkWritable(Path folder) throws TrainingException {
    Path there = folder.toAbsolutePath();
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (!there.equals(folder.toAbsolutePath()) && !Files.isDirectory(there)) {
      throw new TrainingException(
          "the run folder %s can't be made: %s is no folder; choose another with --run"
              .formatted(folder, there));
    }
    if (!Files.isWritable(there)) {
      throw new TrainingException(
          "the run folder %s can't be written: this user may not write %s; choose another with --run"
              .formatted(folder, there));
    }
  }

  /** Where a picture of this run belongs. */
  public Path image(String name) {
    return folder.resolve("images").resolve(name);
  }

  /** The folder. */
  public Path path() {
    return folder;
  }

  /**
   * Appends the row of a committed step to history.jsonl.
   *
   * @param waitSeconds by sum, how long its first contribution waited for its last; may be empty
   */
  public void appendHistory(CommittedStep step, double seconds, Map<String, Double> waitSeconds)
      throws TrainingException {
    ObjectNode row = JSON.createObjectNode();
    row.put("step", step.step());
    row.put("epoch", step.epoch());
    row.put("loss", step.loss());
    row.put("seconds", seconds);
    row.put("images", step.images());
    if (!waitSeconds.isEmpty()) {
      waitSeconds.forEach(row.putObject("waitSeconds")::put);
    }
    if (step.endsEpoch()) {
      ObjectNode batchNorm = row.putObject("batchNorm");
      plan.network()
          .batchNorms()
          .forEach(
              (node, norm) -> {
                float[][] own = plan.parameters().ofNode(step.state().parameters(), node);
                ObjectNode moving = batchNorm.putObject(norm.name());
                put(moving.putArray("movingMean"), own[BatchNorm.MOVING_MEAN]);
                put(moving.putArray("movingVariance"), own[BatchNorm.MOVING_VARIANCE]);
              });
    }
    lossSinceCheckpoint += step.loss() * step.images();
    imagesSinceCheckpoint += step.images();
    try {
      Files.writeString(
          folder.resolve("history.jsonl"),
          JSON.writeValueAsString(row) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw unwritable("history.jsonl", e);
    }
  }

  /** Writes a checkpoint; of the older ones, the latest and the best stay. */
  public void writeCheckpoint(CommittedStep step) throws TrainingException {
    try (FileChannel history =
        FileChannel.open(folder.resolve("history.jsonl"), StandardOpenOption.WRITE)) {
      history.force(true); // a checkpoint never has more steps than the history
      checkpoints.write(step, lossSinceCheckpoint / imagesSinceCheckpoint);
      lossSinceCheckpoint = 0;
      imagesSinceCheckpoint = 0;
    } catch (IOException e) {
      throw unwritable("checkpoints", e);
    }
  }

  private static void put(ArrayNode array, float[] values) {
    for (float value : values) {
      array.add(value);
    }
  }

  private TrainingException unwritable(String what, IOException e) {
    return new TrainingException(
        "%s can't be written: %s; the checkpoints before it are whole"
            .formatted(folder.resolve(what), reason(e)),
        e);
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage();
  }
}
