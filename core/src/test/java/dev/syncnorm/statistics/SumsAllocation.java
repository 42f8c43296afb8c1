package dev.syncnorm.statistics;

import dev.syncnorm.image.Pixels;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

/**
 * The program of a child JVM: sums until a whole round allocates next to nothing, or until its
 * patience ends, and prints the fewest bytes that a round has allocated. The first rounds are not
 * compiled yet. Vectors that the compiler fails to keep in registers show as megabytes; a few
 * hundred bytes a call are for pixels that fill no vector.
 */
final class SumsAllocation {
  private static final int ENOUGH_BYTES = 32 * 1024;

  /** Much longer than compiling takes, on a machine with other work too. */
  private static final long PATIENCE_SECONDS = Long.getLong("patience", 40);

  private SumsAllocation() {}

  public static void main(String[] args) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    SumsPixels kernel = SumsPixels.fastest();
    SampleSums sums = new SampleSums();
    Pixels three = SumsHashes.pixels(3, 8, 100_000, 0);
    Pixels one = SumsHashes.pixels(1, 8, 100_000, 0);
    long begin = System.nanoTime();
    long fewest = Long.MAX_VALUE;
    do {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 20; i++) {
        kernel.add(sums, three);
        kernel.add(sums, one);
        kernel.addProducts(sums, three);
      }
      fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
    } while (fewest > ENOUGH_BYTES
        && System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
    System.out.println(fewest);
  }
}
