package dev.syncnorm.kernel;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/**
 * Whether this JVM can run {@link VectorKernels}, asked without loading it: without its module that
 * class does not link.
 */
final class VectorSupport {
  private static final String MODULE = "jdk.incubator.vector";

  private VectorSupport() {}

  /** Why not, and what to do, in one line; empty if it can. */
  static Optional<String> unavailable() {
    return unavailable(ModuleLayer.boot().findModule(MODULE).isPresent(), usesFma());
  }

  static Optional<String> unavailable(boolean modulePresent, boolean usesFma) {
    if (!modulePresent) {
      return Optional.of(
          "backend vector needs the JDK module %s; add --add-modules=%s to the JVM options"
              .formatted(MODULE, MODULE));
    }
    if (!usesFma) {
      return Optional.of(
          "backend vector needs fused multiply-add: this machine has no fused multiply-add, or the"
              + " JVM was told not to use it (-XX:-UseFMA or -XX:UseAVX=0); use --backend nd4j");
    }
    return Optional.empty();
  }

  /**
   * Whether the VM compiles {@code Math.fma} to an instruction. Otherwise it calculates with
   * BigDecimal, a thousand times slower. A VM that is not HotSpot is taken to have it.
   */
  private static boolean usesFma() {
    HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (vm == null) {
      return true;
    }
    try {
      return Boolean.parseBoolean(vm.getVMOption("UseFMA").getValue());
    } catch (IllegalArgumentException noSuchOption) {
      return true;
    }
  }
}
