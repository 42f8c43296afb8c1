package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.training.MemoryPlan.Place;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Where workers would run, before Spark is there. */
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class SparkSessionsTest {

  private static final int CORES = Runtime.getRuntime().availableProcessors();
  private static final long HEAP = Runtime.getRuntime().maxMemory();
  private static final String CLUSTER = "spark://host:7077";

  @AfterEach
  void removeSparksProperties() {
    for (String key : new String[] {"master", "executor.instances", "executor.memory"}) {
      System.clearProperty("spark." + key);
    }
    System.clearProperty("spark.executor.cores");
  }

  @Test
  void aHeapThatSparkRefusesIsToldInOneLine() {
    assertThat(SparkSessions.heapMistake(450L << 20)).isEmpty();
    assertThat(SparkSessions.heapMistake(256L << 20))
        .hasValue(
            "the heap of this process is at most 256.0 MiB, but Spark needs 450.0 MiB; give it more,"
                + " such as with -Xmx512m in SYNCNORM_JAVA_OPTS, or with --driver-memory of"
                + " spark-submit");
  }

  static Stream<Arguments> places() {
    return Stream.of(
        Arguments.of(Map.of(), "", 0, new Place(1, true, CORES), HEAP),
        Arguments.of(Map.of(), "", 3, new Place(3, true, 1), HEAP),
        Arguments.of(Map.of(), "local", 0, new Place(1, true, 1), HEAP),
        Arguments.of(Map.of(), "local[6]", 0, new Place(1, true, 6), HEAP),
        Arguments.of(Map.of(), "local[6]", 2, new Place(2, true, 3), HEAP),
        Arguments.of(Map.of(), "local[*]", 0, new Place(1, true, CORES), HEAP),
        Arguments.of(Map.of("master", "local[5]"), "", 0, new Place(1, true, 5), HEAP),
        Arguments.of(Map.of("master", CLUSTER), "", 0, new Place(1, false, CORES), 1L << 30),
        Arguments.of(Map.of("master", CLUSTER), "", 4, new Place(4, false, CORES), 1L << 30),
        Arguments.of(
            Map.of(
                "master",
                CLUSTER,
                "executor.instances",
                "3",
                "executor.cores",
                "8",
                "executor.memory",
                "6g"),
            "",
            0,
            new Place(3, false, 8),
            6L << 30));
  }

  @ParameterizedTest
  @MethodSource("places")
  void placesFollowFromMasterAndWorkers(
      Map<String, String> spark, String master, int workers, Place expected, long heap) {
    spark.forEach((key, value) -> System.setProperty("spark." + key, value));

    Place place =
        SparkSessions.place(
            Optional.of(master).filter(m -> !m.isEmpty()),
            workers == 0 ? OptionalInt.empty() : OptionalInt.of(workers));

    assertThat(place).isEqualTo(expected);
    assertThat(SparkSessions.heap(place)).isEqualTo(heap);
  }
}
