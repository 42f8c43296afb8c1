package dev.syncnorm.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.tensor.Digests;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.training.Coordinator.CommittedStep;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The checkpoints of a run. One is a folder whose manifest was written last: without a manifest
 * that agrees with its files it does not exist. Used by one thread.
 */
final class Checkpoints {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FORMAT = "syncnorm/checkpoint";
  private static final int VERSION = 1;
  private static final List<String> FILES =
      List.of("config.conf", "model.safetensors", "optimizer.safetensors");

  private final Path folder;
  private final RunDescription run;
  private final StepPlan plan;
  private final Optimizer optimizer;
  private final byte[] configuration;

  /** The checkpoints in a folder. */
  Checkpoints(Path folder, RunDescription run) {
    this.folder = folder;
    this.run = run;
    this.plan = run.plan();
    this.optimizer = run.optimizer();
    this.configuration = run.configuration().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Writes a checkpoint and removes those that are neither among the latest nor the best.
   *
   * @param loss the mean loss of the images since the checkpoint before
   */
  void write(CommittedStep step, double loss) throws IOException {
    Path temporary = folder.resolve("." + name(step.step()) + ".tmp");
    delete(temporary);
    Files.createDirectories(temporary);
    TrainingState state = step.state();
    AtomicFiles.writeSynced(
        temporary.resolve("model.safetensors"),
        out ->
            SafetensorsWriter.write(
                ModelTensors.model(plan.parameters(), state.parameters()), Map.of(), out));
    AtomicFiles.writeSynced(
        temporary.resolve("optimizer.safetensors"),
        out ->
            SafetensorsWriter.write(
                ModelTensors.optimizer(plan.parameters(), optimizer, state.slots()),
                Map.of(),
                out));
    AtomicFiles.writeSynced(temporary.resolve("config.conf"), out -> out.write(configuration));
    byte[] manifest = manifest(step, loss, temporary);
    AtomicFiles.writeSynced(temporary.resolve("manifest.json"), out -> out.write(manifest));
    Path place = folder.resolve(name(step.step()));
    delete(place); // a damaged one that a resumed run has gone past
    Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
    removeOld();
  }

  /**
   * Reads the latest checkpoint that is whole.
   *
   * @param warnings is told of every damaged one
   * @return empty if there is none at all
   * @throws TrainingException if a whole one belongs to another configuration or data set, or if
   *     there are only damaged ones
   */
  Optional<TrainingState> latest(Consumer<String> warnings) throws TrainingException {
    List<Path> all = new ArrayList<>();
    try {
      all.addAll(all());
    } catch (IOException e) {
      throw new TrainingException("%s can't be listed: %s".formatted(folder, e.getMessage()), e);
    }
    all.sort(Comparator.reverseOrder());
    for (Path checkpoint : all) {
      try {
        return Optional.of(read(checkpoint));
      } catch (IOException e) {
        warnings.accept(
            "%s is damaged: %s; using the one before it".formatted(checkpoint, e.getMessage()));
      }
    }
    if (!all.isEmpty()) {
      throw new TrainingException(
          "every checkpoint in %s is damaged; begin a new run with another --run"
              .formatted(folder));
    }
    return Optional.empty();
  }

  private TrainingState read(Path checkpoint) throws IOException, TrainingException {
    JsonNode manifest = readManifest(checkpoint);
    for (String name : FILES) {
      JsonNode entry = entry(manifest, name);
      Path file = checkpoint.resolve(name);
      if (!Files.exists(file)) {
        throw new IOException(name + " is missing");
      }
      if (Files.size(file) != entry.path("bytes").asLong(-1)) {
        throw new IOException(
            "%s has %d bytes, its manifest says %s"
                .formatted(name, Files.size(file), entry.path("bytes")));
      }
      if (!Digests.sha256(Files.readAllBytes(file)).equals(entry.path("sha256").asText())) {
        throw new IOException(name + " does not have the SHA-256 of its manifest");
      }
    }
    checkDigest(
        checkpoint,
        manifest,
        "configurationDigest",
        Digests.sha256(configuration),
        "configuration");
    checkDigest(checkpoint, manifest, "dataDigest", run.dataDigest(), "data set");
    Path model = checkpoint.resolve("model.safetensors");
    Path slots = checkpoint.resolve("optimizer.safetensors");
    long[] updates = new long[plan.network().nodes().size()];
    plan.network()
        .batchNorms()
        .forEach(
            (node, norm) ->
                updates[node] =
                    manifest.path("runningStatisticsUpdates").path(norm.name()).asLong());
    return new TrainingState(
        manifest.path("step").asLong(),
        ModelTensors.readModel(plan.parameters(), Safetensors.read(model), model.toString()),
        ModelTensors.readOptimizer(
            plan.parameters(), optimizer, Safetensors.read(slots), slots.toString()),
        updates);
  }

  private static JsonNode readManifest(Path checkpoint) throws IOException {
    Path file = checkpoint.resolve("manifest.json");
    if (!Files.exists(file)) {
      throw new IOException("it has no manifest.json");
    }
    JsonNode manifest;
    try {
      manifest = JSON.readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new IOException("its manifest.json is no JSON", e);
    }
    if (!FORMAT.equals(manifest.path("format").asText())
        || manifest.path("version").asInt() != VERSION) {
      throw new IOException(
          "its manifest.json is not of the format " + FORMAT + ", version " + VERSION);
    }
    if (!checkpoint.getFileName().toString().equals(name(manifest.path("step").asLong(-1)))) {
      throw new IOException("its manifest.json says step " + manifest.path("step"));
    }
    return manifest;
  }

  private static JsonNode entry(JsonNode manifest, String name) throws IOException {
    for (JsonNode entry : manifest.path("files")) {
      if (name.equals(entry.path("name").asText())) {
        return entry;
      }
    }
    throw new IOException("its manifest.json does not list " + name);
  }

  private static void checkDigest(
      Path checkpoint, JsonNode manifest, String key, String expected, String what)
      throws TrainingException {
    if (!expected.equals(manifest.path(key).asText())) {
      throw new TrainingException(
          "%s belongs to another %s; resume with what the run was begun with, or begin a new run with another --run"
              .formatted(checkpoint, what));
    }
  }

  private byte[] manifest(CommittedStep step, double loss, Path checkpoint) throws IOException {
    ObjectNode manifest = JSON.createObjectNode();
    manifest.put("format", FORMAT);
    manifest.put("version", VERSION);
    manifest.put("step", step.step());
    manifest.put("epoch", step.epoch());
    manifest.put("loss", loss);
    ObjectNode position = manifest.putObject("position");
    position.put("epochsDone", step.endsEpoch() ? step.epoch() : step.epoch() - 1);
    position.put("stepsDoneInEpoch", step.step() % run.schedule().stepsPerEpoch());
    manifest.put("seed", run.schedule().seed());
    ObjectNode updates = manifest.putObject("runningStatisticsUpdates");
    plan.network()
        .batchNorms()
        .forEach((node, norm) -> updates.put(norm.name(), step.state().updates()[node]));
    manifest.put("configurationDigest", Digests.sha256(configuration));
    manifest.put("dataDigest", run.dataDigest());
    ArrayNode files = manifest.putArray("files");
    for (String name : FILES) {
      byte[] content = Files.readAllBytes(checkpoint.resolve(name));
      files
          .addObject()
          .put("name", name)
          .put("bytes", content.length)
          .put("sha256", Digests.sha256(content));
    }
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest);
  }

  private void removeOld() throws IOException {
    List<Path> all = all();
    Optional<Path> best = best(all);
    for (Path old : all.subList(0, Math.max(0, all.size() - run.keepCheckpoints()))) {
      if (!best.equals(Optional.of(old))) {
        delete(old);
      }
    }
  }

  private static Optional<Path> best(List<Path> checkpoints) {
    Optional<Path> best = Optional.empty();
    double least = Double.POSITIVE_INFINITY;
    for (Path checkpoint : checkpoints) {
      try {
        double loss = readManifest(checkpoint).path("loss").asDouble(Double.POSITIVE_INFINITY);
        if (loss < least) {
          least = loss;
          best = Optional.of(checkpoint);
        }
      } catch (IOException e) {
        // A damaged checkpoint is not the best one.
      }
    }
    return best;
  }

  private List<Path> all() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(p -> p.getFileName().toString().matches("step-\\d{8,}"))
          .sorted(
              Comparator.comparingLong(
                  p -> Long.parseLong(p.getFileName().toString().substring(5))))
          .toList();
    }
  }

  private static String name(long step) {
    return "step-%08d".formatted(step);
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
}
