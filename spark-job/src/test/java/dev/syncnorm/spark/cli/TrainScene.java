package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.PairFolders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A good data set of two pairs and a command line to train on it, for a test to spoil. */
final class TrainScene {

  private static final String TEXT =
      """
      model {
        input = { height = 8, width = 8 }
        layers = [
          { name = conv1, type = conv, filters = 3, kernel = 3 }
          { name = bn1, type = batch-norm }
        ]
      }
      data { input = "FOLDER/input", target = "FOLDER/target" }
      train { epochs = 1, batch-size = 2 }
      """;

  /** Spoils a scene. */
  interface Mistake {
    void make(TrainScene scene) throws IOException;
  }

  /**
   * A mistake and what it must lead to.
   *
   * @param lines of standard error behind {@code syncnorm: }, all of them; FOLDER stands for the
   *     scene's folder, {@code <...>} for what the system has to say
   */
  record Row(String name, int exitCode, List<String> lines, Mistake mistake) {
    @Override
    public String toString() {
      return name;
    }

    /** Whether lines of standard error are those of the row. */
    void check(List<String> error, Path folder) {
      ExpectedLines.check(lines, error, folder);
    }
  }

  private final Path folder;
  private final PairFolders data;
  private final List<String> arguments = new ArrayList<>();

  /** Makes the data set and the configuration c.conf in a folder. */
  TrainScene(Path folder) {
    this.folder = folder;
    this.data = new PairFolders(folder).pair("a", 9, 5).pair("b", 16, 16);
    arguments.addAll(List.of("train", path("c.conf"), "--run", path("run")));
    write("c.conf", TEXT.replace("FOLDER", folder.toString()));
  }

  Path folder() {
    return folder;
  }

  String path(String name) {
    return folder.resolve(name).toString();
  }

  List<String> arguments() {
    return arguments;
  }

  /** Adds to the command line. */
  void with(String... more) {
    arguments.addAll(List.of(more));
  }

  /** Adds settings to the command line. */
  void set(String... settings) {
    Arrays.stream(settings).forEach(setting -> with("--set", setting));
  }

  /** Trains into another folder. */
  void run(String run) {
    arguments.set(3, run);
  }

  /** Trains by another configuration. */
  void configuration(String file) {
    arguments.set(1, file);
  }

  /** Changes the configuration's text. */
  void edit(String from, String to) {
    String text = read("c.conf");
    assertThat(text).contains(from);
    write("c.conf", text.replace(from, to));
  }

  void write(String name, String text) {
    data.file(name, text.getBytes(StandardCharsets.UTF_8));
  }

  void write(String name, byte[] content) {
    data.file(name, content);
  }

  String read(String name) {
    try {
      return Files.readString(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All that is in the folder: files with their content, folders with none. */
  Map<String, String> snapshot() throws IOException {
    Map<String, String> entries = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.toList()) {
        entries.put(
            folder.relativize(path).toString(),
            Files.isRegularFile(path)
                ? Arrays.hashCode(Files.readAllBytes(path)) + " " + Files.size(path)
                : "a folder");
      }
    }
    return entries;
  }
}
