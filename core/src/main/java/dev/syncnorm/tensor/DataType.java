package dev.syncnorm.tensor;

import java.nio.ByteBuffer;

/** The types of values that a safetensors file may hold here; the names are those of the format. */
public enum DataType {
  /** IEEE double precision. */
  F64(8),
  /** IEEE single precision. */
  F32(4),
  /** IEEE half precision: 1 sign, 5 exponent and 10 fraction bits. */
  F16(2),
  /** The upper half of an F32: 1 sign, 8 exponent and 7 fraction bits. */
  BF16(2),
  /** Signed, 64 bits. */
  I64(8),
  /** Signed, 32 bits. */
  I32(4),
  /** Signed, 16 bits. */
  I16(2),
  /** Signed, 8 bits. */
  I8(1),
  /** Unsigned, 8 bits. */
  U8(1),
  /** A byte that is 0 or 1. */
  BOOL(1);

  private final int bytes;

  DataType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes per value. */
  public int bytes() {
    return bytes;
  }

  /**
   * The value at an index of little-endian data, as a double. Exact for every type but I64, whose
   * values beyond 2^53 may be rounded.
   */
  double doubleAt(ByteBuffer data, int index) {
    int at = index * bytes;
    return switch (this) {
      case F64 -> data.getDouble(at);
      case F32 -> data.getFloat(at);
      case F16 -> halfToFloat(data.getShort(at));
      case BF16 -> bfloatToFloat(data.getShort(at));
      case I64 -> data.getLong(at);
      case I32 -> data.getInt(at);
      case I16 -> data.getShort(at);
      case I8 -> data.get(at);
      case U8, BOOL -> data.get(at) & 0xff;
    };
  }

  /** A half-precision number, exactly; the payload of a NaN is kept. */
  static float halfToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) { // zero and subnormal numbers: fraction * 2^-24
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int wideExponent = exponent == 0x1f ? 0xff : exponent - 15 + 127;
    return Float.intBitsToFloat(sign | wideExponent << 23 | fraction << 13);
  }

  /** A bfloat16 number, exactly; the payload of a NaN is kept. */
  static float bfloatToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
