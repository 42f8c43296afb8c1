package dev.syncnorm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rules of docs/architecture.md that core can break. */
class ArchitectureTest {

  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.syncnorm");

  @Test
  void coreKnowsNoSpark() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..")
        .check(CORE);
  }

  @Test
  void sparkIsNotOnTheClassPathOfCore() {
    assertThat(System.getProperty("java.class.path")).doesNotContain("spark-core", "scala-library");
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.syncnorm.(*)..").should().beFreeOfCycles().check(CORE);
  }

  @Test
  void layersKnowNoThreadsGraphOrCluster() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.syncnorm.layer..", "dev.syncnorm.kernel..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.util.concurrent..",
            "dev.syncnorm.network..",
            "dev.syncnorm.training..",
            "dev.syncnorm.exchange..",
            "dev.syncnorm.data..")
        .check(CORE);
  }

  @Test
  void statisticsKnowImagesButNoTraining() {
    noClasses()
        .that()
        .resideInAPackage("dev.syncnorm.statistics..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.syncnorm.data..",
            "dev.syncnorm.kernel..",
            "dev.syncnorm.layer..",
            "dev.syncnorm.network..",
            "dev.syncnorm.training..")
        .check(CORE);
  }

  @Test
  void theExchangeKnowsBytesOnly() {
    noClasses()
        .that()
        .resideInAPackage("dev.syncnorm.exchange..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.syncnorm.kernel..",
            "dev.syncnorm.layer..",
            "dev.syncnorm.network..",
            "dev.syncnorm.training..",
            "dev.syncnorm.tensor..",
            "dev.syncnorm.image..")
        .check(CORE);
  }

  @Test
  void theCoordinatorHasNoClockThreadsOrTransport() {
    noClasses()
        .that()
        .haveSimpleName("Coordinator")
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.util\\.concurrent\\..*|java\\.lang\\.Thread|java\\.time\\..*"
                + "|dev\\.syncnorm\\.exchange\\.(Mailbox|Link|PollingExchange|Exchange)")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .check(CORE);
  }

  @Test
  void nothingIsReadByJavaDeserialisation() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.io.ObjectInputStream")
        .check(CORE);
  }

  @Test
  void powersAndExponentialsAreThoseOfStrictMath() {
    for (String method : new String[] {"exp", "log", "sin", "cos", "tanh", "cbrt"}) {
      noClasses().should().callMethod(Math.class, method, double.class).check(CORE);
    }
    noClasses().should().callMethod(Math.class, "pow", double.class, double.class).check(CORE);
  }

  @Test
  void everyPackageSaysWhatLivesThere() throws IOException {
    for (String module : List.of("../core", "../spark-job")) {
      try (Stream<Path> files = Files.walk(Path.of(module, "src/main/java"))) {
        assertThat(
                files
                    .filter(f -> f.toString().endsWith(".java"))
                    .map(Path::getParent)
                    .distinct()
                    .filter(folder -> !Files.exists(folder.resolve("package-info.java"))))
            .isEmpty();
      }
    }
  }
}
