package dev.syncnorm.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.testing.TinyTraining;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/** TensorBoard's own reader finds what was written. */
@EnabledIfEnvironmentVariable(
    named = "SYNCNORM_PYTHON",
    matches = ".+",
    disabledReason =
        "SYNCNORM_PYTHON is not set; set it to a Python that has the package tensorboard")
class TensorBoardReaderTest {

  private static final Path SCRIPT = Path.of("../python/read_events.py");

  @TempDir private Path folder;

  @Test
  void findsAllThatWasWritten() throws Exception {
    WrittenEvents written = WrittenEvents.write(folder.resolve("run"));

    JsonNode read = read(written.run().resolve("events"));

    assertThat(read.path("scalars").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("loss", "learning_rate", "images_per_second");
    assertThat(read.path("histograms").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "bn1/moving_mean", "bn1/moving_variance", "bn2/moving_mean", "bn2/moving_variance");
    assertThat(read.path("images").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("preview/before", "preview/after");

    JsonNode losses = read.at("/scalars/loss");
    assertThat(losses).hasSize(6);
    for (CommittedStep step : written.steps()) {
      JsonNode event = losses.path((int) step.step() - 1);
      assertThat(event.path(0).asLong()).isEqualTo(step.step());
      assertThat((float) event.path(1).asDouble()).isEqualTo((float) step.loss());
    }
    JsonNode histogram = read.path("histograms").path("bn1/moving_variance").path(2);
    assertThat(histogram.path(0).asLong()).isEqualTo(6);
    double sum = 0;
    for (float value : written.moving(6, "bn1", BatchNorm.MOVING_VARIANCE)) {
      sum += value;
    }
    assertThat(histogram.path(1).path("num").asDouble()).isEqualTo(4);
    assertThat(histogram.path(1).path("sum").asDouble()).isEqualTo(sum);
    JsonNode picture = read.path("images").path("preview/after").path(0);
    assertThat(picture.path(0).asLong()).isEqualTo(6);
    assertThat(picture.path(1).asInt()).isEqualTo(6);
    assertThat(picture.path(2).asInt()).isEqualTo(4);
    assertThat(Base64.getDecoder().decode(picture.path(3).asText()))
        .isEqualTo(Files.readAllBytes(written.run().resolve("images/after.png")));
  }

  /** The first run is killed in the middle of writing step 5, and its last checkpoint is step 3. */
  @Test
  void ofAResumedRunEveryStepIsThereOnceAndInOrder() throws Exception {
    TinyTraining training = TinyTraining.of(4, 2, 3, false);
    List<CommittedStep> steps = training.sequentialRun();
    RunFolder run = WrittenEvents.run(training, folder.resolve("run"));
    TrainingEvents first = events(training, run, 1);
    for (CommittedStep step : steps.subList(0, 5)) {
      // The steps that are done again are told apart by their rate.
      first.committed(step, 2 * WrittenEvents.SECONDS);
    }
    Path killed;
    try (Stream<Path> files = Files.list(folder.resolve("run/events"))) {
      killed = files.findFirst().orElseThrow();
    }
    byte[] content = Files.readAllBytes(killed);
    Files.write(killed, Arrays.copyOf(content, content.length - 9));
    TrainingEvents second = events(training, run, 4);
    for (CommittedStep step : steps.subList(3, 6)) {
      second.committed(step, WrittenEvents.SECONDS);
    }

    JsonNode read = read(folder.resolve("run/events"));

    assertThat(read.at("/scalars/loss"))
        .extracting(event -> event.path(0).asInt())
        .containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(read.at("/scalars/loss"))
        .extracting(event -> (float) event.path(1).asDouble())
        .containsExactlyElementsOf(steps.stream().map(step -> (float) step.loss()).toList());
    assertThat(read.at("/scalars/images_per_second"))
        .extracting(event -> event.path(1).asDouble())
        .containsExactly(4.0, 4.0, 4.0, 8.0, 8.0, 8.0);
    assertThat(read.path("histograms").path("bn1/moving_mean"))
        .extracting(event -> event.path(0).asInt())
        .containsExactly(2, 4, 6);
  }

  private static TrainingEvents events(TinyTraining training, RunFolder run, long firstStep)
      throws TrainingException {
    return new TrainingEvents(
        run,
        training.plan().network(),
        training.optimizer(),
        firstStep,
        InstantSource.fixed(WrittenEvents.NOW));
  }

  private JsonNode read(Path events) throws IOException, InterruptedException {
    Path output = folder.resolve("read.json");
    Path errors = folder.resolve("errors.txt");
    Process process =
        new ProcessBuilder(System.getenv("SYNCNORM_PYTHON"), SCRIPT.toString(), events.toString())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("the reader does not end");
    }
    assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
    return new ObjectMapper().readTree(output.toFile());
  }
}
