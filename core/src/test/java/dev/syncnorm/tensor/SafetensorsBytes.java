package dev.syncnorm.tensor;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Safetensors files put together by hand, right or wrong. */
final class SafetensorsBytes {
  private SafetensorsBytes() {}

  /** A file of this header, its length in front, and this many zero bytes behind. */
  static byte[] file(String header, int dataBytes) {
    return file(header, new byte[dataBytes]);
  }

  static byte[] file(String header, byte[] data) {
    return file(header.getBytes(StandardCharsets.UTF_8), data);
  }

  static byte[] file(byte[] header, byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(longAndZeros(header.length, 8));
    out.writeBytes(header);
    out.writeBytes(data);
    return out.toByteArray();
  }

  /** One tensor "t" of one dimension that fills the data. */
  static byte[] vector(String dtype, int count, byte[] data) {
    return file(
        "{\"t\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(dtype, count, data.length),
        data);
  }

  /** A little-endian number, and zeros up to a size. */
  static byte[] longAndZeros(long value, int size) {
    byte[] bytes = new byte[size];
    littleEndian(bytes).putLong(value);
    return bytes;
  }

  static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
