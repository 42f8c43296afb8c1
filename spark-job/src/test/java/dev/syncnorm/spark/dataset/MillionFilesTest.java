package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.EndlessFileSystem;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lists a million files in a JVM with little memory. */
class MillionFilesTest {

  /** A thousand folders of a thousand files; a folder of all of them. */
  private static final List<String> INPUTS =
      List.of("endless://1000x1000/", "endless://1x1000000/");

  @Test
  @Timeout(120)
  void aMillionFilesAreListedAndPlannedIn128Megabytes() throws Exception {
    for (String input : INPUTS) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  MillionFilesTest.class.getName(),
                  input)
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(output).isZero();
      assertThat(output).contains("1000000 files");
      System.out.println(output.strip().lines().reduce((a, b) -> b).orElseThrow());
    }
  }

  /** Lists an input and says what it took. */
  public static void main(String[] arguments) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setClass("fs.endless.impl", EndlessFileSystem.class, FileSystem.class);
    long start = System.nanoTime();
    ListedInputs listed = InputLister.list(configuration, List.of(arguments));
    double listing = (System.nanoTime() - start) / 1e9;
    List<PackedFiles> tasks = ReadPlan.of(listed, 64);
    double planned = (System.nanoTime() - start) / 1e9;
    long count = tasks.stream().mapToLong(PackedFiles::count).sum();
    System.gc();
    long held = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    long packed = tasks.stream().mapToLong(task -> task.packed().length).sum();
    System.out.printf(
        "%s: %d files in %d tasks of %d bytes; listed in %.1f s, planned in %.1f s; heap %d MB with the listing of %d folders%n",
        arguments[0],
        count,
        tasks.size(),
        packed,
        listing,
        planned - listing,
        held >> 20,
        listed.folders().size());
  }
}
