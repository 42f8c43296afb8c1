package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem.Store;
import dev.syncnorm.spark.testing.ObjectStoreFileSystem;
import dev.syncnorm.spark.testing.PairFolders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Configurations, weights and run folders that only Hadoop's file system interface reaches. */
class RunOnFileSystemsTest {

  private static final String MODEL = "checkpoints/step-00000002/model.safetensors";

  private final Map<String, String> properties =
      new HashMap<>(
          Map.of(
              "spark.hadoop.fs.hdfslike.impl", HdfsLikeFileSystem.class.getName(),
              "spark.hadoop.fs.keys.impl", ObjectStoreFileSystem.class.getName()));

  @TempDir private Path folder;

  @BeforeEach
  void registerFileSystems() {
    properties.forEach(System::setProperty);
  }

  @AfterEach
  void forgetProperties() {
    properties.keySet().forEach(System::clearProperty);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hdfslike://whole", "keys://whole"})
  void aWholeRunLivesThere(String uri) throws IOException {
    Store store = dataSet(uri);
    String run = uri + "/runs/one";
    Path local = folder.resolve("run");
    assertDone(train(folder.resolve("c.conf").toString(), local.toString()));

    Command first = train(uri + "/conf/c.conf", run);

    assertDone(first);
    assertThat(first.output())
        .contains("train     " + uri + "/conf/c.conf\n", "run       " + run + "\n")
        .endsWith("\n" + run + "\n");
    assertThat(store.entries().get("/runs/one/" + MODEL))
        .isEqualTo(Files.readAllBytes(local.resolve(MODEL)));
    assertThat(text(store, "/runs/one/history.jsonl")).hasLineCount(2);
    assertThat(text(store, "/runs/one/index.json")).contains(uri + "/d/input/a.png");
    assertThat(store.entries().keySet()).noneMatch(path -> path.contains("/."));

    Command again = train(uri + "/conf/c.conf", run);
    assertThat(again.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(again.error())
        .isEqualTo(
            "syncnorm: the run folder %s is not empty; a run is never overwritten: choose another with --run\n"
                .formatted(run));

    store.entries().keySet().removeIf(path -> path.contains("/step-00000002"));
    Command resumed = train(uri + "/conf/c.conf", run, "--resume");
    assertDone(resumed);
    assertThat(resumed.output()).contains("resumed   after step 1\n");
    assertThat(store.entries().get("/runs/one/" + MODEL))
        .isEqualTo(Files.readAllBytes(local.resolve(MODEL)));
    assertThat(text(store, "/runs/one/history.jsonl")).hasLineCount(2);

    for (int time = 1; time <= 2; time++) {
      Command report = Command.run(List.of("report", run + "/"));
      assertDone(report);
      assertThat(report.output()).isEqualTo(run + "/report.html\n");
      assertThat(text(store, "/runs/one/report.html")).contains("<h1>one</h1>", "<h3>bn1 ");
    }
    assertDone(Command.run(List.of("report", run, "-o", uri + "/pages/one.html")));
    assertThat(store.entries().get("/pages/one.html"))
        .isEqualTo(store.entries().get("/runs/one/report.html"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hdfslike://weights", "keys://weights"})
  void weightsComeFromThere(String uri) throws IOException {
    Store store = dataSet(uri);
    String conf = uri + "/conf/c.conf";
    assertDone(train(conf, uri + "/runs/one"));
    put(uri, "/names.txt", "# none\nbn1.gamma=bn1.beta\nbn1.beta=bn1.gamma\n");
    String model = uri + "/runs/one/" + MODEL;

    assertDone(
        train(conf, uri + "/runs/two", "--init", model, "--rename-file", uri + "/names.txt"));
    assertThat(store.entries().get("/runs/two/" + MODEL))
        .isNotEqualTo(store.entries().get("/runs/one/" + MODEL));

    Command missing = train(conf, uri + "/runs/three", "--init", uri + "/none.safetensors");
    assertThat(missing.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(missing.error())
        .isEqualTo(
            "syncnorm: --init is %s/none.safetensors, which does not exist; expected a safetensors file\n"
                .formatted(uri));
  }

  @Test
  void mistakesNameTheUriAsItWasWritten() {
    dataSet("hdfslike://mistakes");
    put("hdfslike://mistakes", "/conf/bad.conf", "include \"c.conf\"\n\ntrain.epoch = 3");

    Command command =
        train("hdfslike://mistakes/conf/bad.conf", "nope://x/y", "--init", "hdfslike:w");

    assertThat(command.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(command.error().lines())
        .containsExactly(
            "syncnorm: the run folder nope://x/y can't be listed: UnsupportedFileSystem No"
                + " FileSystem for scheme \"nope\"; choose another with --run",
            "syncnorm: --init is hdfslike:w, which is no path: java.net.URISyntaxException: Relative"
                + " path in absolute URI: hdfslike:w; expected one such as hdfs://host/folder/name",
            "syncnorm: hdfslike://mistakes/conf/bad.conf:3: train.epoch is not a known key; did you"
                + " mean epochs?");
    Command missing = train("hdfslike://mistakes/conf/no.conf", "hdfslike://mistakes/run");
    assertThat(missing.error())
        .isEqualTo(
            "syncnorm: the configuration hdfslike://mistakes/conf/no.conf does not exist; give the path of a .conf file\n");
  }

  @Test
  void aFolderThatCanNotBeWrittenIsNamed() {
    Store store = dataSet("hdfslike://closed");
    store.crashAfter(0);

    Command command = train("hdfslike://closed/conf/c.conf", "hdfslike://closed/run");

    assertThat(command.exitCode()).isEqualTo(Main.FAILED);
    assertThat(command.error())
        .isEqualTo(
            "syncnorm: the run folder hdfslike://closed/run can't be written: IO crashed; choose another with --run\n");
  }

  @Test
  void inClusterModeAPathOfOneMachineIsAMistake() {
    set("spark.submit.deployMode", "cluster");
    String conf = new PairFolders(folder).configuration().toString();

    Command command =
        Command.run(
            List.of("train", "file://" + conf, "--on-bad", "quarantine", "--quarantine", "bad"));

    assertThat(command.exitCode()).isEqualTo(Main.WRONG_USAGE);
    assertThat(command.error().lines())
        .hasSize(3)
        .allMatch(line -> line.contains(", a file: path, but in cluster deploy mode "))
        .anyMatch(line -> line.startsWith("syncnorm: CONF is file:///"))
        .anyMatch(line -> line.startsWith("syncnorm: --quarantine is bad,"));
    assertThat(Command.run(List.of("report", folder.toString())).error())
        .startsWith("syncnorm: RUN_OR_STATS is " + folder + ", a file: path");
    Command local = Command.run(List.of("train", "hdfslike://x/conf/c.conf"));
    assertThat(local.error()).startsWith("syncnorm: the default of --run is runs/c-2");
  }

  @Test
  void inClusterModeAPathWithoutASchemeIsOfTheDefaultFileSystem() {
    set("spark.submit.deployMode", "cluster");
    set("spark.hadoop.fs.defaultFS", "hdfslike://default");
    Store store = dataSet("hdfslike://default");

    assertDone(train("/conf/c.conf", "runs/one"));

    assertThat(store.entries()).containsKey("/user/test/runs/one/" + MODEL);
    assertThat(Path.of("runs/one")).doesNotExist();
  }

  @Test
  void aFileUriIsALocalPath() {
    String conf =
        new PairFolders(folder).pair("a", 8, 8).pair("b", 8, 8).configuration().toString();

    assertDone(train("file:" + conf, "file://" + folder.resolve("run")));

    assertThat(folder.resolve("run").resolve(MODEL)).exists();
  }

  private void set(String key, String value) {
    properties.put(key, value);
    System.setProperty(key, value);
  }

  /** Two pairs below /d and a configuration in /conf that names them by relative paths. */
  private Store dataSet(String uri) {
    PairFolders data = new PairFolders(folder).pair("a", 9, 5).pair("deep/b", 8, 8);
    Store store = MemoryFileSystem.store(uri);
    for (String kind : List.of("input", "target")) {
      data.files(kind)
          .forEach((name, boxed) -> put(uri, "/d/" + kind + "/" + name, PairFolders.bytes(boxed)));
    }
    data.configuration("d/input", "d/target");
    put(uri, "/conf/c.conf", PairFolders.bytes(data.files("").get("c.conf")));
    data.configuration();
    return store;
  }

  private static void put(String uri, String path, String text) {
    put(uri, path, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void put(String uri, String path, byte[] content) {
    if (uri.startsWith("keys:")) {
      MemoryFileSystem.store(uri).entries().put(path, content);
    } else {
      HdfsLikeFileSystem.put(MemoryFileSystem.store(uri), path, content);
    }
  }

  private static String text(Store store, String path) {
    return new String(store.entries().get(path), StandardCharsets.UTF_8);
  }

  private static void assertDone(Command command) {
    assertThat(command.exitCode()).as(command.error()).isZero();
  }

  private static Command train(String configuration, String run, String... options) {
    List<String> arguments =
        new ArrayList<>(List.of("train", configuration, "--run", run, "--workers", "1"));
    arguments.addAll(List.of(options));
    return Command.run(arguments);
  }
}
