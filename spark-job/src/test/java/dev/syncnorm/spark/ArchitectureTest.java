package dev.syncnorm.spark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The rules of docs/architecture.md that the Spark jobs can break. */
class ArchitectureTest {

  private static final JavaClasses JOBS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.syncnorm");

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.syncnorm.(**)").should().beFreeOfCycles().check(JOBS);
  }

  @Test
  void coreDoesNotKnowTheJobs() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.syncnorm.spark..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.syncnorm.spark..")
        .check(JOBS);
  }

  @Test
  void jobsDoNotKnowTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.syncnorm.spark.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.syncnorm.spark.cli..", "picocli..")
        .check(JOBS);
  }

  @Test
  void theTransportKnowsNoMathematics() {
    noClasses()
        .that()
        .resideInAPackage("dev.syncnorm.spark.exchange..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.syncnorm.kernel..",
            "dev.syncnorm.layer..",
            "dev.syncnorm.network..",
            "dev.syncnorm.tensor..",
            "dev.syncnorm.training..",
            "dev.syncnorm.image..")
        .check(JOBS);
  }
}
