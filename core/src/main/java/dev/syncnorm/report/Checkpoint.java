package dev.syncnorm.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A checkpoint as its manifest describes it.
 *
 * @param modelDigest SHA-256 of model.safetensors
 * @param problem why it is not whole, or empty
 */
record Checkpoint(
    String folder, long step, long epoch, long bytes, String modelDigest, String problem) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_MANIFEST = 16 << 20;

  /** All checkpoints of a run in the order of their steps. */
  static List<Checkpoint> list(RunFiles files) throws ReportException {
    List<String> names =
        files.list("checkpoints").stream()
            .filter(name -> name.matches("step-[0-9]{8,18}"))
            .sorted()
            .toList();
    List<Checkpoint> checkpoints = new ArrayList<>();
    for (String name : names) {
      checkpoints.add(read(files, name));
    }
    return checkpoints;
  }

  private static Checkpoint read(RunFiles files, String name) throws ReportException {
    String folder = "checkpoints/" + name;
    Optional<byte[]> content = files.read(folder + "/manifest.json", LONGEST_MANIFEST);
    if (content.isEmpty()) {
      return broken(name, "it has no manifest");
    }
    JsonNode manifest;
    try {
      manifest = JSON.readTree(content.get());
    } catch (JsonProcessingException e) {
      return broken(name, "its manifest is no JSON");
    } catch (IOException e) {
      throw RunFiles.unreadable(files.path(folder), e);
    }
    long bytes = 0;
    String digest = "";
    String problem = "";
    for (JsonNode file : manifest.path("files")) {
      String fileName = file.path("name").asText();
      long length = file.path("bytes").asLong(-1);
      bytes += Math.max(0, length);
      if (fileName.equals("model.safetensors")) {
        digest = file.path("sha256").asText();
      }
      if (!fileName.matches("[A-Za-z0-9_.-]+") || files.size(folder + "/" + fileName) != length) {
        problem = "%s is not as its manifest says".formatted(fileName);
      }
    }
    if (digest.isEmpty()) {
      problem = "its manifest names no model.safetensors";
    }
    return new Checkpoint(
        name,
        manifest.path("step").asLong(),
        manifest.path("epoch").asLong(),
        bytes,
        digest,
        problem);
  }

  private static Checkpoint broken(String name, String problem) {
    return new Checkpoint(name, Long.parseLong(name.substring(5)), 0, 0, "", problem);
  }
}
