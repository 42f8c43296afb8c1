package dev.syncnorm.events;

import static dev.syncnorm.events.DecodedRecords.doubles;
import static dev.syncnorm.events.DecodedRecords.message;
import static dev.syncnorm.events.DecodedRecords.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingEventsTest {

  /** A value of a summary with its step. */
  private record Found(long step, Map<Integer, List<Object>> value) {}

  @TempDir private Path folder;

  @Test
  void theOracleOfTheCrcKnowsThePublishedCheckValue() {
    assertThat(DecodedRecords.crc32c("123456789".getBytes(StandardCharsets.US_ASCII)))
        .isEqualTo(0xe3069283L);
  }

  @Test
  void theFileBeginsWithItsVersionAndAStart() throws Exception {
    WrittenEvents written = WrittenEvents.write(folder.resolve("run"));

    assertThat(written.file().getFileName().toString())
        .matches("events\\.out\\.tfevents\\.1700000000\\.[A-Za-z0-9_-]+\\.syncnorm");
    List<byte[]> records = DecodedRecords.records(Files.readAllBytes(written.file()));
    Map<Integer, List<Object>> version = message(records.get(0));
    assertThat(version.get(1)).containsExactly(1_700_000_000.25);
    assertThat(text(version.get(3).get(0))).isEqualTo("brain.Event:2");
    Map<Integer, List<Object>> start = message(records.get(1));
    assertThat(start.get(2)).containsExactly(1L);
    assertThat(message(start.get(7).get(0))).containsEntry(1, List.of(1L));
  }

  @Test
  void everyStepHasItsScalars() throws Exception {
    WrittenEvents written = WrittenEvents.write(folder.resolve("run"));

    List<Found> losses = values(written, "loss");
    assertThat(losses).extracting(Found::step).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(losses)
        .extracting(f -> f.value().get(2).get(0))
        .containsExactlyElementsOf(
            written.steps().stream().map(s -> (Object) (float) s.loss()).toList());
    assertThat(values(written, "learning_rate"))
        .hasSize(6)
        .allMatch(f -> f.value().get(2).equals(List.of(0.01f)));
    assertThat(values(written, "images_per_second"))
        .hasSize(6)
        .allMatch(f -> f.value().get(2).equals(List.of(8f)));
  }

  @Test
  void everyEpochHasHistogramsOfTheMovingStatistics() throws Exception {
    WrittenEvents written = WrittenEvents.write(folder.resolve("run"));

    for (String layer : List.of("bn1", "bn2")) {
      check(written, layer, "moving_mean", BatchNorm.MOVING_MEAN);
      check(written, layer, "moving_variance", BatchNorm.MOVING_VARIANCE);
    }
  }

  private static void check(WrittenEvents written, String layer, String name, int parameter)
      throws Exception {
    List<Found> found = values(written, layer + "/" + name);
    assertThat(found).extracting(Found::step).containsExactly(2L, 4L, 6L);
    for (Found one : found) {
      double[] samples = floats(written.moving(one.step(), layer, parameter));
      Arrays.sort(samples);
      Map<Integer, List<Object>> histogram = message(one.value().get(5).get(0));
      assertThat(histogram.get(1)).containsExactly(samples[0]);
      assertThat(histogram.get(2)).containsExactly(samples[samples.length - 1]);
      assertThat(histogram.get(3)).containsExactly((double) samples.length);
      double[] limits = doubles(histogram.get(6).get(0));
      double[] counts = doubles(histogram.get(7).get(0));
      assertThat(limits).isSorted().hasSameSizeAs(counts);
      int below = 0;
      for (int i = 0; i < limits.length; i++) {
        below += (int) counts[i];
        double limit = limits[i];
        assertThat(Arrays.stream(samples).filter(s -> s <= limit).count()).isEqualTo(below);
      }
      assertThat(below).isEqualTo(samples.length);
    }
  }

  @Test
  void equalValuesMakeOneBucket() {
    byte[] bytes = new Summary().histogram("same", new float[] {2, 2, 2}).message().toBytes();

    Map<Integer, List<Object>> histogram =
        message(message(message(bytes).get(1).get(0)).get(5).get(0));
    assertThat(doubles(histogram.get(6).get(0))).containsExactly(2);
    assertThat(doubles(histogram.get(7).get(0))).containsExactly(3);
    assertThat(histogram.get(4)).containsExactly(6.0);
    assertThat(histogram.get(5)).containsExactly(12.0);
  }

  @Test
  void picturesAreThoseOfTheRun() throws Exception {
    WrittenEvents written = WrittenEvents.write(folder.resolve("run"));

    for (String name : List.of("before", "after")) {
      List<Found> found = values(written, "preview/" + name);
      assertThat(found).extracting(Found::step).containsExactly(name.equals("before") ? 0L : 6L);
      Map<Integer, List<Object>> image = message(found.get(0).value().get(4).get(0));
      assertThat(image).containsEntry(1, List.of(4L)).containsEntry(2, List.of(6L));
      assertThat((byte[]) image.get(4).get(0))
          .isEqualTo(Files.readAllBytes(written.run().resolve("images/" + name + ".png")));
    }
    assertThat(values(written, "preview/test")).isEmpty();
  }

  @Test
  void aTrainingThatGoesOnWritesAnotherFileOfALaterName() throws Exception {
    WrittenEvents written = WrittenEvents.write(folder.resolve("run"));
    Path first = written.file();
    byte[] before = Files.readAllBytes(first);
    RunFolder other = WrittenEvents.run(written.training(), folder.resolve("other"));
    Files.createDirectories(folder.resolve("other/events"));
    Path copy = folder.resolve("other/events").resolve(first.getFileName());
    Files.copy(first, copy);

    new TrainingEvents(
            other,
            written.training().plan().network(),
            written.training().optimizer(),
            5,
            InstantSource.fixed(WrittenEvents.NOW))
        .sync();

    assertThat(copy).hasBinaryContent(before);
    try (Stream<Path> files = Files.list(copy.getParent())) {
      List<Path> sorted = files.sorted().toList();
      assertThat(sorted).hasSize(2).first().isEqualTo(copy);
      List<byte[]> records = DecodedRecords.records(Files.readAllBytes(sorted.get(1)));
      assertThat(message(records.get(1)).get(2)).containsExactly(5L);
    }
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws Exception {
    WrittenEvents written = WrittenEvents.write(folder.resolve("run"));
    RunFolder other = WrittenEvents.run(written.training(), folder.resolve("other"));
    Files.createFile(folder.resolve("other/events"));

    assertThatThrownBy(
            () ->
                new TrainingEvents(
                    other,
                    written.training().plan().network(),
                    written.training().optimizer(),
                    1,
                    InstantSource.fixed(WrittenEvents.NOW)))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("other/events can't be written");
  }

  private static List<Found> values(WrittenEvents written, String tag) throws Exception {
    List<Found> found = new ArrayList<>();
    for (byte[] record : DecodedRecords.records(Files.readAllBytes(written.file()))) {
      Map<Integer, List<Object>> event = message(record);
      assertThat(event.get(1)).containsExactly(1_700_000_000.25);
      for (Object summary : event.getOrDefault(5, List.of())) {
        for (Object value : message(summary).get(1)) {
          Map<Integer, List<Object>> fields = message(value);
          if (text(fields.get(1).get(0)).equals(tag)) {
            found.add(new Found((long) event.get(2).get(0), fields));
          }
        }
      }
    }
    return found;
  }

  private static double[] floats(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
