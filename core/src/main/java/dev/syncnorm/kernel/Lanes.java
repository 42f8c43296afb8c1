package dev.syncnorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sixteen logical lanes of every sum over pixels. The pixel at position i of a run is added to
 * lane i mod 16 whatever the width of the machine's vectors: vectors of 16 floats hold all lanes,
 * narrower ones make 16 / {@link #LENGTH} strided passes. So the bits do not depend on the machine.
 *
 * <p>The kernels use no vectors of floats of another length. HotSpot keeps one profile for all
 * callers of a method such as {@code FloatVector.intoArray}. Once that has seen two classes of
 * vectors, sums that pass through a loop are kept in objects on the heap, and are ten times slower.
 * So there are no vectors of doubles with the halves of {@link #FLOATS} beside them.
 *
 * <p>{@code FloatVector.reduceLanes(ADD)} has no defined order; {@link #fold} has.
 */
final class Lanes {
  /** How many logical lanes there are. */
  static final int COUNT = 16;

  /** The machine's vectors of floats, at most 512 bits and at least 128. */
  static final VectorSpecies<Float> FLOATS = floats();

  /** Floats in a vector: 4, 8 or 16. */
  static final int LENGTH = FLOATS.length();

  /** Vectors of ints of the same width. */
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** From position k on: 16 - k lanes of all ones, then zeros. */
  static final int[] MASKS = masks();

  private Lanes() {}

  private static VectorSpecies<Float> floats() {
    int length = FloatVector.SPECIES_PREFERRED.length();
    return length >= 16
        ? FloatVector.SPECIES_512
        : length == 8 ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128;
  }

  private static int[] masks() {
    int[] masks = new int[2 * COUNT];
    Arrays.fill(masks, 0, COUNT, -1);
    return masks;
  }

  /** sums[at + k] += lanes[at + k] for k below count, a multiple of 16; the lanes become 0. */
  static void flush(float[] lanes, double[] sums, int at, int count) {
    for (int k = at; k < at + count; k++) {
      sums[k] += lanes[k];
    }
    Arrays.fill(lanes, at, at + count, 0);
  }

  /** The sum of the sixteen lanes at {@code at}, pairwise: lane k and lane k + 8, 4, 2, 1. */
  static double fold(double[] lanes, int at) {
    double a0 = lanes[at] + lanes[at + 8];
    double a1 = lanes[at + 1] + lanes[at + 9];
    double a2 = lanes[at + 2] + lanes[at + 10];
    double a3 = lanes[at + 3] + lanes[at + 11];
    double a4 = lanes[at + 4] + lanes[at + 12];
    double a5 = lanes[at + 5] + lanes[at + 13];
    double a6 = lanes[at + 6] + lanes[at + 14];
    double a7 = lanes[at + 7] + lanes[at + 15];
    return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7));
  }

  /** {@link #fold(double[], int)} of float lanes, each widened to double first. */
  static double fold(float[] lanes, int at) {
    double a0 = (double) lanes[at] + lanes[at + 8];
    double a1 = (double) lanes[at + 1] + lanes[at + 9];
    double a2 = (double) lanes[at + 2] + lanes[at + 10];
    double a3 = (double) lanes[at + 3] + lanes[at + 11];
    double a4 = (double) lanes[at + 4] + lanes[at + 12];
    double a5 = (double) lanes[at + 5] + lanes[at + 13];
    double a6 = (double) lanes[at + 6] + lanes[at + 14];
    double a7 = (double) lanes[at + 7] + lanes[at + 15];
    return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7));
  }
}
