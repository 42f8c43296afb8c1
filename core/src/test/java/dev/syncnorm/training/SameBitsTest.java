package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.testing.TrainingHash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One SHA-256 of model and optimizer, whatever shares the work and whatever computes it. */
class SameBitsTest {

  private record Ended(int exitCode, String lastLine, String output) {}

  @ParameterizedTest
  @EnumSource(Backend.class)
  void workersAndThreadsDoNotShow(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    String one = TrainingHash.hash(backend, 1, 1);
    Map<String, String> others = new LinkedHashMap<>();
    for (int workers : new int[] {1, 2, 3, 4, 5, 7}) {
      for (int threads : new int[] {1, 2}) {
        others.put(
            workers + " workers of " + threads + " threads",
            TrainingHash.hash(backend, workers, threads));
      }
    }
    assertThat(others).allSatisfy((how, hash) -> assertThat(hash).as(how).isEqualTo(one));
  }

  /** Those of ND4J are whole images: its sums depend on how an image is cut. */
  @ParameterizedTest
  @EnumSource(value = Backend.class, names = "ND4J", mode = EnumSource.Mode.EXCLUDE)
  void bandsDoNotShow(Backend backend) {
    assumeTrue(backend.unavailable().isEmpty());
    String whole = TrainingHash.training(backend).bandRows(1000).run().sha256();
    for (int rows : new int[] {1, 2, 3, 5, 8, 13, 18, 19}) {
      assertThat(TrainingHash.training(backend).bandRows(rows).workers(2, 2).run().sha256())
          .as("bands of %d rows", rows)
          .isEqualTo(whole);
    }
  }

  /** The width of the vectors, the processor's instructions, the compiler. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:MaxVectorSize=16",
        "-XX:MaxVectorSize=32",
        "-XX:MaxVectorSize=64",
        "-XX:UseAVX=2",
        "-XX:TieredStopAtLevel=1"
      })
  void jvmDoesNotShow(String option) throws IOException, InterruptedException {
    assumeTrue(Backend.VECTOR.unavailable().isEmpty());
    Ended ended = inOtherJvm(option);
    assertThat(ended.exitCode()).as(ended.output()).isZero();
    assertThat(ended.lastLine()).isEqualTo(TrainingHash.hash(Backend.VECTOR, 3, 2));
  }

  @Test
  void vectorBackendRefusesWithoutFusedMultiplyAdd() throws IOException, InterruptedException {
    assumeTrue(List.of("amd64", "x86_64").contains(System.getProperty("os.arch")));
    Ended ended = inOtherJvm("-XX:UseAVX=0");
    assertThat(ended.exitCode()).as(ended.output()).isEqualTo(1);
    assertThat(ended.lastLine())
        .startsWith("backend vector needs fused multiply-add")
        .endsWith("use --backend nd4j");
  }

  private static Ended inOtherJvm(String option) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+IgnoreUnrecognizedVMOptions");
    command.add("--add-modules=jdk.incubator.vector");
    command.add(option);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(TrainingHash.class.getName(), Backend.VECTOR.name(), "2"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(output).isTrue();
    List<String> lines = output.lines().toList();
    String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    return new Ended(process.exitValue(), last, output);
  }
}
