package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {

  @TempDir private Path folder;

  @Test
  void theReportOfATrainingLiesInItsRunFolder() throws IOException {
    Path run = train();

    Command command = Command.run(List.of("report", run.toString()));

    assertThat(command.exitCode()).as(command.error()).isZero();
    Path page = run.resolve("report.html");
    assertThat(command.output().strip()).isEqualTo(page.toString());
    assertThat(page)
        .content()
        .contains("<h1>run</h1>", "<h3>bn1 <small>16 channels</small></h3>", "Best loss")
        .contains("Before: as initialised", "batch-size=4");
    long images = Files.readString(page).lines().filter(l -> l.contains("base64,")).count();
    assertThat(images).isEqualTo(3);

    Path other = folder.resolve("other.html");
    assertThat(Command.run(List.of("report", run.toString(), "-o", other.toString())).exitCode())
        .isZero();
    assertThat(other).hasSameBinaryContentAs(page);
  }

  @Test
  void whatIsNoRunIsOneLineAndExitCodeOne() {
    Command command = Command.run(List.of("report", folder.toString()));

    assertThat(command.exitCode()).isEqualTo(1);
    assertThat(command.output()).isEmpty();
    assertThat(command.error())
        .startsWith("syncnorm: " + folder + " is not a run folder")
        .hasLineCount(1);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theReportOfStatisticsLiesBesideThem() throws IOException {
    Path stats = folder.resolve("photos.json");
    Files.copy(Path.of("../docs/examples/stats.json"), stats);

    Command command = Command.run(List.of("report", stats.toString()));

    assertThat(command.exitCode()).as(command.error()).isZero();
    Path page = folder.resolve("photos.html");
    assertThat(command.output().strip()).isEqualTo(page.toString());
    assertThat(page).content().contains("<h1>data/train</h1>", "transforms.Normalize(mean=[");

    Path other = folder.resolve("other.html");
    String uri = stats.toUri().toString();
    assertThat(Command.run(List.of("report", uri, "-o", other.toString())).exitCode()).isZero();
    assertThat(other).hasSameBinaryContentAs(page);
  }

  @Test
  void aDamagedFileOfStatisticsIsOneLineAndExitCodeOne() throws IOException {
    Path stats = folder.resolve("stats.json");
    String text = Files.readString(Path.of("../docs/examples/stats.json"));
    Files.writeString(stats, text.replaceFirst("\"mean\" : 0", "\"mean\" : 1"));

    Command command = Command.run(List.of("report", stats.toString()));

    assertThat(command.exitCode()).isEqualTo(1);
    assertThat(command.error())
        .startsWith("syncnorm: " + stats + ": channels[0].mean is 1.")
        .hasLineCount(1);
    assertThat(folder.resolve("stats.html")).doesNotExist();
  }

  private Path train() {
    Path run = folder.resolve("run");
    Command command =
        Command.run(
            List.of(
                "train",
                "../conf/seed.conf",
                "--run",
                run.toString(),
                "--workers",
                "1",
                "--set",
                "model.input.height=40",
                "--set",
                "model.input.width=48",
                "--set",
                "data.pixels.resize=[40,48]",
                "--set",
                "train.epochs=2"));
    assertThat(command.exitCode()).as(command.error()).isZero();
    return run;
  }
}
