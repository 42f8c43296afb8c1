package dev.syncnorm.statistics;

import dev.syncnorm.image.Pixels;
import java.lang.management.ManagementFactory;

/**
 * The program of a child JVM: sums until a whole round allocates next to nothing, and prints the
 * bytes that the last round allocated. Vectors that the compiler fails to keep in registers show as
 * megabytes; a few hundred bytes a call are for pixels that fill no vector.
 */
final class SumsAllocation {
  private static final int ENOUGH_BYTES = 32 * 1024;
  private static final long PATIENCE_NANOS = 40_000_000_000L;

  private SumsAllocation() {}

  public static void main(String[] args) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    SumsPixels kernel = SumsPixels.fastest();
    SampleSums sums = new SampleSums();
    Pixels three = SumsHashes.pixels(3, 8, 100_000, 0);
    Pixels one = SumsHashes.pixels(1, 8, 100_000, 0);
    long begin = System.nanoTime();
    long bytes;
    do {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 20; i++) {
        kernel.add(sums, three);
        kernel.add(sums, one);
        kernel.addProducts(sums, three);
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
    } while (bytes > ENOUGH_BYTES && System.nanoTime() - begin < PATIENCE_NANOS);
    System.out.println(bytes);
  }
}
