package dev.syncnorm.image;

import java.util.Set;

/**
 * TIFF files (revision 6.0): the first directory, and whether its strips or tiles are in the file.
 */
final class TiffFile {
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS_PER_SAMPLE = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int STRIP_OFFSETS = 273;
  private static final int SAMPLES_PER_PIXEL = 277;
  private static final int STRIP_BYTES = 279;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTES = 325;
  private static final int PLANAR_CONFIGURATION = 284;
  private static final int EXTRA_SAMPLES = 338;
  private static final int SAMPLE_FORMAT = 339;

  /** The value of an extra sample that colours are multiplied by already. */
  static final byte ASSOCIATED_ALPHA = 1;

  private static final int UNASSOCIATED_ALPHA = 2;

  private static final int ENTRY_BYTES = 12;
  private static final int PALETTE = 3;
  private static final int YCBCR = 6;
  private static final int FLOATING_POINT = 3;

  /** None, the three of CCITT, LZW, JPEG, Deflate, PackBits, and Deflate by its older number. */
  private static final Set<Long> COMPRESSIONS = Set.of(1L, 2L, 3L, 4L, 5L, 7L, 8L, 32773L, 32946L);

  private final FileBytes file;
  private final boolean littleEndian;
  private final long entries;
  private final int count;

  private TiffFile(FileBytes file) throws BadImageException {
    this.file = file;
    littleEndian = file.has(0, "II");
    long directory = u32(4);
    if (directory < 8) {
      throw BadImageException.corrupt("the first TIFF directory is at byte %d", directory);
    }
    count = u16(directory);
    entries = directory + 2;
    file.require(entries, (long) ENTRY_BYTES * count);
  }

  static ImageHeader header(FileBytes file) throws BadImageException {
    return new TiffFile(file).header();
  }

  /** Checks that the strips or tiles of the first picture are in the file. */
  static void check(FileBytes file, long maximumPixels) throws BadImageException {
    TiffFile tiff = new TiffFile(file);
    boolean tiled = tiff.find(TILE_OFFSETS) >= 0;
    if (tiled) {
      double tilePixels = (double) tiff.value(TILE_WIDTH, 0) * tiff.value(TILE_HEIGHT, 0);
      if (tilePixels < 1 || tilePixels > maximumPixels) {
        throw BadImageException.tooLarge(
            "a TIFF file with tiles of %.0f pixels; the limit is %d", tilePixels, maximumPixels);
      }
    }
    tiff.checkPieces(tiled ? TILE_OFFSETS : STRIP_OFFSETS, tiled ? TILE_BYTES : STRIP_BYTES, tiled);
  }

  /** Checks that OpenCV gives 16 bits as they are, which it does for most ways to store them. */
  static void checkSixteenBits(FileBytes file) throws BadImageException {
    TiffFile tiff = new TiffFile(file);
    if (tiff.value(PHOTOMETRIC, 1) == 0) {
      throw BadImageException.unsupported("a TIFF file of 16 bits with 0 for white");
    }
    if (tiff.value(PLANAR_CONFIGURATION, 1) != 1 && tiff.value(SAMPLES_PER_PIXEL, 1) > 1) {
      throw BadImageException.unsupported("a TIFF file of 16 bits with a plane for each channel");
    }
  }

  /**
   * The position of the byte that says that the first extra sample is alpha and the colours are not
   * multiplied by it, or -1. Where libtiff reads that, it multiplies.
   */
  static int unassociatedAlpha(FileBytes file) throws BadImageException {
    TiffFile tiff = new TiffFile(file);
    long entry = tiff.find(EXTRA_SAMPLES);
    if (entry < 0 || tiff.value(entry, 0) != UNASSOCIATED_ALPHA) {
      return -1;
    }
    long at = tiff.position(entry, 0);
    int last = bytes(tiff.u16(entry + 2)) - 1;
    return (int) (tiff.littleEndian ? at : at + last);
  }

  private ImageHeader header() throws BadImageException {
    long width = value(WIDTH, 0);
    long height = value(HEIGHT, 0);
    long samples = value(SAMPLES_PER_PIXEL, 1);
    long depth = value(BITS_PER_SAMPLE, 1);
    long photometric = value(PHOTOMETRIC, 1);
    long format = value(SAMPLE_FORMAT, 1);
    boolean colours = photometric <= PALETTE || photometric == YCBCR;
    boolean depths = depth == 1 || depth == 4 || depth == 8 || depth == 16;
    if (!colours || !depths || format != 1 || samples < 1 || samples > 4) {
      throw BadImageException.unsupported(
          "a TIFF file of %d samples of %d bits, photometric interpretation %d%s, sample format %d%s;"
              + " grey, RGB, palette and YCbCr of up to 4 unsigned samples of 1, 4, 8 or 16 bits"
              + " are read",
          samples,
          depth,
          photometric,
          photometric == 5 ? " (CMYK)" : "",
          format,
          format == FLOATING_POINT ? " (floating point, which may hold NaN)" : "");
    }
    if (!COMPRESSIONS.contains(value(COMPRESSION, 1))) {
      throw BadImageException.unsupported(
          "a TIFF file with the compression %d; none, CCITT, LZW, JPEG, Deflate and PackBits are"
              + " read",
          value(COMPRESSION, 1));
    }
    boolean palette = photometric == PALETTE;
    return ImageHeader.of(
        ImageFormat.TIFF, width, height, palette ? 3 : (int) samples, palette ? 8 : (int) depth);
  }

  private void checkPieces(int offsetsTag, int bytesTag, boolean tiled) throws BadImageException {
    String piece = tiled ? "tile" : "strip";
    long offsets = find(offsetsTag);
    long sizes = find(bytesTag);
    if (offsets < 0) {
      throw BadImageException.corrupt("the TIFF directory has no strips or tiles");
    }
    if (sizes < 0) {
      return; // old writers leave the sizes out; libtiff then works them out
    }
    long pieces = u32(offsets + 4);
    if (u32(sizes + 4) != pieces) {
      throw BadImageException.corrupt(
          "the TIFF directory has %d %s offsets and %d sizes", pieces, piece, u32(sizes + 4));
    }
    double bytes = 0;
    for (long i = 0; i < pieces; i++) {
      long size = value(sizes, i);
      long end = value(offsets, i) + size;
      bytes += size;
      if (end > file.length()) {
        throw BadImageException.truncated(
            "the TIFF file has %d bytes; its %s %d ends at byte %d", file.length(), piece, i, end);
      }
    }
    checkUncompressedBytes(bytes);
  }

  /** Where libtiff reads too few bytes it leaves the rest of the strip as it was. */
  private void checkUncompressedBytes(double bytes) throws BadImageException {
    boolean compressed = value(COMPRESSION, 1) != 1;
    boolean subsampled = value(PHOTOMETRIC, 1) == YCBCR;
    long bits = value(SAMPLES_PER_PIXEL, 1) * value(BITS_PER_SAMPLE, 1);
    double needed = (double) value(WIDTH, 0) * value(HEIGHT, 0) * bits / 8;
    if (!compressed && !subsampled && bytes < needed) {
      throw BadImageException.truncated(
          "the TIFF file has %.0f bytes of pixels; %dx%d need %.0f",
          bytes, value(WIDTH, 0), value(HEIGHT, 0), Math.ceil(needed));
    }
  }

  /** The first value of a tag, or a default if the tag is missing. */
  private long value(int tag, int missing) throws BadImageException {
    long entry = find(tag);
    return entry < 0 ? missing : value(entry, 0);
  }

  /** The position of a tag's entry, or -1. */
  private long find(int tag) throws BadImageException {
    for (int i = 0; i < count; i++) {
      long entry = entries + (long) ENTRY_BYTES * i;
      if (u16(entry) == tag) {
        return entry;
      }
    }
    return -1;
  }

  /** A value of an entry. */
  private long value(long entry, long index) throws BadImageException {
    long at = position(entry, index);
    return switch (bytes(u16(entry + 2))) {
      case 1 -> file.u8(at);
      case 2 -> u16(at);
      default -> u32(at);
    };
  }

  /** Where a value is: up to four bytes stand in the entry itself, more elsewhere. */
  private long position(long entry, long index) throws BadImageException {
    int type = u16(entry + 2);
    int bytes = bytes(type);
    if (bytes == 0) {
      throw BadImageException.corrupt(
          "the TIFF tag %d has the type %d; expected BYTE, SHORT or LONG", u16(entry), type);
    }
    long values = u32(entry + 4);
    if (index >= values) {
      throw BadImageException.corrupt("the TIFF tag %d has %d values", u16(entry), values);
    }
    return (values * bytes <= 4 ? entry + 8 : u32(entry + 8)) + index * bytes;
  }

  /** The bytes of a value of a type, 0 if it is none that stands here. */
  private static int bytes(int type) {
    return switch (type) {
      case 1 -> 1;
      case 3 -> 2;
      case 4 -> 4;
      default -> 0;
    };
  }

  private int u16(long at) throws BadImageException {
    return littleEndian ? file.u16le(at) : file.u16be(at);
  }

  private long u32(long at) throws BadImageException {
    return littleEndian ? file.u32le(at) : file.u32be(at);
  }
}
