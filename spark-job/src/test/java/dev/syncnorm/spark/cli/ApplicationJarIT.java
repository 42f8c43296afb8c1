package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.Built;
import dev.syncnorm.spark.testing.CapturedProcess;
import dev.syncnorm.spark.testing.NativesApplication;
import dev.syncnorm.spark.testing.TestJar;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar for spark-submit holds all that Spark does not bring, and nothing else. */
class ApplicationJarIT {
  private static final int MEGABYTE = 1_000_000;
  private static final Pattern NATIVE = Pattern.compile(".*\\.(so|dylib|dll|jnilib)(\\.\\d+)*");

  @TempDir private Path folder;

  @Test
  void holdsNoClassThatSparkBrings() throws IOException {
    Set<String> sparks = new HashSet<>();
    for (Path jar : Built.sparkJars()) {
      sparks.addAll(classes(jar));
    }
    assertThat(sparks)
        .contains(
            "org/apache/spark/SparkConf.class", "com/fasterxml/jackson/core/JsonParser.class");

    Set<String> both = classes(Built.jar());
    assertThat(both).isNotEmpty();
    both.retainAll(sparks);
    assertThat(both).isEmpty();
  }

  @Test
  void holdsNoPackageOfSparkScalaHadoopOrJackson() throws IOException {
    assertThat(classes(Built.jar()))
        .noneMatch(
            name ->
                name.startsWith("org/apache/")
                    || name.startsWith("com/fasterxml/")
                    || name.startsWith("scala/"));
  }

  @Test
  void staysUnder200Megabytes() throws IOException {
    assertThat(Files.size(Built.jar())).isLessThan(200L * MEGABYTE);
  }

  @Test
  void holdsTheNativeLibrariesOfOnePlatformOnceEach() throws IOException {
    List<String> libraries =
        entries(Built.jar()).stream().filter(name -> NATIVE.matcher(name).matches()).toList();

    Set<String> platforms =
        libraries.stream()
            .map(name -> Path.of(name).getParent().getFileName().toString())
            .map(platform -> platform.replaceFirst("-onednn$", ""))
            .collect(Collectors.toSet());
    assertThat(platforms).hasSize(1);
    assertThat(libraries)
        .extracting(name -> Path.of(name).getFileName().toString())
        .doesNotHaveDuplicates();
  }

  @Test
  void namesItsMainClassAndCarriesTheLicences() throws IOException {
    try (JarFile jar = new JarFile(Built.jar().toFile())) {
      assertThat(jar.getManifest().getMainAttributes())
          .containsEntry(Attributes.Name.MAIN_CLASS, "dev.syncnorm.spark.cli.Main");
    }
    assertThat(entries(Built.jar()))
        .contains("META-INF/LICENSE", "META-INF/NOTICE")
        .noneMatch(
            name ->
                name.endsWith("module-info.class") || name.matches("META-INF/.*\\.(SF|DSA|RSA)"));
  }

  @Test
  void nativeLibrariesLoadFromIt() {
    Path application = TestJar.of(folder.resolve("natives.jar"), NativesApplication.class);
    List<String> command = new ArrayList<>(List.of(Built.java().toString()));
    command.addAll(Built.jvmOptions());
    command.add("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache"));
    command.add("-Dlog4j2.configurationFile=" + Built.root().resolve("conf/log4j2.properties"));
    List<Path> classPath = new ArrayList<>(List.of(Built.jar()));
    classPath.addAll(Built.sparkJars());
    classPath.add(application);
    command.add("-cp");
    command.add(
        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    command.add(NativesApplication.class.getName());
    command.add(Built.root().resolve("data/train/input/coffee.png").toString());

    CapturedProcess process = CapturedProcess.start("natives", command, Map.of(), folder, folder);

    assertThat(process.waitFor(Duration.ofMinutes(2))).as(process::tails).isZero();
    assertThat(process.output().lines())
        .containsExactly("600x400 to 8x4", "[[19.0, 22.0], [43.0, 50.0]]");
    assertThat(process.error().lines().filter(line -> !line.startsWith("WARNING: Using incubator")))
        .isEmpty();
  }

  private static Set<String> classes(Path jar) throws IOException {
    return entries(jar).stream()
        .filter(name -> name.endsWith(".class") && !name.endsWith("module-info.class"))
        .collect(Collectors.toSet());
  }

  private static List<String> entries(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream().map(ZipEntry::getName).toList();
    }
  }
}
