package dev.syncnorm.bench;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What no kernel can beat: fused multiply-adds that wait for nothing, and a copy of memory that no
 * cache holds. Run with as many threads as the kernels beside it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MachineLimits {

  /** Floating-point operations of one call of {@link #fma}. */
  public static final int FMA_OPERATIONS = 1 << 22;

  /** Floats of one call of {@link #copy}; 64 MiB, more than last-level caches share out. */
  public static final int COPIED_FLOATS = 1 << 24;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  private final float[] from = new float[COPIED_FLOATS];
  private final float[] to = new float[COPIED_FLOATS];
  private float factor = 0.999f;
  private float addend = 0.001f;

  /**
   * Twelve chains, more than any core has fused multiply-adds in flight. Named variables: vectors
   * in an array would not stay in registers.
   */
  @Benchmark
  public float fma() {
    FloatVector a = FloatVector.broadcast(SPECIES, factor);
    FloatVector b = FloatVector.broadcast(SPECIES, addend);
    FloatVector s0 = b;
    FloatVector s1 = b;
    FloatVector s2 = b;
    FloatVector s3 = b;
    FloatVector s4 = b;
    FloatVector s5 = b;
    FloatVector s6 = b;
    FloatVector s7 = b;
    FloatVector s8 = b;
    FloatVector s9 = b;
    FloatVector s10 = b;
    FloatVector s11 = b;
    int rounds = FMA_OPERATIONS / (2 * 12 * SPECIES.length()) + 1;
    for (int i = 0; i < rounds; i++) {
      s0 = s0.fma(a, b);
      s1 = s1.fma(a, b);
      s2 = s2.fma(a, b);
      s3 = s3.fma(a, b);
      s4 = s4.fma(a, b);
      s5 = s5.fma(a, b);
      s6 = s6.fma(a, b);
      s7 = s7.fma(a, b);
      s8 = s8.fma(a, b);
      s9 = s9.fma(a, b);
      s10 = s10.fma(a, b);
      s11 = s11.fma(a, b);
    }
    FloatVector low = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
    return low.add(s6).add(s7).add(s8).add(s9).add(s10).add(s11).lane(0);
  }

  /** Reads and writes {@link #COPIED_FLOATS}. */
  @Benchmark
  public float[] copy() {
    System.arraycopy(from, 0, to, 0, COPIED_FLOATS);
    return to;
  }
}
