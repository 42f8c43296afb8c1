package dev.syncnorm.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.training.Coordinator.CommittedStep;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a run leaves on its storage: the configuration, the index of its data, the history,
 * checkpoints and pictures. Used by one thread.
 */
public final class RunFolder implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HISTORY = "history.jsonl";
  private static final int LONGEST_CONFIGURATION = 64 << 20;
  private static final int LONGEST_PICTURE = 1 << 30;
  private static final int LONGEST_INDEX = Integer.MAX_VALUE - 64;

  private final Folder folder;
  private final StepPlan plan;
  private final Checkpoints checkpoints;
  private double lossSinceCheckpoint;
  private long imagesSinceCheckpoint;

  private RunFolder(Folder folder, RunDescription run) {
    this.folder = folder;
    this.plan = run.plan();
    this.checkpoints = new Checkpoints(folder, run);
  }

  /**
   * Makes the folder and writes the configuration and the index.
   *
   * @param index the index of the data set, in JSON
   * @throws TrainingException if the folder can't be made or is not empty; nothing is overwritten
   */
  public static RunFolder create(Folder folder, RunDescription run, byte[] index)
      throws TrainingException {
    byte[] configuration = run.configuration().getBytes(StandardCharsets.UTF_8);
    try {
      checkUnused(folder);
      folder.makeFolder("checkpoints");
      folder.makeFolder("images");
      folder.write("config.conf", out -> out.write(configuration));
      folder.write("index.json", out -> out.write(index));
    } catch (IOException e) {
      throw new TrainingException(
          "the run folder %s can't be written: %s; choose another with --run"
              .formatted(folder.path(""), reason(e)),
          e);
    }
    return new RunFolder(folder, run);
  }

  /** Opens the folder of a run that was stopped and whose {@link #indexOf} has been read. */
  public static RunFolder open(Folder folder, RunDescription run) {
    return new RunFolder(folder, run);
  }

  /**
   * The index.json of a run that was begun with this configuration.
   *
   * @throws TrainingException if there is no run, or it was begun with another configuration
   */
  public static byte[] indexOf(Folder folder, String configuration) throws TrainingException {
    try {
      if (folder.kind("index.json") != Kind.FILE) {
        throw new TrainingException(
            "%s holds no run that could be resumed; leave out --resume to begin one"
                .formatted(folder.path("")));
      }
      String begun =
          new String(folder.read("config.conf", LONGEST_CONFIGURATION), StandardCharsets.UTF_8);
      if (!begun.equals(configuration)) {
        throw new TrainingException(
            "the run in %s was begun with another configuration: %s; resume with the same one"
                .formatted(folder.path(""), ConfigurationFile.difference(begun, configuration)));
      }
      return folder.read("index.json", LONGEST_INDEX);
    } catch (IOException e) {
      throw new TrainingException(
          "the run in %s can't be read: %s".formatted(folder.path(""), reason(e)), e);
    }
  }

  /** The configuration that a run was begun with; empty if there is no run that can be read. */
  public static Optional<String> configuration(Folder folder) {
    try {
      return folder.kind("config.conf") == Kind.FILE
          ? Optional.of(
              new String(folder.read("config.conf", LONGEST_CONFIGURATION), StandardCharsets.UTF_8))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
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
    try {
      List<String> kept = history(state.step());
      folder.write(
          HISTORY,
          out -> {
            for (String row : kept) {
              out.write((row + "\n").getBytes(StandardCharsets.UTF_8));
            }
          });
    } catch (NoSuchFileException e) {
      // It was stopped before its first step.
    } catch (IOException e) {
      throw unwritable(HISTORY, e);
    }
    return state;
  }

  private List<String> history(long rows) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(folder.open(HISTORY), StandardCharsets.UTF_8))) {
      return reader.lines().limit(rows).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Checks that a folder is not there yet or empty, and can be written as far as is seen without
   * writing.
   *
   * @throws TrainingException if it holds anything, is a file, or can't be made or listed
   */
  public static void checkUnused(Folder folder) throws TrainingException {
    try {
      Optional<String> obstacle = folder.obstacle();
      if (obstacle.isPresent()) {
        throw new TrainingException(
            "the run folder %s can't be written: %s; choose another with --run"
                .formatted(folder.path(""), obstacle.get()));
      }
      Kind kind = folder.kind("");
      if (kind == Kind.FILE) {
        throw new TrainingException(
            "the run folder %s is no folder; choose another with --run".formatted(folder.path("")));
      }
      if (kind == Kind.FOLDER && !folder.list("").isEmpty()) {
        throw new TrainingException(
            "the run folder %s is not empty; a run is never overwritten: choose another with --run"
                .formatted(folder.path("")));
      }
    } catch (IOException e) {
      throw new TrainingException(
          "the run folder %s can't be listed: %s; choose another with --run"
              .formatted(folder.path(""), reason(e)),
          e);
    }
  }

  /**
   * Writes a picture.
   *
   * @param name such as {@code before.png}
   */
  public void writePicture(String name, byte[] png) throws TrainingException {
    try {
      folder.write("images/" + name, out -> out.write(png));
    } catch (IOException e) {
      throw unwritable("images/" + name, e);
    }
  }

  /** A picture that was written, or empty if there is none. */
  public Optional<byte[]> picture(String name) throws TrainingException {
    try {
      return Optional.of(folder.read("images/" + name, LONGEST_PICTURE));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new TrainingException(
          "%s can't be read: %s".formatted(folder.path("images/" + name), reason(e)), e);
    }
  }

  /** The folder, for others who keep files of their own in it. */
  public Folder folder() {
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
      folder.append(
          HISTORY, (JSON.writeValueAsString(row) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unwritable(HISTORY, e);
    }
  }

  /** Writes a checkpoint; of the older ones, the latest and the best stay. */
  public void writeCheckpoint(CommittedStep step) throws TrainingException {
    try {
      folder.sync(HISTORY); // a checkpoint never has more steps than the history
      checkpoints.write(step, lossSinceCheckpoint / imagesSinceCheckpoint);
      lossSinceCheckpoint = 0;
      imagesSinceCheckpoint = 0;
    } catch (IOException e) {
      throw unwritable("checkpoints", e);
    }
  }

  /** Returns when the storage has everything. */
  @Override
  public void close() throws TrainingException {
    try {
      folder.close();
    } catch (IOException e) {
      throw unwritable(HISTORY, e);
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
            .formatted(folder.path(what), reason(e)),
        e);
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + " " + e.getMessage();
  }
}
