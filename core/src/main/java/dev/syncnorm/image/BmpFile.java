package dev.syncnorm.image;

/** Windows and OS/2 bitmaps: their header, and whether the pixels fit into the file. */
final class BmpFile {
  private static final int FILE_HEADER = 14;
  private static final int OS2_HEADER = 12;
  private static final int RUN_LENGTH_8 = 1;
  private static final int RUN_LENGTH_4 = 2;
  private static final int BIT_FIELDS = 3;

  private BmpFile() {}

  static ImageHeader header(FileBytes file) throws BadImageException {
    long headerSize = file.u32le(FILE_HEADER);
    boolean known =
        headerSize == OS2_HEADER
            || headerSize == 40
            || headerSize == 52
            || headerSize == 56
            || headerSize == 108
            || headerSize == 124;
    if (!known) {
      // Two letters are a weak sign of a format: this may as well be a text.
      throw new BadImageException(
          BadImageCause.NOT_AN_IMAGE,
          "the file begins like a bitmap, but has no header of a known size");
    }
    file.require(FILE_HEADER, headerSize);
    boolean os2 = headerSize == OS2_HEADER;
    long width = os2 ? file.u16le(18) : (int) file.u32le(18);
    long height = os2 ? file.u16le(20) : Math.abs((long) (int) file.u32le(22)); // < 0: top first
    int bits = bitsPerPixel(file);
    boolean supported =
        switch (compression(file)) {
          case 0 -> bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
          case RUN_LENGTH_8 -> bits == 8;
          case RUN_LENGTH_4 -> bits == 4;
          case BIT_FIELDS -> bits == 16 || bits == 32;
          default -> false;
        };
    if (!supported) {
      throw BadImageException.unsupported(
          "a bitmap of %d bits with the compression %d", bits, compression(file));
    }
    return ImageHeader.of(ImageFormat.BMP, width, height, bits == 32 ? 4 : 3, 8);
  }

  /** Checks that the file is as long as uncompressed pixels need. */
  static void check(FileBytes file) throws BadImageException {
    ImageHeader header = header(file);
    long offset = file.u32le(10);
    if (offset < FILE_HEADER + file.u32le(FILE_HEADER)) {
      throw BadImageException.corrupt(
          "the bitmap's pixels begin at byte %d, in its header", offset);
    }
    int compression = compression(file);
    boolean runs = compression == RUN_LENGTH_8 || compression == RUN_LENGTH_4;
    long rowBytes = ((long) header.width() * bitsPerPixel(file) + 31) / 32 * 4;
    long needed = offset + (runs ? 2 : rowBytes * header.height());
    if (needed > file.length()) {
      throw BadImageException.truncated(
          "the bitmap has %d bytes; %dx%d pixels need %d",
          file.length(), header.width(), header.height(), needed);
    }
  }

  private static int bitsPerPixel(FileBytes file) throws BadImageException {
    return file.u16le(file.u32le(FILE_HEADER) == OS2_HEADER ? 24 : 28);
  }

  private static int compression(FileBytes file) throws BadImageException {
    long compression = file.u32le(FILE_HEADER) == OS2_HEADER ? 0 : file.u32le(30);
    return (int) Math.min(compression, Integer.MAX_VALUE);
  }
}
