package dev.syncnorm.statistics;

import dev.syncnorm.image.Pixels;
import java.nio.ByteBuffer;

/**
 * How often each value occurs. Neighbouring pixels have like values, and a processor waits where it
 * counts what it has just counted: four pixels in turn go to four tables, which are added at the
 * end.
 */
final class SampleCounts {
  private static final int VALUES = 256;
  private static final int TABLES = 4;
  private static final int BLOCK = 2048;

  private SampleCounts() {}

  /** For each of a pixel's samples its histogram, [samples][greatest + 1]. */
  static int[][] of(Pixels pixels) {
    ByteBuffer buffer = pixels.samples();
    int samples = pixels.samplesPerPixel();
    int depth = pixels.kind().depth();
    int[][] counts = new int[samples][pixels.kind().greatest() + 1];
    int from = 0;
    if (depth == Byte.SIZE && samples == 3) {
      from = countThree(counts, buffer, pixels.count());
    } else if (depth == Byte.SIZE && samples == 1) {
      from = countOne(counts, buffer, pixels.count());
    }
    int[] block = new int[Math.min(BLOCK, pixels.count() - from)];
    for (; from < pixels.count(); from += BLOCK) {
      int count = Math.min(pixels.count() - from, BLOCK);
      for (int sample = 0; sample < samples; sample++) {
        PlainSums.copy(buffer, depth, samples, from * samples + sample, count, block);
        count(counts[sample], block, count);
      }
    }
    return counts;
  }

  private static void count(int[] histogram, int[] values, int count) {
    for (int i = 0; i < count; i++) {
      histogram[values[i]]++;
    }
  }

  /**
   * Counts all pixels but up to three and returns how many. The table is made here: its length is
   * then a constant, and no index is checked.
   */
  private static int countThree(int[][] counts, ByteBuffer buffer, int pixels) {
    int[] table = new int[3 * TABLES * VALUES];
    int end = pixels / TABLES * TABLES;
    for (int i = 0, at = 0; i < end; i += TABLES, at += 3 * TABLES) {
      table[buffer.get(at) & 0xff]++;
      table[VALUES + (buffer.get(at + 1) & 0xff)]++;
      table[2 * VALUES + (buffer.get(at + 2) & 0xff)]++;
      table[3 * VALUES + (buffer.get(at + 3) & 0xff)]++;
      table[4 * VALUES + (buffer.get(at + 4) & 0xff)]++;
      table[5 * VALUES + (buffer.get(at + 5) & 0xff)]++;
      table[6 * VALUES + (buffer.get(at + 6) & 0xff)]++;
      table[7 * VALUES + (buffer.get(at + 7) & 0xff)]++;
      table[8 * VALUES + (buffer.get(at + 8) & 0xff)]++;
      table[9 * VALUES + (buffer.get(at + 9) & 0xff)]++;
      table[10 * VALUES + (buffer.get(at + 10) & 0xff)]++;
      table[11 * VALUES + (buffer.get(at + 11) & 0xff)]++;
    }
    addTables(counts, table);
    return end;
  }

  private static int countOne(int[][] counts, ByteBuffer buffer, int pixels) {
    int[] table = new int[TABLES * VALUES];
    int end = pixels / TABLES * TABLES;
    for (int at = 0; at < end; at += TABLES) {
      table[buffer.get(at) & 0xff]++;
      table[VALUES + (buffer.get(at + 1) & 0xff)]++;
      table[2 * VALUES + (buffer.get(at + 2) & 0xff)]++;
      table[3 * VALUES + (buffer.get(at + 3) & 0xff)]++;
    }
    addTables(counts, table);
    return end;
  }

  /** Tables in the order of the samples of four pixels. */
  private static void addTables(int[][] counts, int[] table) {
    for (int t = 0; t < table.length / VALUES; t++) {
      int[] histogram = counts[t % counts.length];
      for (int value = 0; value < VALUES; value++) {
        histogram[value] += table[t * VALUES + value];
      }
    }
  }
}
