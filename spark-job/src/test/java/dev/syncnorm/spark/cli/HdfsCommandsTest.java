package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.spark.testing.ImageFolder;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.training.RunFiles;
import dev.syncnorm.testing.SampleStatistics;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands and a real HDFS: what lies there, and what lies on this machine while HDFS is the file
 * system of paths without a scheme.
 */
@Timeout(180)
class HdfsCommandsTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEFAULT = "spark.hadoop.fs.defaultFS";

  @TempDir private static File hdfsFolder;
  private static MiniDFSCluster cluster;
  private static FileSystem hdfs;
  private static String root;

  @TempDir private Path folder;
  private ImageFolder images;

  @BeforeAll
  static void startHdfs() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, hdfsFolder.getPath());
    configuration.set("dfs.namenode.http-address", "127.0.0.1:0");
    configuration.set("dfs.datanode.http.address", "127.0.0.1:0");
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    hdfs = cluster.getFileSystem();
    root = hdfs.getUri().toString();
  }

  @AfterAll
  static void stopHdfs() {
    if (cluster != null) {
      cluster.shutdown(true);
    }
  }

  @BeforeEach
  void makeImages() {
    images =
        new ImageFolder(folder.resolve("images"))
            .png("cat/1.png", 12, 9)
            .jpeg("dog/1.jpg", 30, 20)
            .file("dog/2.png", PairFolders.truncated(PairFolders.png(30, 30, 2)));
  }

  @AfterEach
  void forgetDefault() throws IOException {
    System.clearProperty(DEFAULT);
    for (FileStatus status : hdfs.listStatus(path("/"))) {
      hdfs.delete(status.getPath(), true);
    }
  }

  @Test
  void statisticsAndTheirReportsLiveThere() throws IOException {
    copyImages("/images");
    String stats = root + "/s/stats.json";
    run("stats", images.path(), "-o", local("stats.json"));

    for (int time = 1; time <= 2; time++) {
      Command command = run("stats", root + "/images", "-o", stats);
      assertThat(command.output().lines()).last().isEqualTo(stats);
      assertThat(command.output()).contains("  " + root + "/images/dog/2.png is truncated: ");
    }

    assertThat(numbers(read("/s/stats.json")))
        .isEqualTo(numbers(Files.readAllBytes(folder.resolve("stats.json"))));
    assertThat(Command.run(List.of("stats", images.path(), "-o", stats)).error())
        .isEqualTo(
            "syncnorm: -o %s is there already, and not with statistics of these inputs and pixels; remove it or choose another name\n"
                .formatted(stats));

    for (int time = 1; time <= 2; time++) {
      assertThat(run("report", stats).output()).isEqualTo(root + "/s/stats.html\n");
    }
    assertThat(new String(read("/s/stats.html"), StandardCharsets.UTF_8))
        .contains("<h1>" + root + "/images</h1>", "transforms.Normalize(mean=[");
    run("report", stats, "-o", local("here.html"));
    run("report", local("stats.json"), "-o", root + "/p/there.html");
    assertThat(folder.resolve("here.html")).hasBinaryContent(read("/s/stats.html"));
    run("report", local("stats.json"));
    assertThat(folder.resolve("stats.html")).hasBinaryContent(read("/p/there.html"));
    assertThat(names("/s")).as("nothing temporary").containsExactly("stats.html", "stats.json");
  }

  @Test
  void partsThatLieThereAreMerged() throws IOException {
    copyImages("/images");
    run("stats", images.path(), "-o", local("all.json"));
    run("stats", root + "/images/cat", "-o", root + "/s/cat.json");
    run("stats", root + "/images/dog", "-o", root + "/s/dog.json");

    run("stats", "--merge", root + "/s/cat.json", root + "/s/dog.json", "-o", root + "/s/a.json");

    JsonNode merged = JSON.readTree(read("/s/a.json"));
    JsonNode all = JSON.readTree(folder.resolve("all.json").toFile());
    for (String field : List.of("channels", "covariance", "sumsOfProducts", "pixels")) {
      assertThat(merged.get(field)).as(field).isEqualTo(all.get(field));
    }
  }

  @Test
  void statisticsThatAreMissingOrDamagedAreNamed() throws IOException {
    write("/s/damaged.json", "{}".getBytes(StandardCharsets.UTF_8));

    for (String name : List.of("damaged.json", "none.json")) {
      Command command = Command.run(List.of("report", root + "/s/" + name));
      assertThat(command.exitCode()).isEqualTo(Main.FAILED);
      assertThat(command.error()).startsWith("syncnorm: " + root + "/s/" + name).hasLineCount(1);
    }
    assertThat(names("/s")).containsExactly("damaged.json");
  }

  @Test
  void trainingTakesItsPixelsFromStatisticsThere() throws IOException {
    byte[] statistics =
        SampleStatistics.json(
            new PixelSettings(Channels.RGB, Optional.of(new Extent(8, 8)), Optional.empty()),
            SampleStatistics.RED_GREEN_BLUE);
    write("/s/stats.json", statistics);
    PairFolders data = pairs().file("stats.json", statistics);
    String conf = data.configuration().toString();
    RunFiles plain = train(conf, "plain");
    RunFiles expected = train(conf, "here", "--set", "data.pixels.statistics=stats.json");

    RunFiles there =
        train(conf, "there", "--set", "data.pixels.statistics=" + root + "/s/stats.json");

    expected.assertSameAs(there);
    assertThat(there.sha256("model.safetensors")).isNotEqualTo(plain.sha256("model.safetensors"));
    assertThat(Files.readString(folder.resolve("there/config.conf")))
        .contains("\"" + root + "/s/stats.json\"");
  }

  @Test
  void imagesOfThisMachineAreMeasuredWhereHdfsIsTheDefault() throws IOException {
    run("stats", images.path(), "-o", local("expected.json"), "--group-by", "parent");
    System.setProperty(DEFAULT, root);
    int number = 0;
    for (String input :
        List.of(
            "file://" + images.folder(),
            images.path(),
            "file:" + images.folder() + "/[c-d]*g,t}")) {
      // The last is a pattern below.
      String given = input.endsWith("}") ? "file:" + images.folder() + "/{cat,dog}" : input;
      String output = local(number + ".json");
      String quarantine = (number == 1 ? "" : "file://") + local("bad" + number);
      Command command =
          run(
              "stats",
              given,
              "-o",
              output,
              "--group-by",
              "parent",
              "--on-bad",
              "quarantine",
              "--quarantine",
              quarantine);

      assertThat(command.output())
          .contains("  " + images.folder().resolve("dog/2.png") + " is truncated: ");
      JsonNode expected = JSON.readTree(folder.resolve("expected.json").toFile());
      JsonNode measured = JSON.readTree(folder.resolve(number + ".json").toFile());
      for (String field : List.of("channels", "covariance", "groups", "rejections")) {
        assertThat(measured.get(field)).as(given + " " + field).isEqualTo(expected.get(field));
      }
      String copy = number == 2 ? "2.png" : "dog/2.png";
      ImageFolder bad = new ImageFolder(folder.resolve("bad" + number));
      assertThat(bad.names()).containsExactly(copy, "rejections.jsonl");
      assertThat(bad.bytes(copy)).isEqualTo(images.bytes("dog/2.png"));
      number++;
    }
    assertThat(names("/")).as("nothing on HDFS").isEmpty();
  }

  @Test
  void aQuarantineAmongTheImagesIsFoundWhereHdfsIsTheDefault() {
    System.setProperty(DEFAULT, root);

    Command command =
        Command.run(
            List.of(
                "stats",
                "file://" + images.folder(),
                "--on-bad",
                "quarantine",
                "--quarantine",
                images.path() + "/bad"));

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error()).contains(images.path() + "/bad lies in file://" + images.folder());
  }

  @Test
  void pairsOfThisMachineAreTrainedOnWhereHdfsIsTheDefault() throws IOException {
    PairFolders data = pairs().file("input/c.png", "no image".getBytes(StandardCharsets.UTF_8));
    String conf = data.configuration().toString();
    String[] options = {"--on-bad", "quarantine", "--quarantine", local("bad")};
    RunFiles expected = train(conf, "expected", options);
    System.setProperty(DEFAULT, root);
    String preview = "preview.before=" + folder.resolve("input/a.png");

    RunFiles plain =
        train(
            conf,
            "plain",
            "--set",
            preview,
            "--on-bad",
            "quarantine",
            "--quarantine",
            local("bad-plain"));
    data.configuration("file://" + folder.resolve("input"), "file:" + folder.resolve("target"));
    RunFiles uris =
        train(
            conf,
            "uris",
            "--set",
            preview.replace("=", "=file://"),
            "--on-bad",
            "quarantine",
            "--quarantine",
            "file://" + local("bad-uris"));

    expected.assertSameAs(plain);
    expected.assertSameAs(uris);
    assertThat(JSON.readTree(folder.resolve("uris/index.json").toFile()))
        .as("plain paths")
        .isEqualTo(JSON.readTree(folder.resolve("expected/index.json").toFile()));
    for (String bad : List.of("bad", "bad-plain", "bad-uris")) {
      assertThat(new ImageFolder(folder.resolve(bad)).names())
          .containsExactly("input/c.png", "rejections.jsonl");
    }
    assertThat(folder.resolve("plain/images/before.png")).exists();
    assertThat(folder.resolve("uris/images/before.png"))
        .hasSameBinaryContentAs(folder.resolve("plain/images/before.png"));
    assertThat(names("/")).as("nothing on HDFS").isEmpty();
  }

  @Test
  void aFolderThatIsNotOnThisMachineIsNamedWhereHdfsIsTheDefault() {
    System.setProperty(DEFAULT, root);
    for (String scheme : List.of("", "file://")) {
      PairFolders data = pairs();
      String conf =
          data.configuration(scheme + local("none"), folder.resolve("target").toString())
              .toString();

      Command command = Command.run(List.of("train", conf, "--run", local("run")));

      assertThat(command.exitCode()).isEqualTo(Main.WRONG_USAGE);
      assertThat(command.error())
          .contains("data.input is \"%s\", expected a folder".formatted(scheme + local("none")))
          .hasLineCount(1);
    }
  }

  @Test
  void aFolderThatIsNotThereIsNamed() {
    String conf = pairs().configuration(root + "/none", root + "/no/more").toString();

    Command command = Command.run(List.of("train", conf, "--run", local("run")));

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error().lines())
        .containsExactly(
            "syncnorm: data.input is %s/none, which does not exist; expected a folder of images"
                .formatted(root),
            "syncnorm: data.target is %s/no/more, which does not exist; expected a folder of images"
                .formatted(root));
  }

  /** A configuration there means HDFS by a path without a scheme. */
  @Test
  void plainPathsOfAConfigurationThereAreOfHdfs() throws IOException {
    PairFolders data = pairs();
    for (String kind : List.of("input", "target")) {
      for (String name : data.files(kind).keySet()) {
        write("/d/" + kind + "/" + name, Files.readAllBytes(folder.resolve(kind).resolve(name)));
      }
    }
    RunFiles expected = train(data.configuration().toString(), "expected");
    byte[] conf = Files.readAllBytes(data.configuration("/d/input", "/d/target"));
    write("/conf/c.conf", conf);
    System.setProperty(DEFAULT, root);

    RunFiles there =
        train(root + "/conf/c.conf", "there", "--set", "preview.before=/d/input/a.png");

    expected.assertSameAs(there);
    assertThat(folder.resolve("there/images/before.png")).exists();
  }

  private PairFolders pairs() {
    return new PairFolders(folder).pair("a", 9, 5).pair("b", 8, 8).pair("c", 16, 16);
  }

  private RunFiles train(String conf, String run, String... options) {
    List<String> arguments =
        new ArrayList<>(List.of("train", conf, "--run", local(run), "--workers", "1"));
    arguments.addAll(List.of(options));
    run(arguments.toArray(String[]::new));
    return new RunFiles(folder.resolve(run));
  }

  private static Command run(String... arguments) {
    Command command = Command.run(List.of(arguments));
    assertThat(command.exitCode()).as(command.error()).isZero();
    return command;
  }

  private String local(String name) {
    return folder.resolve(name).toString();
  }

  /** All but where the images lie and how long it took. */
  private static JsonNode numbers(byte[] json) throws IOException {
    ObjectNode file = (ObjectNode) JSON.readTree(json);
    assertThat(file.get("rejections")).hasSize(1);
    return file.without(List.of("inputs", "rejections", "elapsedSeconds", "megapixelsPerSecond"));
  }

  private void copyImages(String to) throws IOException {
    for (String name : images.names()) {
      write(to + "/" + name, images.bytes(name));
    }
  }

  private static org.apache.hadoop.fs.Path path(String path) {
    return new org.apache.hadoop.fs.Path(root + path);
  }

  private static void write(String path, byte[] content) throws IOException {
    try (FSDataOutputStream out = hdfs.create(path(path), true)) {
      out.write(content);
    }
  }

  private static byte[] read(String path) throws IOException {
    try (InputStream in = hdfs.open(path(path))) {
      return in.readAllBytes();
    }
  }

  private static List<String> names(String folder) throws IOException {
    return Arrays.stream(hdfs.listStatus(path(folder)))
        .map(status -> status.getPath().getName())
        .sorted()
        .toList();
  }
}
