package dev.syncnorm.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Takes event files apart by the published formats alone, sharing nothing with their writer. */
final class DecodedRecords {

  private DecodedRecords() {}

  /** CRC-32C bit by bit: the polynomial 0x1EDC6F41, reflected. */
  static long crc32c(byte[] bytes) {
    long crc = 0xffffffffL;
    for (byte b : bytes) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 1 ? crc >>> 1 ^ 0x82f63b78L : crc >>> 1;
      }
    }
    return crc ^ 0xffffffffL;
  }

  /** The contents of the records; every CRC is checked. */
  static List<byte[]> records(byte[] file) {
    List<byte[]> records = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      byte[] length = new byte[8];
      in.get(length);
      assertThat(unmasked(in.getInt())).isEqualTo(crc32c(length));
      byte[] content =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      in.get(content);
      assertThat(unmasked(in.getInt())).isEqualTo(crc32c(content));
      records.add(content);
    }
    return records;
  }

  /** As TensorFlow's crc32c.h takes the mask off. */
  private static long unmasked(int masked) {
    long rotated = (masked & 0xffffffffL) - 0xa282ead8L & 0xffffffffL;
    return (rotated >>> 17 | rotated << 15) & 0xffffffffL;
  }

  /** A message: each field's values, as Long (varint), Double, Float or byte[]. */
  static Map<Integer, List<Object>> message(byte[] bytes) {
    Map<Integer, List<Object>> fields = new TreeMap<>();
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      long tag = varint(in);
      Object value =
          switch ((int) (tag & 7)) {
            case 0 -> varint(in);
            case 1 -> in.getDouble();
            case 2 -> {
              byte[] content = new byte[(int) varint(in)];
              in.get(content);
              yield content;
            }
            case 5 -> in.getFloat();
            default -> throw new AssertionError("wire type of tag " + tag);
          };
      fields.computeIfAbsent((int) (tag >>> 3), f -> new ArrayList<>()).add(value);
    }
    return fields;
  }

  static Map<Integer, List<Object>> message(Object bytes) {
    return message((byte[]) bytes);
  }

  static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  static double[] doubles(Object bytes) {
    ByteBuffer in = ByteBuffer.wrap((byte[]) bytes).order(ByteOrder.LITTLE_ENDIAN);
    double[] values = new double[in.remaining() / 8];
    in.asDoubleBuffer().get(values);
    return values;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }
}
