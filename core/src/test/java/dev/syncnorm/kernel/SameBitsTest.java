package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.testing.ChildJvm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bits of {@link VectorKernels} are the same at every width of the vectors, interpreted and
 * compiled, here and on the machine where the hash below was written down.
 */
class SameBitsTest {
  /**
   * Changes only with a deliberate change of an order of summation; old checkpoints then differ.
   */
  private static final String HASH =
      "47b0003761b76e18530155afb00d4a1571a8ab80a307f7d924707cb84fc83953";

  @Test
  void thisMachineComputesTheKnownBits() {
    assertThat(KernelHashes.here()).isEqualTo(HASH);
  }

  /**
   * A width or an instruction set that the machine has not is no option: the JVM takes its best.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:MaxVectorSize=16",
        "-XX:MaxVectorSize=32",
        "-XX:MaxVectorSize=64",
        "-XX:UseAVX=2",
        "-XX:UseAVX=1"
      })
  void theWidthOfTheVectorsHasNoEffect(String option) {
    String[] line =
        ChildJvm.lastLine(KernelHashes.class, ChildJvm.VECTOR_MODULE, option).split(" ");
    System.out.println(option + ": vectors of " + line[0] + " floats");
    if (option.startsWith("-XX:MaxVectorSize=")) {
      int bytes = Integer.parseInt(option.substring(option.indexOf('=') + 1));
      assertThat(Integer.parseInt(line[0])).isLessThanOrEqualTo(bytes / Float.BYTES);
    }
    assertThat(line[1]).as("interpreted").isEqualTo(HASH);
    assertThat(line[2]).as("compiled").isEqualTo(HASH);
  }
}
