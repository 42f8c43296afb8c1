package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformTest {

  @Test
  void thisProcessIsSupported() {
    assertThat(Platform.mistake()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.1.0", "4.1.7", "4.1.0-SNAPSHOT", "4.1"})
  void everySpark41IsSupported(String spark) {
    assertThat(Platform.mistake(spark, 17)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.5.1", "4.0.1", "4.10.0", "4.2.0", "5.0.0", "<unknown>"})
  void anotherSparkIsNamed(String spark) {
    assertThat(Platform.mistake(spark, 17))
        .contains(
            "this is Spark %s, but syncnorm runs on Spark 4.1 (Scala 2.13) with Java 17; set SPARK_HOME to a Spark 4.1 installation and use its spark-submit"
                .formatted(spark));
  }

  @ParameterizedTest
  @ValueSource(ints = {11, 21, 25})
  void anotherJavaIsNamed(int java) {
    assertThat(Platform.mistake("4.1.0", java))
        .contains(
            "this is Java %d, but syncnorm runs on Java 17 with Spark 4.1; set JAVA_HOME to a JDK 17, on a cluster for the executors too: --conf spark.executorEnv.JAVA_HOME=PATH"
                .formatted(java));
  }
}
