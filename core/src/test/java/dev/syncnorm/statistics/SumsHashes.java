package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.Pixels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** The program of a child JVM: prints a hash of the sums and counts of many buffers of samples. */
final class SumsHashes {
  private SumsHashes() {}

  static String hash(SumsPixels kernel) {
    int hash = 1;
    SampleSums sums = new SampleSums();
    for (int samples : new int[] {1, 3, 4}) {
      for (int depth : new int[] {8, 16}) {
        for (int count :
            new int[] {1, 2, 63, 64, 65, 127, 128, 129, 191, 192, 193, 16_384, 70_001}) {
          for (int kind = 0; kind < 3; kind++) {
            Pixels pixels = pixels(samples, depth, count, kind);
            sums.clear();
            kernel.add(sums, pixels);
            hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(sums.sums, samples));
            hash = 31 * hash + Arrays.hashCode(sums.products);
            hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(sums.min, samples));
            hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(sums.max, samples));
            hash = 31 * hash + Arrays.deepHashCode(SampleCounts.of(pixels));
            sums.clear();
            kernel.addProducts(sums, pixels);
            hash = 31 * hash + Arrays.hashCode(sums.products);
          }
        }
      }
    }
    return Integer.toHexString(hash);
  }

  /** Random samples, or all the greatest, or all 0. */
  static Pixels pixels(int samples, int depth, int count, int kind) {
    byte[] bytes = new byte[count * samples * depth / 8];
    if (kind == 0) {
      new Random(count).nextBytes(bytes);
    } else {
      Arrays.fill(bytes, (byte) (kind == 1 ? 0xff : 0));
    }
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.LITTLE_ENDIAN).put(0, bytes);
    return new Pixels(new PixelKind(samples, depth), count, 1, buffer, samples, new int[samples]);
  }

  public static void main(String[] args) {
    System.out.println(hash(SumsPixels.fastest()));
  }
}
