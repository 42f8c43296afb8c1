package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train --dry-run} on the seed network. */
class DryRunTest {

  @TempDir private Path folder;

  private Command dryRun(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                "../conf/seed.conf",
                "--dry-run",
                "--backend",
                "reference",
                "--run",
                folder.resolve("run").toString()));
    arguments.addAll(List.of(more));
    return Command.run(arguments);
  }

  @Test
  void layersSumsAndMemoryArePrinted() throws IOException {
    Command command = dryRun("--master", "local[2]");

    assertThat(command.error()).isEmpty();
    assertThat(command.exitCode()).isZero();
    // 1,021 parameters; conv1: 2 x 27 multiply-adds for each of 16 x 512 x 512 values; all the
    // bytes are 4 for each value.
    assertThat(command.output())
        .startsWith(
            """
            layers of one image, the operations of its forward pass
              layer    type         output       parameters   MFLOPs   activations
              input    image        3x512x512             0      0.0       3.0 MiB
              conv1    conv         16x512x512          448    226.5      16.0 MiB
              bn1      batch-norm   16x512x512           64     29.4      16.0 MiB
              conv2    conv         3x512x512           435    226.5       3.0 MiB
              bn2      batch-norm   3x512x512            12      5.5       3.0 MiB
              output   add          3x512x512             0      0.8       3.0 MiB
              total                                     959    488.6      44.0 MiB

            3 sums a step; a worker sends one or two tree nodes of each, and gets the result
            """)
        .contains("memory of this process: 1 worker of 2 threads and the driver, 4 images at once")
        .contains("  1: patch moments of conv1; 1 band, ")
        .contains(
            "  2: conv1+bn1, conv2 (stored), moments of bn2, residual, residual sums of bn2; ")
        .contains("gradients of conv1 and bn1; ")
        .containsPattern("images and targets +24.8 MiB\n  tensors between phases +12.4 MiB\n")
        .containsPattern("image cache +6.0 MiB\n")
        .endsWith("it fits\n");
    assertNothingIsWritten();
  }

  @Test
  void aPlanThatDoesNotFitSaysWhatToChange() throws IOException {
    Command command =
        dryRun(
            "--set",
            "model.input.height=8192",
            "--set",
            "model.input.width=8192",
            "--set",
            "data.pixels.resize=[8192,8192]");

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.output()).contains("output   add          3x8192x8192");
    assertThat(command.error().lines()).hasSize(1);
    assertThat(command.error())
        .matches(
            "syncnorm: the training needs [0-9]+\\.[0-9] GiB, but the heap has .*iB: .*"
                + "make model\\.input and data\\.pixels\\.resize smaller, or give more memory:"
                + " SYNCNORM_JAVA_OPTS=-Xmx[0-9]+g\n");
    assertNothingIsWritten();
  }

  @Test
  void dataThatCanNotBeTrainedOnIsTold() throws IOException {
    Command missing = dryRun("--set", "data.input=/no/such/folder");
    Command small = dryRun("--set", "train.batch-size=5");

    assertThat(missing.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(missing.error())
        .contains("expected a folder of images, but there is no folder /no/such/folder");
    assertThat(small.exitCode()).isEqualTo(Main.FAILED);
    assertThat(small.error())
        .isEqualTo(
            "syncnorm: train.batch-size is 5, but the data set has 4 pairs in %s; set"
                    .formatted(Path.of("../data/train/input").toAbsolutePath().normalize())
                + " train.batch-size to 4 or less\n");
    assertNothingIsWritten();
  }

  @Test
  void mistakesAreThoseOfATraining() throws IOException {
    Command command = dryRun("--set", "train.epochs=0", "--workers", "0");

    assertThat(command.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(command.output()).isEmpty();
    assertThat(command.error().lines()).hasSize(2);
    assertNothingIsWritten();
  }

  private void assertNothingIsWritten() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }
}
