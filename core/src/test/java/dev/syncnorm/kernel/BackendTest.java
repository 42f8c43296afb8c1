package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.testing.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BackendTest {
  /** Prints whether the vector backend is there, in a JVM of its own. */
  static final class Ask {
    private Ask() {}

    public static void main(String[] args) {
      System.out.println(Backend.VECTOR.unavailable().orElse("available"));
    }
  }

  @ParameterizedTest
  @EnumSource(Backend.class)
  void everyBackendIsAvailableHereAndCreatesKernelsForOneThreadEach(Backend backend) {
    assertThat(backend.unavailable()).isEmpty();
    assertThat(backend.create()).isNotSameAs(backend.create());
    assertThat(backend.label()).isLowerCase();
  }

  @Test
  void vectorRefusesWithoutItsModuleAndNamesTheOption() {
    assertThat(ChildJvm.lastLine(Ask.class))
        .isEqualTo(
            "backend vector needs the JDK module jdk.incubator.vector;"
                + " add --add-modules=jdk.incubator.vector to the JVM options");
  }

  @Test
  void vectorRefusesWithoutFusedMultiplyAddAndNamesAnotherBackend() {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "UseAVX is an option of x86");
    assertThat(ChildJvm.lastLine(Ask.class, ChildJvm.VECTOR_MODULE, "-XX:UseAVX=0"))
        .contains("this machine has no fused multiply-add")
        .endsWith("use --backend nd4j");
  }

  @Test
  void vectorIsAvailableToAJvmWithItsModule() {
    assertThat(ChildJvm.lastLine(Ask.class, ChildJvm.VECTOR_MODULE)).isEqualTo("available");
  }
}
