package dev.syncnorm.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.tensor.Digests;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.training.Coordinator.CommittedStep;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a run leaves on disk: the configuration, the index of its data, the history, checkpoints and
 * pictures. Used by one thread.
 */
public final class RunFolder {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final StepPlan plan;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private final byte[] configuration;
  private final String dataDigest;
  private final int kept;

  /**
   * Makes the folder and writes the configuration and the index.
   *
   * @param configuration the resolved configuration, in HOCON
   * @param index the index of the data set, in JSON
   * @param kept how many checkpoints stay
   * @throws TrainingException if the folder can't be made or is not empty; nothing is overwritten
   */
  public static RunFolder create(
      Path folder,
      StepPlan plan,
      Optimizer optimizer,
      Schedule schedule,
      String configuration,
      byte[] index,
      String dataDigest,
      int kept)
      throws TrainingException {
    RunFolder run =
        new RunFolder(
            folder,
            plan,
            optimizer,
            schedule,
            configuration.getBytes(StandardCharsets.UTF_8),
            dataDigest,
            kept);
    try {
      checkUnused(folder);
      Files.createDirectories(folder.resolve("checkpoints"));
      Files.createDirectories(folder.resolve("images"));
      AtomicFiles.write(folder.resolve("config.conf"), out -> out.write(run.configuration));
      AtomicFiles.write(folder.resolve("index.json"), out -> out.write(index));
    } catch (IOException e) {
      throw new TrainingException(
          "the run folder %s can't be written: %s; choose another with --run"
              .formatted(folder, reason(e)),
          e);
    }
    return run;
  }

  private RunFolder(
      Path folder,
      StepPlan plan,
      Optimizer optimizer,
      Schedule schedule,
      byte[] configuration,
      String dataDigest,
      int kept) {
    this.folder = folder;
    this.plan = plan;
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.configuration = configuration;
    this.dataDigest = dataDigest;
    this.kept = kept;
  }

  /**
   * Checks that a folder is not there yet or empty.
   *
   * @throws TrainingException if it holds anything
   */
  public static void checkUnused(Path folder) throws TrainingException {
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
      forEachBatchNorm(
          (norm, node) -> {
            int first = plan.parameters().first(node);
            float[][] parameters = step.state().parameters();
            ObjectNode own = batchNorm.putObject(norm.name());
            put(own.putArray("movingMean"), parameters[first + BatchNorm.MOVING_MEAN]);
            put(own.putArray("movingVariance"), parameters[first + BatchNorm.MOVING_VARIANCE]);
          });
    }
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

  /** Writes a checkpoint, manifest last, and removes those that are too many. */
  public void writeCheckpoint(CommittedStep step) throws TrainingException {
    String name = "step-%08d".formatted(step.step());
    Path checkpoints = folder.resolve("checkpoints");
    Path temporary = checkpoints.resolve("." + name + ".tmp");
    try {
      delete(temporary);
      Files.createDirectories(temporary);
      ParameterTable table = plan.parameters();
      TrainingState state = step.state();
      AtomicFiles.writeSynced(
          temporary.resolve("model.safetensors"),
          out ->
              SafetensorsWriter.write(
                  ModelTensors.model(table, state.parameters()), Map.of(), out));
      AtomicFiles.writeSynced(
          temporary.resolve("optimizer.safetensors"),
          out ->
              SafetensorsWriter.write(
                  ModelTensors.optimizer(table, optimizer, state.slots()), Map.of(), out));
      AtomicFiles.writeSynced(temporary.resolve("config.conf"), out -> out.write(configuration));
      byte[] manifest = manifest(step, temporary);
      AtomicFiles.writeSynced(temporary.resolve("manifest.json"), out -> out.write(manifest));
      Files.move(temporary, checkpoints.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      removeOld(checkpoints);
    } catch (IOException e) {
      throw unwritable("checkpoints/" + name, e);
    }
  }

  private byte[] manifest(CommittedStep step, Path checkpoint) throws IOException {
    ObjectNode manifest = JSON.createObjectNode();
    manifest.put("format", "syncnorm/checkpoint");
    manifest.put("version", 1);
    manifest.put("step", step.step());
    manifest.put("epoch", step.epoch());
    ObjectNode position = manifest.putObject("position");
    position.put("epochsDone", step.endsEpoch() ? step.epoch() : step.epoch() - 1);
    position.put("stepsDoneInEpoch", step.step() % schedule.stepsPerEpoch());
    manifest.put("seed", schedule.seed());
    ObjectNode updates = manifest.putObject("runningStatisticsUpdates");
    forEachBatchNorm((norm, node) -> updates.put(norm.name(), step.state().updates()[node]));
    manifest.put("configurationDigest", Digests.sha256(configuration));
    manifest.put("dataDigest", dataDigest);
    ArrayNode files = manifest.putArray("files");
    for (String name : List.of("config.conf", "model.safetensors", "optimizer.safetensors")) {
      byte[] content = Files.readAllBytes(checkpoint.resolve(name));
      files
          .addObject()
          .put("name", name)
          .put("bytes", content.length)
          .put("sha256", Digests.sha256(content));
    }
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest);
  }

  private void removeOld(Path checkpoints) throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> entries = Files.list(checkpoints)) {
      entries
          .filter(p -> p.getFileName().toString().startsWith("step-"))
          .sorted()
          .forEach(all::add);
    }
    for (Path old : all.subList(0, Math.max(0, all.size() - kept))) {
      delete(old);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    // The manifest goes first: without it, what is left is no checkpoint.
    Files.deleteIfExists(folder.resolve("manifest.json"));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private interface BatchNormVisitor {
    void visit(BatchNorm norm, int node);
  }

  private void forEachBatchNorm(BatchNormVisitor visitor) {
    Network network = plan.network();
    for (int node = 0; node < network.nodes().size(); node++) {
      if (network.nodes().get(node).layer() instanceof BatchNorm norm) {
        visitor.visit(norm, node);
      }
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
