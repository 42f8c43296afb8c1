package dev.syncnorm.training;

import java.nio.ByteBuffer;

/** Sums on their way to the workers: big-endian doubles. */
final class Doubles {

  private Doubles() {}

  static byte[] encode(double[] values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length * 8);
    buffer.asDoubleBuffer().put(values);
    return buffer.array();
  }

  static double[] decode(byte[] bytes) {
    double[] values = new double[bytes.length / 8];
    ByteBuffer.wrap(bytes).asDoubleBuffer().get(values);
    return values;
  }
}
