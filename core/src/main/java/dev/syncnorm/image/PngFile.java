package dev.syncnorm.image;

import java.util.zip.CRC32;

/** PNG files (ISO/IEC 15948): the IHDR chunk, and a walk along the chunks and their checksums. */
final class PngFile {
  private static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";
  private static final int FIRST_CHUNK = 8;
  private static final int CHUNK_OVERHEAD = 12;

  /** Deflate makes at most 258 bytes of 2 bits. */
  private static final int MAX_COMPRESSION = 258 * 4;

  private PngFile() {}

  static ImageHeader header(FileBytes file) throws BadImageException {
    if (file.length() >= FIRST_CHUNK && !file.has(0, SIGNATURE)) {
      throw BadImageException.corrupt(
          "the PNG signature is damaged, as by a transfer that converts line ends");
    }
    file.require(FIRST_CHUNK, CHUNK_OVERHEAD + 13);
    if (file.u32be(FIRST_CHUNK) != 13 || !file.name(FIRST_CHUNK + 4).equals("IHDR")) {
      throw BadImageException.corrupt("the PNG file does not begin with an IHDR chunk");
    }
    int depth = file.u8(24);
    int colorType = file.u8(25);
    int channels =
        switch (colorType) {
          case 0 -> 1;
          case 2, 3 -> 3;
          case 4 -> 2;
          case 6 -> 4;
          default -> throw BadImageException.corrupt("the PNG colour type %d", colorType);
        };
    boolean known =
        switch (depth) {
          case 1, 2, 4 -> colorType == 0 || colorType == 3;
          case 8 -> true;
          case 16 -> colorType != 3;
          default -> false;
        };
    if (!known || file.u8(26) != 0 || file.u8(27) != 0 || file.u8(28) > 1) {
      throw BadImageException.corrupt(
          "the PNG header has depth %d, colour type %d, compression %d, filter %d, interlacing %d",
          depth, colorType, file.u8(26), file.u8(27), file.u8(28));
    }
    return ImageHeader.of(
        ImageFormat.PNG, file.u32be(16), file.u32be(20), channels, colorType == 3 ? 8 : depth);
  }

  /** Checks the chunks up to IEND. */
  static void check(FileBytes file) throws BadImageException {
    long dataBytes = 0;
    int at = FIRST_CHUNK;
    while (true) {
      if (file.length() - at < CHUNK_OVERHEAD) {
        throw BadImageException.truncated(
            "the PNG file ends after %d bytes without an IEND chunk", file.length());
      }
      long length = file.u32be(at);
      String name = file.name(at + 4);
      if (!name.chars().allMatch(PngFile::isLetter)) {
        throw BadImageException.corrupt("no PNG chunk begins at byte %d", at);
      }
      if (length > file.length() - CHUNK_OVERHEAD - at) {
        throw BadImageException.truncated(
            "the PNG file ends after %d bytes in the %s chunk of %d that begins at byte %d",
            file.length(), name, length, at);
      }
      checkSum(file, at, (int) length, name);
      if (name.equals("IDAT")) {
        dataBytes += length;
      } else if (name.equals("IEND")) {
        checkDataBytes(file, dataBytes);
        return;
      }
      at += CHUNK_OVERHEAD + (int) length;
    }
  }

  private static boolean isLetter(int character) {
    return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
  }

  private static void checkSum(FileBytes file, int at, int length, String name)
      throws BadImageException {
    CRC32 crc = new CRC32();
    crc.update(file.bytes(), at + 4, length + 4);
    long stored = file.u32be(at + 8L + length);
    if (stored != crc.getValue()) {
      throw BadImageException.corrupt(
          "the %s chunk at byte %d has the checksum %08x; its bytes have %08x",
          name, at, stored, crc.getValue());
    }
  }

  private static void checkDataBytes(FileBytes file, long dataBytes) throws BadImageException {
    ImageHeader header = header(file);
    boolean palette = file.u8(25) == 3;
    long bits = palette ? file.u8(24) : (long) header.channels() * header.depth();
    double needed = (double) header.pixels() * bits / 8 / MAX_COMPRESSION;
    if (dataBytes < needed) {
      throw BadImageException.truncated(
          "the PNG file has %d bytes of pixels; %dx%d need at least %.0f",
          dataBytes, header.width(), header.height(), Math.ceil(needed));
    }
  }
}
