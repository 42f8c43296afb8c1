package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem.Store;
import dev.syncnorm.spark.testing.ObjectStoreFileSystem;
import dev.syncnorm.spark.testing.PairFolders;
import dev.syncnorm.spark.training.RunFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on data that only Hadoop's file system interface reaches. */
class TrainFileSystemsTest {

  private static final Map<String, String> SCHEMES =
      Map.of(
          "spark.hadoop.fs.hdfslike.impl", HdfsLikeFileSystem.class.getName(),
          "spark.hadoop.fs.keys.impl", ObjectStoreFileSystem.class.getName());

  @TempDir private Path folder;

  @BeforeAll
  static void registerFileSystems() {
    SCHEMES.forEach(System::setProperty);
  }

  @AfterAll
  static void forgetFileSystems() {
    SCHEMES.keySet().forEach(System::clearProperty);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hdfslike://train", "keys://train"})
  void whereTheDataLiesChangesNoBit(String uri) throws IOException {
    PairFolders data = new PairFolders(folder).pair("a", 9, 5).pair("deep/b", 8, 8);
    copy(data, uri);

    Command local = train(data.configuration(), "local");
    Command remote = train(data.configuration(uri + "/d/input", uri + "/d/target"), "remote");

    assertThat(local.exitCode()).as(local.error()).isZero();
    assertThat(remote.exitCode()).as(remote.error()).isZero();
    RunFiles expected = new RunFiles(folder.resolve("local"));
    RunFiles actual = new RunFiles(folder.resolve("remote"));
    assertThat(actual.history()).isEqualTo(expected.history());
    assertThat(actual.sha256("model.safetensors")).isEqualTo(expected.sha256("model.safetensors"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hdfslike://bad", "keys://bad"})
  void badImagesGoToAQuarantineThere(String uri) throws IOException {
    PairFolders data =
        new PairFolders(folder)
            .pair("a", 9, 5)
            .pair("b", 8, 8)
            .pair("closed", 8, 8)
            .pair("gone", 8, 8)
            .pair("text", 8, 8)
            .file("input/text.png", "hello".getBytes(StandardCharsets.UTF_8));
    Store store = copy(data, uri);
    store.refuse("/d/input/closed.png", true);
    store.refuse("/d/target/gone.png", false);
    Path configuration = data.configuration(uri + "/d/input", uri + "/d/target");
    String[] options = {"--on-bad", "quarantine", "--quarantine", uri + "/bad"};

    for (String run : List.of("first", "second")) {
      Command command = train(configuration, run, options);
      assertThat(command.exitCode()).as(command.error()).isZero();
      assertThat(command.output())
          .contains("rejected  6 images (3 bad-partner, 1 not-an-image, 2 unreadable)");
    }

    JsonNode index = new ObjectMapper().readTree(folder.resolve("second/index.json").toFile());
    assertThat(index.get("images"))
        .extracting(image -> image.get("path").textValue())
        .containsExactly(uri + "/d/input/a.png", uri + "/d/input/b.png");
    assertThat(index.get("rejected").get(0).get("message").textValue())
        .startsWith("AccessControlException: Permission denied")
        .contains(" (on ");
    assertThat(store.entries().tailMap("/bad/").keySet())
        .filteredOn(key -> store.entries().get(key).length > 0 && key.startsWith("/bad/"))
        .containsExactly("/bad/input/text.png", "/bad/rejections.jsonl");
    assertThat(new String(store.entries().get("/bad/rejections.jsonl"), StandardCharsets.UTF_8))
        .hasLineCount(3)
        .contains("\"copy\":\"input/text.png\"");
    assertThat(store.entries().get("/d/input/text.png"))
        .isEqualTo("hello".getBytes(StandardCharsets.UTF_8));
  }

  private static Store copy(PairFolders data, String uri) {
    Store store = MemoryFileSystem.store(uri);
    for (String kind : List.of("input", "target")) {
      data.files(kind)
          .forEach(
              (name, boxed) -> {
                byte[] content = PairFolders.bytes(boxed);
                String path = "/d/" + kind + "/" + name;
                if (uri.startsWith("keys:")) {
                  store.entries().put(path, content);
                } else {
                  HdfsLikeFileSystem.put(store, path, content);
                }
              });
    }
    return store;
  }

  private Command train(Path configuration, String run, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                configuration.toString(),
                "--run",
                folder.resolve(run).toString(),
                "--workers",
                "1"));
    arguments.addAll(List.of(options));
    return Command.run(arguments);
  }
}
