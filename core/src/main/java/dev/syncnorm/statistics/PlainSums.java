package dev.syncnorm.statistics;

import dev.syncnorm.image.Pixels;
import java.nio.ByteBuffer;

/**
 * Sums of samples of any number and depth, by plain loops over blocks of one sample of each pixel,
 * copied to the heap, where they stay in the first cache: HotSpot does not unroll a loop whose step
 * it does not know.
 */
final class PlainSums implements SumsPixels {
  private static final int BLOCK = 2048;

  @Override
  public void add(SampleSums sums, Pixels pixels) {
    int depth = pixels.kind().depth();
    add(sums, pixels.samples(), pixels.samplesPerPixel(), depth, true, 0, pixels.count());
  }

  @Override
  public void addProducts(SampleSums sums, Pixels pixels) {
    int depth = pixels.kind().depth();
    add(sums, pixels.samples(), pixels.samplesPerPixel(), depth, false, 0, pixels.count());
  }

  /** Adds the pixels from {@code from} to before {@code to}; if not moments, then products only. */
  static void add(
      SampleSums sums,
      ByteBuffer buffer,
      int samples,
      int depth,
      boolean moments,
      int from,
      int to) {
    int[][] block = new int[samples][Math.min(BLOCK, Math.max(0, to - from))];
    for (int begin = from; begin < to; begin += BLOCK) {
      int count = Math.min(to - begin, BLOCK);
      for (int a = 0; a < samples; a++) {
        copy(buffer, depth, samples, begin * samples + a, count, block[a]);
        if (moments) {
          addMoments(sums, block[a], count, a);
        }
        for (int b = 0; b < a; b++) {
          sums.products[b * SampleSums.MAX + a] += product(block[a], block[b], count);
        }
      }
    }
  }

  /** Copies so many samples of a position in the pixel, the first of which is at {@code first}. */
  static void copy(ByteBuffer buffer, int depth, int samples, int first, int count, int[] values) {
    if (depth == Byte.SIZE) {
      for (int i = 0; i < count; i++) {
        values[i] = buffer.get(first + i * samples) & 0xff;
      }
    } else {
      for (int i = 0; i < count; i++) {
        values[i] = buffer.getChar(2 * (first + i * samples));
      }
    }
  }

  /** The sum of 2^31 squares of 16 bits would just fit into 63. */
  private static void addMoments(SampleSums sums, int[] values, int count, int a) {
    int sum = 0;
    long squares = 0;
    int min = sums.min[a];
    int max = sums.max[a];
    for (int i = 0; i < count; i++) {
      int value = values[i];
      sum += value;
      squares += (long) value * value;
      if (value < min) { // seldom taken: faster than Math.min, whose result the next one awaits
        min = value;
      }
      if (value > max) {
        max = value;
      }
    }
    sums.sums[a] += sum;
    sums.products[a * SampleSums.MAX + a] += squares;
    sums.min[a] = min;
    sums.max[a] = max;
  }

  private static long product(int[] a, int[] b, int count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += (long) a[i] * b[i];
    }
    return sum;
  }
}
