package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.training.RunFiles;
import dev.syncnorm.tensor.SafetensorsWriter;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.tensor.Tensor;
import dev.syncnorm.testing.ImageFiles;
import dev.syncnorm.testing.SampleStatistics;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train} on pixels that are normalised: from its command line to what the run leaves. */
class TrainStatisticsTest {

  private static final String STATISTICS = "data.pixels.statistics=stats.json";

  /** The statistics' numbers in the configuration's order: blue, green, red. */
  private static final List<String> NUMBERS =
      List.of("data.pixels.mean=[0.9,0.4,0.5]", "data.pixels.std=[0.1,0.2,0.5]");

  private static final byte[] JSON = json(Optional.of(new Extent(8, 8)));

  @TempDir private Path folder;
  private PairFolders data;
  private Path configuration;

  private static byte[] json(Optional<Extent> resize) {
    return SampleStatistics.json(
        new PixelSettings(Channels.RGB, resize, Optional.empty()), SampleStatistics.RED_GREEN_BLUE);
  }

  @BeforeEach
  void makeData() {
    data = new PairFolders(folder).pair("a", 9, 5).pair("b", 8, 8).pair("c", 16, 16);
    data.file("stats.json", JSON);
    configuration = data.configuration();
  }

  @Test
  void aRunFromAFileIsThatWithItsNumbersAtAnyNumberOfWorkers() throws IOException {
    RunFiles plain = train("plain", List.of(), "--workers", "1");
    RunFiles numbers = train("numbers", NUMBERS, "--workers", "1");
    RunFiles file = train("file", List.of(STATISTICS), "--workers", "1");
    RunFiles three = train("three", List.of(STATISTICS), "--workers", "3");

    assertThat(numbers.sha256("model.safetensors")).isNotEqualTo(plain.sha256("model.safetensors"));
    numbers.assertSameAs(file);
    numbers.assertSameAs(three);
  }

  @Test
  void theRunHasTheNumbersAndGoesOnWithoutTheFile() throws IOException {
    RunFiles expected = train("expected", List.of(STATISTICS));
    List<String> saved = new ArrayList<>();
    for (String file : List.of("config.conf", "checkpoints/step-00000004/config.conf")) {
      saved.add(Files.readString(folder.resolve("expected").resolve(file)));
    }
    assertThat(saved.get(1)).isEqualTo(saved.get(0));
    Config config = ConfigFactory.parseString(saved.get(0));
    assertThat(config.getDoubleList("data.pixels.mean")).containsExactly(0.9, 0.4, 0.5);
    assertThat(config.getDoubleList("data.pixels.std")).containsExactly(0.1, 0.2, 0.5);
    assertThat(config.getString("data.pixels.statistics.file")).isEqualTo("stats.json");

    train("other", List.of(STATISTICS));
    Files.delete(folder.resolve("stats.json"));
    loseTheLastCheckpoint("other");
    expected.assertSameAs(train("other", List.of(STATISTICS), "--resume"));

    loseTheLastCheckpoint("other");
    configuration = folder.resolve("other/config.conf");
    expected.assertSameAs(train("other", List.of(), "--resume"));
    expected.assertSameAs(train("third", List.of()));
  }

  @Test
  void otherStatisticsThanThoseOfTheRunAreRefused() {
    train("run", List.of(STATISTICS));
    data.file("other.json", JSON);

    Command command = command("run", List.of("data.pixels.statistics=other.json"), "--resume");

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error())
        .isEqualTo(
            "syncnorm: the run in %s was begun with another configuration: data.pixels.statistics.file was \"stats.json\" and is \"other.json\" now; resume with the same one\n"
                .formatted(folder.resolve("run")));
  }

  @Test
  void aDryRunAndATrainingTellTheNumbers() {
    data.file("stats.json", json(Optional.empty()));
    String warning =
        "syncnorm: data.pixels.statistics is stats.json, statistics of images in their own sizes,"
            + " but training resizes images to 8x8; bin/syncnorm stats --resize 8x8 makes those of"
            + " what training sees\n";

    Command dry = command("run", List.of(STATISTICS), "--dry-run");
    assertThat(dry.exitCode()).isZero();
    assertThat(dry.output())
        .startsWith(
            """
            values of a pixel: (byte / 255 - mean) / std, both from stats.json
              channel   mean   std
              blue       0.9   0.1
              green      0.4   0.2
              red        0.5   0.5

            layers of one image""");
    assertThat(dry.error()).isEqualTo(warning);

    Command command = command("run", List.of(STATISTICS));
    assertThat(command.exitCode()).as(command.error()).isZero();
    assertThat(command.output())
        .contains(
            "\npixels    bgr: mean 0.900000 0.400000 0.500000, std 0.100000 0.200000 0.500000, from"
                + " stats.json\n");
    assertThat(command.error()).isEqualTo(warning);
  }

  /** The batch norm's gain and shift are 0, so that the network's output is its input. */
  @Test
  void picturesAreConvertedBackExactly() throws IOException {
    byte[] weights =
        SafetensorsWriter.toBytes(
            Map.of(
                "bn1.gamma", new Tensor(Shape.of(3), new float[3]),
                "bn1.beta", new Tensor(Shape.of(3), new float[3])),
            Map.of());
    data.file("zeros.safetensors", weights);
    List<String> settings =
        List.of(
            STATISTICS,
            "preview.before=" + folder.resolve("input/b.png"),
            "model.layers=[{name=conv1,type=conv,filters=3,kernel=3},{name=bn1,type=batch-norm},"
                + "{name=sum,type=add,inputs=[bn1,input]}]");

    train("run", settings, "--init", folder.resolve("zeros.safetensors").toString(), "--partial");

    BufferedImage before = ImageIO.read(folder.resolve("run/images/before.png").toFile());
    BufferedImage image = ImageIO.read(folder.resolve("input/b.png").toFile());
    assertThat(ImageFiles.pixels(before).bgr()).isEqualTo(ImageFiles.pixels(image).bgr());
  }

  @Test
  void theFileMayBeWhereOnlyHadoopReaches() throws IOException {
    System.setProperty("spark.hadoop.fs.hdfslike.impl", HdfsLikeFileSystem.class.getName());
    try {
      MemoryFileSystem.Store store = MemoryFileSystem.store("hdfslike://statistics");
      HdfsLikeFileSystem.put(store, "/s/stats.json", JSON);
      HdfsLikeFileSystem.put(store, "/conf/c.conf", Files.readAllBytes(configuration));
      RunFiles expected = train("expected", NUMBERS);

      expected.assertSameAs(
          train("uri", List.of("data.pixels.statistics=hdfslike://statistics/s/stats.json")));

      Command command =
          command(
              "hdfslike://statistics/conf/c.conf",
              "beside",
              List.of("data.pixels.statistics=s/stats.json"));
      assertThat(command.exitCode()).as(command.error()).isZero();
      expected.assertSameAs(new RunFiles(folder.resolve("beside")));

      Command missing =
          command("run", List.of("data.pixels.statistics=hdfslike://statistics/none.json"));
      assertThat(missing.exitCode()).isEqualTo(Main.WRONG_USAGE);
      assertThat(missing.error())
          .endsWith(
              "data.pixels.statistics is \"hdfslike://statistics/none.json\", expected a stats.json,"
                  + " but there is no file hdfslike://statistics/none.json\n")
          .hasLineCount(1);
    } finally {
      System.clearProperty("spark.hadoop.fs.hdfslike.impl");
    }
  }

  @Test
  void mistakesAreToldWithAllOthersBeforeAnyWork() throws IOException {
    data.file("bad.json", "[]".getBytes(StandardCharsets.UTF_8));

    Command command =
        command(
            "run",
            List.of("data.pixels.statistics=bad.json", "train.epochs=0", "data.pixels.scale=1"),
            "--workers",
            "0");

    assertThat(command.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(command.output()).isEmpty();
    assertThat(command.error().lines())
        .hasSize(4)
        .allMatch(line -> line.startsWith("syncnorm: "))
        .anyMatch(line -> line.contains("data.pixels.statistics: " + folder + "/bad.json"))
        .anyMatch(line -> line.contains("data.pixels.scale is 1, expected 255"));
    assertThat(folder.resolve("run")).doesNotExist();
  }

  private void loseTheLastCheckpoint(String run) throws IOException {
    Path checkpoint = folder.resolve(run).resolve("checkpoints/step-00000004");
    try (Stream<Path> files = Files.list(checkpoint)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(checkpoint);
  }

  private RunFiles train(String run, List<String> settings, String... more) {
    Command command = command(run, settings, more);
    assertThat(command.exitCode()).as(command.error()).isZero();
    return new RunFiles(folder.resolve(run));
  }

  private Command command(String run, List<String> settings, String... more) {
    return command(configuration.toString(), run, settings, more);
  }

  private Command command(String conf, String run, List<String> settings, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("train", conf, "--run", folder.resolve(run).toString()));
    settings.forEach(setting -> arguments.addAll(List.of("--set", setting)));
    arguments.addAll(List.of(more));
    return Command.run(arguments);
  }
}
