package dev.syncnorm.training;

import java.nio.ByteBuffer;

/** Sums on their way between the driver and the workers: big-endian doubles. */
public final class Doubles {

  private Doubles() {}

  /** Eight bytes a value. */
  public static byte[] encode(double[] values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * 8);
    buffer.asDoubleBuffer().put(values);
    return buffer.array();
  }

  /** The values of {@link #encode}. */
  public static double[] decode(byte[] bytes) {
    double[] values = new double[bytes.length / 8];
    ByteBuffer.wrap(bytes).asDoubleBuffer().get(values);
    return values;
  }
}
