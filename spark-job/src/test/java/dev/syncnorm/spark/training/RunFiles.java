package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** What tests compare of a run folder. */
public record RunFiles(Path run) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The number of steps in the history so far. */
  public int steps() {
    Path file = run.resolve("history.jsonl");
    try {
      return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until the history of a running training has so many steps. */
  public void awaitSteps(int count, CapturedProcess process, Duration limit) {
    Waiting.until(
        count + " steps",
        () -> {
          assertThat(process.isAlive()).as(process::tails).isTrue();
          return steps() >= count;
        },
        limit,
        process::tails);
  }

  /** The rows of the history without the times. */
  public List<ObjectNode> history() throws IOException {
    List<ObjectNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("history.jsonl"))) {
      ObjectNode row = (ObjectNode) JSON.readTree(line);
      row.remove(List.of("seconds", "waitSeconds"));
      rows.add(row);
    }
    return rows;
  }

  /** Asserts that another run has the same history and the same bits in its last checkpoint. */
  public void assertSameAs(RunFiles other) throws IOException {
    assertThat(other.history()).isEqualTo(history());
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertThat(other.sha256(file)).as(file).isEqualTo(sha256(file));
    }
  }

  /**
   * Asserts that another run was stopped with what this one, which keeps all its checkpoints, had
   * after the same step, and left nothing but whole files.
   */
  public void assertHadSameAs(RunFiles stopped) throws IOException {
    int steps = stopped.steps();
    assertThat(stopped.history()).isEqualTo(history().subList(0, steps));
    String last = "checkpoints/step-%08d/".formatted(steps);
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertThat(stopped.run().resolve(last + file))
          .hasSameBinaryContentAs(run.resolve(last + file));
    }
    assertThat(stopped.files())
        .filteredOn(name -> !name.startsWith("events/"))
        .containsExactlyInAnyOrder(
            "config.conf",
            "index.json",
            "history.jsonl",
            "images/before.png",
            last + "config.conf",
            last + "manifest.json",
            last + "model.safetensors",
            last + "optimizer.safetensors");
  }

  private List<String> files() throws IOException {
    try (Stream<Path> paths = Files.walk(run)) {
      return paths.filter(Files::isRegularFile).map(p -> run.relativize(p).toString()).toList();
    }
  }

  /** SHA-256 of a file of the last checkpoint. */
  public String sha256(String file) throws IOException {
    try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
      Path last = checkpoints.sorted().reduce((a, b) -> b).orElseThrow();
      byte[] content = Files.readAllBytes(last.resolve(file));
      return last.getFileName()
          + " "
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
