package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.Folders;
import dev.syncnorm.spark.testing.ImageFolder;
import dev.syncnorm.spark.testing.StandaloneCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * bin/syncnorm: where it may be called from, what it runs, and what it says when something is
 * missing.
 */
class LauncherIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String VERSION = "syncnorm \\S+\n";

  // JUnit's own temporary folder warns of each symbolic link that it deletes.
  private final Path folder = Folders.temporary("syncnorm-launcher");

  @AfterEach
  void deleteFolder() {
    Folders.delete(folder);
  }

  @Test
  void runsFromAnyFolder() {
    CapturedProcess run = run(launcher(), Map.of(), "--version");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output()).matches(VERSION);
  }

  @Test
  void printsNothingElse() {
    CapturedProcess run = run(launcher(), Map.of(), "--version");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    // The JVM's own words for the Vector API, which nothing can silence.
    assertThat(run.error()).isEqualTo("WARNING: Using incubator modules: jdk.incubator.vector\n");
  }

  @Test
  void runsThroughRelativeSymbolicLinks() throws IOException {
    Path links = Files.createDirectories(folder.resolve("some links"));
    Files.createSymbolicLink(links.resolve("direct"), links.relativize(launcher()));
    Path link =
        Files.createSymbolicLink(folder.resolve("indirect"), Path.of("some links", "direct"));

    CapturedProcess run = run(link, Map.of(), "--version");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output()).matches(VERSION);
  }

  @Test
  void runsWhereTheProjectsPathHasASpace() throws IOException {
    CapturedProcess run =
        run(projectWithASpace(Built.root().resolve("spark-job")), Map.of(), "--version");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output()).matches(VERSION);
  }

  @Test
  void theExitCodeIsTheProgramsOwn() {
    assertThat(run(launcher(), Map.of(), "no-such-command").waitFor(LIMIT)).isEqualTo(2);
  }

  @Test
  void buildsOnFirstUseAndSaysSoOnStandardError() throws IOException {
    Path launcher = projectWithASpace(Files.createDirectories(folder.resolve("module")));
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Path target = Built.jar().getParent();
    script(
        bin.resolve("mvn"),
        """
        echo "mvn $*"
        ln -s '%s' '%s'
        """
            .formatted(target, folder.resolve("module/target")));

    CapturedProcess run =
        run(launcher, Map.of("PATH", bin + ":" + System.getenv("PATH")), "--version");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output()).matches(VERSION);
    assertThat(run.error())
        .startsWith("syncnorm: building, as this is the first use")
        .contains("\nmvn -q -B -ntp -DskipTests -Dassembly.skipAssembly package\n");
  }

  @Test
  void aBuildThatLeavesNothingBehindIsAnError() throws IOException {
    Path launcher = projectWithASpace(Files.createDirectories(folder.resolve("module")));
    Path bin = Files.createDirectories(folder.resolve("bin"));
    script(bin.resolve("mvn"), "exit 0");

    CapturedProcess run =
        run(launcher, Map.of("PATH", bin + ":" + System.getenv("PATH")), "--version");

    assertThat(run.waitFor(LIMIT)).isEqualTo(1);
    assertThat(run.error())
        .contains("syncnorm: the build ended well, but ")
        .contains("spark-job/target is not complete");
  }

  @Test
  void aFailedBuildEndsWithOne() throws IOException {
    Path launcher = projectWithASpace(Files.createDirectories(folder.resolve("module")));
    Path bin = Files.createDirectories(folder.resolve("bin"));
    script(bin.resolve("mvn"), "exit 3");

    CapturedProcess run =
        run(launcher, Map.of("PATH", bin + ":" + System.getenv("PATH")), "--version");

    assertThat(run.waitFor(LIMIT)).isEqualTo(1);
    assertThat(run.error()).contains("syncnorm: the build failed");
  }

  @Test
  void withoutMavenItSaysWhatToInstall() throws IOException {
    Path launcher = projectWithASpace(Files.createDirectories(folder.resolve("module")));
    Path bin = Files.createDirectories(folder.resolve("bin"));
    for (String tool : List.of("bash", "dirname", "readlink", "env")) {
      Files.createSymbolicLink(bin.resolve(tool), tool(tool));
    }

    CapturedProcess run = run(launcher, Map.of("PATH", bin.toString()), "--version");

    assertThat(run.waitFor(LIMIT)).isEqualTo(1);
    assertThat(run.error())
        .isEqualTo(
            "syncnorm: it is not built yet, and there is no mvn on the PATH; install Maven 3.8 or later\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "", "xx_YY.UTF-8"})
  void filesOfAllNamesAreReadInALocaleWithoutThem(String locale) {
    CapturedProcess run = measureForeignNames(locale);

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output()).contains("images    2 accepted, 0 rejected");
  }

  @Test
  void aLocaleOfAnotherCharsetIsLeftAndWhatItCanNotNameSaysWhatToDo() {
    // It is not installed, so it is C for Java.
    CapturedProcess run = measureForeignNames("xx_YY.ISO-8859-1");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output())
        .contains("images    1 accepted, 1 rejected (1 unreadable)")
        .contains("its name has letters that Java can't write")
        .contains("set LC_ALL to a UTF-8 locale such as C.UTF-8");
  }

  @Test
  void anotherJavaIsNamed() throws IOException {
    Path home = folder.resolve("jdk 21");
    Files.createDirectories(home.resolve("bin"));
    script(home.resolve("bin/java"), "echo 'openjdk version \"21.0.9\" 2025-10-21' >&2");

    CapturedProcess run = run(launcher(), Map.of("JAVA_HOME", home.toString()), "--version");

    assertThat(run.waitFor(LIMIT)).isEqualTo(2);
    assertThat(run.error())
        .isEqualTo(
            "syncnorm: %s/bin/java is Java 21.0.9, but syncnorm needs Java 17; set JAVA_HOME to a JDK 17\n"
                .formatted(home));
  }

  @Test
  void aHeapThatIsTooSmallForSparkIsOneLine() {
    CapturedProcess run =
        run(launcher(), Map.of("SYNCNORM_JAVA_OPTS", "-Xmx256m"), "stats", folder.toString());

    assertThat(run.waitFor(LIMIT)).as(run::tails).isEqualTo(2);
    assertThat(run.error().lines())
        .filteredOn(line -> line.startsWith("syncnorm:"))
        .singleElement()
        .asString()
        .startsWith("syncnorm: the heap of this process is at most ");
    assertThat(run.error()).doesNotContain("INVALID_DRIVER_MEMORY");
  }

  @Test
  void aSmallMachineGetsTheHeapThatSparkNeeds() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    script(bin.resolve("awk"), "echo 500000"); // KiB in /proc/meminfo
    Path home = folder.resolve("jdk");
    Files.createDirectories(home.resolve("bin"));
    script(
        home.resolve("bin/java"),
        "[ \"$1\" != -version ] || { echo 'openjdk version \"17.0.1\"' >&2; exit; }; echo \"$*\"");

    CapturedProcess run =
        run(
            launcher(),
            Map.of("PATH", bin + ":" + System.getenv("PATH"), "JAVA_HOME", home.toString()),
            "--version");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output()).contains(" -Xmx524288k ");
  }

  @Test
  void aClusterWithoutASparkInstallationIsAnError() {
    CapturedProcess unset =
        run(
            launcher(),
            Map.of("SPARK_HOME", ""),
            "train",
            "a.conf",
            "--master",
            "spark://host:7077");
    CapturedProcess wrong =
        run(launcher(), Map.of("SPARK_HOME", "/nowhere"), "train", "--master=yarn", "a.conf");

    assertThat(unset.waitFor(LIMIT)).isEqualTo(2);
    assertThat(unset.error())
        .isEqualTo(
            "syncnorm: --master is spark://host:7077, so this runs by spark-submit; set SPARK_HOME to a Spark 4.1 installation\n");
    assertThat(wrong.waitFor(LIMIT)).isEqualTo(2);
    assertThat(wrong.error())
        .isEqualTo(
            "syncnorm: SPARK_HOME is /nowhere, which has no bin/spark-submit; set it to a Spark 4.1 installation\n");
  }

  @Test
  void anUnknownMasterIsAnError() {
    CapturedProcess run = run(launcher(), Map.of(), "train", "a.conf", "--master", "mesos://host");

    assertThat(run.waitFor(LIMIT)).isEqualTo(2);
    assertThat(run.error())
        .isEqualTo(
            "syncnorm: --master is 'mesos://host'; expected local, local[N], spark://HOST:PORT, yarn or k8s://URL\n");
  }

  @Test
  void aClusterGetsTheArgumentsBySparkSubmit() throws IOException {
    Path home = folder.resolve("my spark");
    Files.createDirectories(home.resolve("bin"));
    script(
        home.resolve("bin/spark-submit"), "printf '%s\\n' \"$@\"; echo \"$SPARK_SUBMIT_OPTS\" >&2");
    Map<String, String> environment =
        Map.of(
            "SPARK_HOME", home.toString(),
            "SYNCNORM_SPARK_SUBMIT_OPTS", "--executor-memory 2g",
            "SPARK_SUBMIT_OPTS", "-Dmy=option");

    CapturedProcess run =
        run(
            launcher(),
            environment,
            "train",
            "a b.conf",
            "--master",
            "spark://host:7077",
            "--set",
            "*",
            "--",
            "--master=x");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output().lines())
        .containsExactly(
            "--master",
            "spark://host:7077",
            "--class",
            "dev.syncnorm.spark.cli.Main",
            "--executor-memory",
            "2g",
            Built.jar().toString(),
            "train",
            "a b.conf",
            "--set",
            "*",
            "--",
            "--master=x");
    assertThat(run.error())
        .isEqualTo(
            "\"-Dlog4j2.configurationFile=%1$s/conf/log4j2.properties\" \"-Dsyncnorm.home=%1$s\" -Dmy=option\n"
                .formatted(Built.root()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--deploy-mode cluster",
        "--name x --deploy-mode=cluster",
        "--conf spark.submit.deployMode=cluster --name x"
      })
  void theDriverOfClusterDeployModeGetsTheModuleThatVectorNeeds(String options) throws IOException {
    Path home = folder.resolve("spark");
    Files.createDirectories(home.resolve("bin"));
    script(home.resolve("bin/spark-submit"), "echo \"$*\"");

    CapturedProcess run =
        run(
            launcher(),
            Map.of("SPARK_HOME", home.toString(), "SYNCNORM_SPARK_SUBMIT_OPTS", options),
            "train",
            "--master",
            "spark://host:7077");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.output())
        .contains(" --driver-java-options --add-modules=jdk.incubator.vector " + options + " /");
  }

  @Test
  void jarsOfTheUsersOwnComeLastOnTheClassPath() throws IOException {
    Path jars = Files.createDirectories(folder.resolve("more jars"));
    Path first = Files.createFile(jars.resolve("a.jar"));
    Path second = Files.createFile(jars.resolve("b.jar"));
    Path third = Files.createFile(folder.resolve("c.jar"));

    CapturedProcess run =
        run(
            launcher(),
            Map.of(
                "SYNCNORM_CLASSPATH",
                jars + "/*:" + third,
                "SYNCNORM_JAVA_OPTS",
                "-XshowSettings:properties"),
            "--version");

    assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
    assertThat(run.error().lines().map(String::strip).filter(line -> line.endsWith(".jar")))
        .endsWith(first.toString(), second.toString(), third.toString());
  }

  @Test
  void aJarOfTheUsersThatIsNotThereIsNamed() {
    CapturedProcess run =
        run(launcher(), Map.of("SYNCNORM_CLASSPATH", folder + "/none/*"), "--version");

    assertThat(run.waitFor(LIMIT)).isEqualTo(2);
    assertThat(run.error())
        .isEqualTo(
            "syncnorm: SYNCNORM_CLASSPATH names %s/none/*, which is not there; expected jars, or '/folder/*' for all of a folder\n"
                .formatted(folder));
  }

  @Test
  void runsOnARealCluster() {
    try (StandaloneCluster cluster = StandaloneCluster.builder().workers(0).start()) {
      CapturedProcess run =
          cluster.run(
              "launcher",
              List.of(launcher().toString(), "--version", "--master", cluster.masterUrl()));

      assertThat(run.waitFor(LIMIT)).as(run::tails).isZero();
      assertThat(run.output()).matches(VERSION);
    }
  }

  /** Statistics of a.png, and of a file whose name has a letter of two bytes in UTF-8. */
  private CapturedProcess measureForeignNames(String locale) {
    Path images = new ImageFolder(folder.resolve("images")).png("a.png", 3, 4).folder();
    CapturedProcess copy =
        CapturedProcess.start(
            "copy", List.of("bash", "-c", "cp a.png $'\\303\\251.png'"), Map.of(), images, folder);
    assertThat(copy.waitFor(LIMIT)).as(copy::tails).isZero();

    return run(
        launcher(),
        Map.of("LC_ALL", locale, "LC_CTYPE", "", "LANG", ""),
        "stats",
        images.toString(),
        "-o",
        folder.resolve("s.json").toString());
  }

  private static Path launcher() {
    return Built.root().resolve("bin").resolve("syncnorm");
  }

  /**
   * The launcher of a project whose path has a space; its spark-job is a link to the given folder.
   */
  private Path projectWithASpace(Path sparkJob) throws IOException {
    Path project = folder.resolve("a project");
    Path bin = Files.createDirectories(project.resolve("bin"));
    Files.createSymbolicLink(project.resolve("conf"), Built.root().resolve("conf"));
    Files.createSymbolicLink(project.resolve("spark-job"), sparkJob);
    return Files.copy(launcher(), bin.resolve("syncnorm"));
  }

  private CapturedProcess run(Path launcher, Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    Map<String, String> variables =
        new HashMap<>(Map.of("JAVA_HOME", System.getProperty("java.home")));
    variables.putAll(environment);
    return CapturedProcess.start(
        "launcher-" + System.nanoTime(), command, variables, folder, folder);
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, "#!/usr/bin/env bash\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path tool(String name) {
    return Stream.of(System.getenv("PATH").split(":"))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }
}
