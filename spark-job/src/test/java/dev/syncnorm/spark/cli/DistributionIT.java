package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.Folders;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The distribution, unpacked; the Maven on the PATH fails. */
class DistributionIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final String WARNING = "WARNING: Using incubator modules: jdk.incubator.vector\n";
  private static final int EXECUTABLE = 0755;
  private static final int PLAIN = 0644;

  private static final Path FOLDER = Folders.temporary("syncnorm-distribution");
  private static Path home;

  @BeforeAll
  static void unpack() throws IOException {
    Path place = Files.createDirectories(FOLDER.resolve("unpacked"));
    CapturedProcess tar =
        CapturedProcess.start(
            "tar",
            List.of("tar", "-xf", Built.distribution().toString(), "-C", place.toString()),
            Map.of(),
            FOLDER,
            FOLDER);
    assertThat(tar.waitFor(LIMIT)).as(tar::tails).isZero();
    try (Stream<Path> tops = Files.list(place)) {
      List<Path> found = tops.toList();
      assertThat(found).hasSize(1);
      home = found.get(0);
    }
  }

  @AfterAll
  static void delete() {
    Folders.delete(FOLDER);
  }

  @Test
  void hasOneTopFolderNamedLikeTheArchive() {
    assertThat(home.getFileName() + ".tar")
        .isEqualTo(Built.distribution().getFileName().toString())
        .matches("syncnorm-\\d.*");
    for (String part :
        List.of(
            "bin/syncnorm",
            "lib/syncnorm.jar",
            "conf/seed.conf",
            "conf/reference.conf",
            "data/README.md",
            "docs/clusters.md",
            "README.md",
            "LICENSE",
            "NOTICE")) {
      assertThat(home.resolve(part)).isRegularFile();
    }
  }

  /** Neither the builder's umask, nor name, nor clock, nor the order of a folder. */
  @Test
  void showsNothingOfTheMachineThatBuiltIt() throws IOException {
    List<TarArchiveEntry> entries = new ArrayList<>();
    try (InputStream file = Files.newInputStream(Built.distribution());
        TarArchiveInputStream tar = new TarArchiveInputStream(file)) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        entries.add(entry);
      }
    }

    assertThat(entries)
        .extracting(TarArchiveEntry::getLastModifiedDate)
        .containsOnly(entries.get(0).getLastModifiedDate());
    assertThat(entries).extracting(TarArchiveEntry::getUserName).containsOnly("root");
    assertThat(entries).extracting(TarArchiveEntry::getGroupName).containsOnly("root");
    assertThat(entries)
        .allSatisfy(
            entry ->
                assertThat(entry.getMode() & 0777)
                    .as(entry.getName())
                    .isEqualTo(
                        entry.isDirectory() || entry.getName().endsWith("/bin/syncnorm")
                            ? EXECUTABLE
                            : PLAIN));
  }

  @Test
  void tellsTheLicenceOfEachOfSparksJars() throws IOException {
    Set<String> told =
        Files.readAllLines(home.resolve("lib/spark/THIRD-PARTY.txt")).stream()
            .filter(line -> !line.startsWith("#"))
            .peek(line -> assertThat(line).matches("\\S+\\.jar +\\S.*"))
            .map(line -> line.substring(0, line.indexOf(' ')))
            .collect(Collectors.toSet());

    assertThat(told).isEqualTo(sparksJars());
    assertThat(told)
        .isEqualTo(
            Built.sparkJars().stream()
                .map(jar -> jar.getFileName().toString())
                .collect(Collectors.toSet()));
  }

  @Test
  void holdsWhatItsDockerfileCopies() throws IOException {
    List<String> copied =
        Files.readAllLines(home.resolve("kubernetes/Dockerfile")).stream()
            .filter(line -> line.startsWith("COPY "))
            .flatMap(
                line -> {
                  List<String> words = Arrays.asList(line.split(" +"));
                  return words.subList(1, words.size() - 1).stream();
                })
            .toList();

    assertThat(copied).contains("lib/syncnorm.jar");
    assertThat(copied).allSatisfy(path -> assertThat(home.resolve(path)).exists());
  }

  @Test
  void trainsAndTheNextRunSharesTheClassesOfTheFirst() throws IOException {
    Path somewhere = Files.createDirectories(FOLDER.resolve("some where"));
    Path link = Files.createSymbolicLink(FOLDER.resolve("link"), home.resolve("bin/syncnorm"));
    Path log = FOLDER.resolve("classes.log");

    CapturedProcess first = train(link, somewhere, Map.of());
    assertThat(first.waitFor(LIMIT)).as(first::tails).isZero();
    assertThat(first.error()).isEqualTo(WARNING);
    Path run = Path.of(first.output().strip());
    assertThat(run.getParent()).isEqualTo(somewhere.resolve("runs"));
    assertThat(run.resolve("checkpoints/step-00000001/model.safetensors")).isNotEmptyFile();
    Path archive = archive();

    CapturedProcess second =
        train(
            link,
            Files.createDirectories(FOLDER.resolve("else where")),
            Map.of("SYNCNORM_JAVA_OPTS", "-Xlog:class+load:file=" + log));
    assertThat(second.waitFor(LIMIT)).as(second::tails).isZero();
    assertThat(second.error()).isEqualTo(first.error());
    assertThat(Files.readAllLines(log))
        .filteredOn(line -> line.contains(" org.apache.spark.SparkContext source: "))
        .singleElement(InstanceOfAssertFactories.STRING)
        .endsWith("source: shared objects file (top)");

    damage(archive);
    CapturedProcess third = run(link, somewhere, Map.of(), "--version");
    assertThat(third.waitFor(LIMIT)).as(third::tails).isZero();
    assertThat(third.error()).isEqualTo(first.error());
  }

  @Test
  void trainsWhereThePathHasABlank() throws IOException {
    Path blank = FOLDER.resolve("un pack");
    Path lib = Files.createDirectories(blank.resolve("lib"));
    for (String part : List.of("syncnorm.jar", "jvm.options", "embedded.classpath", "spark")) {
      Files.createSymbolicLink(lib.resolve(part), home.resolve("lib").resolve(part));
    }
    Files.createSymbolicLink(blank.resolve("conf"), home.resolve("conf"));
    Path bin = Files.createDirectories(blank.resolve("bin"));
    Path launcher = Files.copy(home.resolve("bin/syncnorm"), bin.resolve("syncnorm"));

    CapturedProcess run = train(launcher, blank, Map.of());

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.error()).isEqualTo(WARNING);
    assertThat(Path.of(run.output().strip()).getParent()).isEqualTo(blank.resolve("runs"));
  }

  @Test
  void aMissingJarIsNamedAndNothingIsBuilt() throws IOException {
    Path broken = Files.createDirectories(FOLDER.resolve("broken/lib"));
    Files.copy(home.resolve("lib/jvm.options"), broken.resolve("jvm.options"));
    Files.copy(home.resolve("lib/embedded.classpath"), broken.resolve("embedded.classpath"));
    Files.createSymbolicLink(broken.resolve("syncnorm.jar"), home.resolve("lib/syncnorm.jar"));
    Path bin = Files.createDirectories(broken.resolveSibling("bin"));
    Path launcher = Files.copy(home.resolve("bin/syncnorm"), bin.resolve("syncnorm"));

    CapturedProcess run = run(launcher, FOLDER, Map.of(), "--version");

    assertThat(run.waitFor(LIMIT)).isEqualTo(1);
    assertThat(run.error())
        .isEqualTo(
            "syncnorm: %s is not complete; unpack the distribution again\n".formatted(broken));
  }

  private static Path maven() {
    Path mvn = FOLDER.resolve("no maven/mvn");
    if (!Files.exists(mvn)) {
      try {
        Files.createDirectories(mvn.getParent());
        Files.writeString(mvn, "#!/bin/sh\necho 'Maven was called' >&2\nexit 1\n");
        Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return mvn.getParent();
  }

  private static Set<String> sparksJars() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("lib/spark"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".jar"))
          .collect(Collectors.toSet());
    }
  }

  private static Path archive() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("lib"))) {
      List<Path> archives =
          files.filter(file -> file.getFileName().toString().startsWith("classes-")).toList();
      assertThat(archives).hasSize(1);
      assertThat(archives.get(0).toString()).endsWith(".jsa");
      return archives.get(0);
    }
  }

  private static void damage(Path archive) throws IOException {
    Files.delete(archive);
    Files.writeString(archive, "no archive");
  }

  private static CapturedProcess train(
      Path launcher, Path folder, Map<String, String> environment) {
    return run(
        launcher,
        folder,
        environment,
        "train",
        home.resolve("conf/seed.conf").toString(),
        "--set",
        "train.epochs=1",
        "--quiet");
  }

  private static CapturedProcess run(
      Path launcher, Path folder, Map<String, String> environment, String... arguments) {
    Map<String, String> variables =
        new HashMap<>(
            Map.of(
                "JAVA_HOME",
                System.getProperty("java.home"),
                "PATH",
                maven() + ":" + System.getenv("PATH")));
    variables.putAll(environment);
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    return CapturedProcess.start(
        "distribution-" + System.nanoTime(), command, variables, folder, FOLDER);
  }
}
