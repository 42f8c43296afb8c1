package dev.syncnorm.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.tensor.Digests;
import dev.syncnorm.tensor.Safetensors;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.training.Coordinator.CommittedStep;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The checkpoints of a run. One is a folder whose manifest was written last: without a manifest
 * that agrees with its files it does not exist. Used by one thread.
 */
final class Checkpoints {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FORMAT = "syncnorm/checkpoint";
  private static final int VERSION = 1;
  private static final String CHECKPOINTS = "checkpoints";
  private static final String MANIFEST = "/manifest.json";
  private static final int LONGEST_MANIFEST = 64 << 20;
  private static final int MOST_BYTES = Integer.MAX_VALUE - 64;
  private static final List<String> FILES =
      List.of("config.conf", "model.safetensors", "optimizer.safetensors");

  private final Folder folder;
  private final RunDescription run;
  private final StepPlan plan;
  private final Optimizer optimizer;
  private final byte[] configuration;

  /** What the manifest says of a file. */
  private record Part(String name, long bytes, String sha256) {}

  /** The checkpoints in a run's folder. */
  Checkpoints(Folder run, RunDescription description) {
    this.folder = run;
    this.run = description;
    this.plan = description.plan();
    this.optimizer = description.optimizer();
    this.configuration = description.configuration().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Writes a checkpoint and removes those that are neither among the latest nor the best.
   *
   * @param loss the mean loss of the images since the checkpoint before
   */
  void write(CommittedStep step, double loss) throws IOException {
    String place = place(step.step());
    delete(place); // an unfinished or damaged one that a resumed run has gone past
    folder.makeFolder(place);
    TrainingState state = step.state();
    List<Part> parts =
        List.of(
            part(place, "config.conf", out -> out.write(configuration)),
            part(
                place,
                "model.safetensors",
                out ->
                    SafetensorsWriter.write(
                        ModelTensors.model(plan.parameters(), state.parameters()), Map.of(), out)),
            part(
                place,
                "optimizer.safetensors",
                out ->
                    SafetensorsWriter.write(
                        ModelTensors.optimizer(plan.parameters(), optimizer, state.slots()),
                        Map.of(),
                        out)));
    byte[] manifest = manifest(step, loss, parts);
    folder.write(place + MANIFEST, out -> out.write(manifest));
    removeOld();
  }

  /** The manifest vouches for it, so it need not appear at once. */
  private Part part(String place, String name, Folder.Content content) throws IOException {
    MessageDigest digest = Digests.sha256();
    String file = place + "/" + name;
    folder.writeInPlace(
        file,
        out -> {
          DigestOutputStream digesting = new DigestOutputStream(out, digest);
          content.writeTo(digesting);
          digesting.flush();
        });
    return new Part(name, folder.size(file), Digests.hex(digest.digest()));
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
    List<String> finished;
    try {
      finished = finished(all());
    } catch (IOException e) {
      throw new TrainingException(
          "%s can't be listed: %s".formatted(folder.path(CHECKPOINTS), e.getMessage()), e);
    }
    for (int i = finished.size() - 1; i >= 0; i--) {
      String checkpoint = finished.get(i);
      try {
        return Optional.of(read(checkpoint));
      } catch (IOException e) {
        warnings.accept(
            "%s is damaged: %s; using the one before it"
                .formatted(folder.path(checkpoint), e.getMessage()));
      }
    }
    if (!finished.isEmpty()) {
      throw new TrainingException(
          "every checkpoint in %s is damaged; begin a new run with another --run"
              .formatted(folder.path(CHECKPOINTS)));
    }
    return Optional.empty();
  }

  private TrainingState read(String checkpoint) throws IOException, TrainingException {
    JsonNode manifest = readManifest(checkpoint);
    Map<String, byte[]> contents = new HashMap<>();
    for (String name : FILES) {
      contents.put(name, content(checkpoint, entry(manifest, name), name));
    }
    checkDigest(
        checkpoint,
        manifest,
        "configurationDigest",
        Digests.sha256(configuration),
        "configuration");
    checkDigest(checkpoint, manifest, "dataDigest", run.dataDigest(), "data set");
    long[] updates = new long[plan.network().nodes().size()];
    plan.network()
        .batchNorms()
        .forEach(
            (node, norm) ->
                updates[node] =
                    manifest.path("runningStatisticsUpdates").path(norm.name()).asLong());
    String model = folder.path(checkpoint + "/model.safetensors");
    String slots = folder.path(checkpoint + "/optimizer.safetensors");
    return new TrainingState(
        manifest.path("step").asLong(),
        ModelTensors.readModel(
            plan.parameters(), Safetensors.read(contents.get("model.safetensors"), model), model),
        ModelTensors.readOptimizer(
            plan.parameters(),
            optimizer,
            Safetensors.read(contents.get("optimizer.safetensors"), slots),
            slots),
        updates);
  }

  private byte[] content(String checkpoint, JsonNode entry, String name) throws IOException {
    String file = checkpoint + "/" + name;
    if (folder.kind(file) != Kind.FILE) {
      throw new IOException(name + " is missing");
    }
    long bytes = folder.size(file);
    if (bytes != entry.path("bytes").asLong(-1)) {
      throw new IOException(
          "%s has %d bytes, its manifest says %s".formatted(name, bytes, entry.path("bytes")));
    }
    byte[] content = folder.read(file, MOST_BYTES);
    if (!Digests.sha256(content).equals(entry.path("sha256").asText())) {
      throw new IOException(name + " does not have the SHA-256 of its manifest");
    }
    return content;
  }

  private JsonNode readManifest(String checkpoint) throws IOException {
    byte[] content = folder.read(checkpoint + MANIFEST, LONGEST_MANIFEST);
    JsonNode manifest;
    try {
      manifest = JSON.readTree(content);
    } catch (IOException e) {
      throw new IOException("its manifest.json is no JSON", e);
    }
    if (!FORMAT.equals(manifest.path("format").asText())
        || manifest.path("version").asInt() != VERSION) {
      throw new IOException(
          "its manifest.json is not of the format " + FORMAT + ", version " + VERSION);
    }
    if (!checkpoint.equals(place(manifest.path("step").asLong(-1)))) {
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

  private void checkDigest(
      String checkpoint, JsonNode manifest, String key, String expected, String what)
      throws TrainingException {
    if (!expected.equals(manifest.path(key).asText())) {
      throw new TrainingException(
          "%s belongs to another %s; resume with what the run was begun with, or begin a new run with another --run"
              .formatted(folder.path(checkpoint), what));
    }
  }

  private byte[] manifest(CommittedStep step, double loss, List<Part> parts) throws IOException {
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
    for (Part part : parts) {
      files
          .addObject()
          .put("name", part.name())
          .put("bytes", part.bytes())
          .put("sha256", part.sha256());
    }
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest);
  }

  /** Also those that were never finished: the latest of all is finished, so they are of no use. */
  private void removeOld() throws IOException {
    List<String> all = all();
    List<String> finished = finished(all);
    Set<String> kept =
        new HashSet<>(
            finished.subList(
                Math.max(0, finished.size() - run.keepCheckpoints()), finished.size()));
    best(finished).ifPresent(kept::add);
    for (String checkpoint : all) {
      if (!kept.contains(checkpoint)) {
        delete(checkpoint);
      }
    }
  }

  private Optional<String> best(List<String> checkpoints) {
    Optional<String> best = Optional.empty();
    double least = Double.POSITIVE_INFINITY;
    for (String checkpoint : checkpoints) {
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

  /** All folders of checkpoints in the order of their steps, finished or not. */
  private List<String> all() throws IOException {
    return folder.list(CHECKPOINTS).stream()
        .filter(name -> name.matches("step-\\d{8,18}"))
        .sorted(Comparator.comparingLong(name -> Long.parseLong(name.substring(5))))
        .map(name -> CHECKPOINTS + "/" + name)
        .toList();
  }

  /** Those with a manifest: the others do not exist, or not yet. */
  private List<String> finished(List<String> checkpoints) throws IOException {
    List<String> finished = new ArrayList<>();
    for (String checkpoint : checkpoints) {
      if (folder.kind(checkpoint + MANIFEST) == Kind.FILE) {
        finished.add(checkpoint);
      }
    }
    return finished;
  }

  private static String place(long step) {
    return CHECKPOINTS + "/step-%08d".formatted(step);
  }

  private void delete(String checkpoint) throws IOException {
    // The manifest goes first: without it, what is left is no checkpoint.
    folder.delete(checkpoint + MANIFEST);
    for (String name : folder.list(checkpoint)) {
      folder.delete(checkpoint + "/" + name);
    }
    folder.delete(checkpoint);
  }
}
