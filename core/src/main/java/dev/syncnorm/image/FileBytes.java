package dev.syncnorm.image;

import java.nio.charset.StandardCharsets;

/** The bytes of a file, read at checked positions: past the end means that it is truncated. */
@SuppressWarnings("ArrayRecordComponent") // a view of the array, never compared
record FileBytes(byte[] bytes) {

  int length() {
    return bytes.length;
  }

  /** Checks that the bytes from {@code at} to before {@code at + count} are there. */
  void require(long at, long count) throws BadImageException {
    if (at < 0 || count < 0 || count > bytes.length - at) {
      throw BadImageException.truncated(
          "the file has %d bytes, but what it says of itself goes on to byte %d",
          bytes.length, at + count);
    }
  }

  int u8(long at) throws BadImageException {
    require(at, 1);
    return bytes[(int) at] & 0xff;
  }

  int u16be(long at) throws BadImageException {
    return u8(at) << 8 | u8(at + 1);
  }

  int u16le(long at) throws BadImageException {
    return u8(at) | u8(at + 1) << 8;
  }

  int u24le(long at) throws BadImageException {
    return u16le(at) | u8(at + 2) << 16;
  }

  long u32be(long at) throws BadImageException {
    return (long) u16be(at) << 16 | u16be(at + 2);
  }

  long u32le(long at) throws BadImageException {
    return u16le(at) | (long) u16le(at + 2) << 16;
  }

  /** Whether these characters, each one byte, stand at a position; false past the end. */
  boolean has(int at, String latin1) {
    if (at + latin1.length() > bytes.length) {
      return false;
    }
    for (int i = 0; i < latin1.length(); i++) {
      if ((bytes[at + i] & 0xff) != latin1.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Four bytes as text, for names of chunks. */
  String name(int at) throws BadImageException {
    require(at, 4);
    return new String(bytes, at, 4, StandardCharsets.ISO_8859_1);
  }
}
