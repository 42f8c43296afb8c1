package dev.syncnorm.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * JPEG files (ITU T.81, annex B): the frame header, and a walk along the segments to the end
 * marker.
 *
 * <p>libjpeg decodes a file that was cut off to grey and only warns, so that the walk is what finds
 * truncation. It enters no segment, so that the end marker of an EXIF thumbnail does not count, and
 * stops at the first end marker after a scan, so that trailing bytes do not. A file that was cut
 * and then closed is found if its scans have fewer bits than their blocks need at least. Damage
 * inside a scan is not seen here.
 */
final class JpegFile {
  /** Files in the wild have about ten; each scan costs time in proportion to the pixels. */
  static final int MAX_SCANS = 500;

  /** Scans times pixels may be this many times the limit of pixels. */
  static final int MAX_SCANS_AT_PIXEL_LIMIT = 20;

  private static final int START_OF_IMAGE = 0xd8;
  private static final int END_OF_IMAGE = 0xd9;
  private static final int START_OF_SCAN = 0xda;
  private static final int PROGRESSIVE = 0xc2;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** A frame header: its components' identifiers and sampling factors. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Frame(
      int marker, int width, int height, int[] identifiers, int[] horizontal, int[] vertical) {

    ImageHeader header() throws BadImageException {
      return ImageHeader.of(ImageFormat.JPEG, width, height, identifiers.length, 8);
    }

    /**
     * The fewest bits that the scans can have: a Huffman code has at least one, and each block of
     * 8x8 has one for its DC coefficient, in a sequential file another for the end of the block.
     */
    long minimumBits() {
      int maxHorizontal = max(horizontal);
      int maxVertical = max(vertical);
      long blocks = 0;
      for (int i = 0; i < identifiers.length; i++) {
        blocks +=
            (long) ceil((long) width * horizontal[i], 8 * maxHorizontal)
                * ceil((long) height * vertical[i], 8 * maxVertical);
      }
      return marker == PROGRESSIVE ? blocks : 2 * blocks;
    }

    private static int max(int[] values) {
      int max = 0;
      for (int value : values) {
        max = Math.max(max, value);
      }
      return max;
    }

    private static int ceil(long dividend, int divisor) {
      return (int) ((dividend + divisor - 1) / divisor);
    }
  }

  private static final long HIGHEST_BITS = 0x8080808080808080L;

  private final FileBytes file;
  private int at = 2;
  private Frame frame;
  private int scans;
  private int componentsSeen;
  private long scanBytes;

  private JpegFile(FileBytes file) {
    this.file = file;
  }

  static ImageHeader header(FileBytes file) throws BadImageException {
    JpegFile walk = new JpegFile(file);
    while (walk.frame == null) {
      if (walk.segment(Long.MAX_VALUE) == END_OF_IMAGE) {
        throw BadImageException.corrupt("the JPEG file ends without a frame header");
      }
    }
    return walk.frame.header();
  }

  /** Checks the structure up to the end marker. */
  static void check(FileBytes file, long maximumPixels) throws BadImageException {
    JpegFile walk = new JpegFile(file);
    while (walk.segment(maximumPixels) != END_OF_IMAGE) {
      // each call takes one segment
    }
    walk.checkScans();
  }

  /** Takes the next segment, and the scan behind it, and returns its marker. */
  private int segment(long maximumPixels) throws BadImageException {
    int marker = marker();
    boolean standsAlone = marker == END_OF_IMAGE || marker == 0x01 || isRestart(marker);
    if (standsAlone) {
      return marker;
    }
    if (marker == START_OF_IMAGE) {
      throw BadImageException.corrupt("a second start-of-image marker at byte %d", at - 2);
    }
    int start = at;
    require(start, 2, marker);
    int length = file.u16be(start);
    if (length < 2) {
      throw BadImageException.corrupt(
          "the segment %02X at byte %d has the length %d", marker, start - 2, length);
    }
    require(start, length, marker);
    at = start + length;
    boolean isFrame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (isFrame) {
      frame(marker, start, length);
    } else if (marker == START_OF_SCAN) {
      scan(start, length, maximumPixels);
    }
    return marker;
  }

  /** Skips to the next marker, over fill bytes and what libjpeg too takes for garbage. */
  private int marker() throws BadImageException {
    byte[] bytes = file.bytes();
    while (true) {
      at = indexOfFf(at);
      while (at < bytes.length && bytes[at] == (byte) 0xff) {
        at++;
      }
      if (at >= bytes.length) {
        throw BadImageException.truncated(
            "the JPEG file ends after %d bytes without an end-of-image marker", bytes.length);
      }
      int marker = bytes[at++] & 0xff;
      if (marker != 0) {
        return marker;
      }
    }
  }

  private void frame(int marker, int start, int length) throws BadImageException {
    if (frame != null) {
      throw BadImageException.corrupt("a second frame header at byte %d", start - 2);
    }
    if (marker > PROGRESSIVE) {
      throw BadImageException.unsupported(
          "a %s JPEG file; baseline and progressive ones are read",
          marker == 0xc9 || marker == 0xca ? "arithmetically coded" : "lossless or hierarchical");
    }
    int components = length < 8 ? 0 : file.u8(start + 7);
    if (components == 0 || length != 8 + 3 * components) {
      throw BadImageException.corrupt(
          "a frame header of %d bytes for %d components", length, components);
    }
    int depth = file.u8(start + 2);
    if (depth != 8) {
      throw BadImageException.unsupported("a JPEG file of %d bits; 8 are read", depth);
    }
    if (components != 1 && components != 3) {
      throw BadImageException.unsupported(
          "a JPEG file of %d components%s; grey and colour (1 and 3) are read",
          components, components == 4 ? " (CMYK)" : "");
    }
    int height = file.u16be(start + 3);
    if (height == 0) {
      throw BadImageException.unsupported("a JPEG file that gives its height after the first scan");
    }
    int[] identifiers = new int[components];
    int[] horizontal = new int[components];
    int[] vertical = new int[components];
    for (int i = 0; i < components; i++) {
      identifiers[i] = file.u8(start + 8 + 3 * i);
      int sampling = file.u8(start + 9 + 3 * i);
      horizontal[i] = sampling >> 4;
      vertical[i] = sampling & 15;
      if (horizontal[i] < 1 || horizontal[i] > 4 || vertical[i] < 1 || vertical[i] > 4) {
        throw BadImageException.corrupt(
            "component %d has the sampling factors %dx%d; expected 1 to 4",
            i + 1, horizontal[i], vertical[i]);
      }
    }
    int width = file.u16be(start + 5);
    frame = new Frame(marker, width, height, identifiers, horizontal, vertical);
  }

  private void scan(int start, int length, long maximumPixels) throws BadImageException {
    if (frame == null) {
      throw BadImageException.corrupt("a scan before the frame header at byte %d", start - 2);
    }
    int components = length < 3 ? 0 : file.u8(start + 2);
    if (components < 1 || components > 4 || length != 6 + 2 * components) {
      throw BadImageException.corrupt(
          "a scan header of %d bytes for %d components", length, components);
    }
    for (int i = 0; i < components; i++) {
      int identifier = file.u8(start + 3 + 2 * i);
      for (int k = 0; k < frame.identifiers.length; k++) {
        if (frame.identifiers[k] == identifier) {
          componentsSeen |= 1 << k;
        }
      }
    }
    scans++;
    long pixels = frame.header().pixels();
    if (scans > MAX_SCANS || scans > MAX_SCANS_AT_PIXEL_LIMIT * (maximumPixels / (double) pixels)) {
      throw BadImageException.tooLarge(
          "more than %d scans over %dx%d pixels; the limits are %d scans, and %d over %d pixels",
          scans - 1, frame.width, frame.height, MAX_SCANS, MAX_SCANS_AT_PIXEL_LIMIT, maximumPixels);
    }
    scanBytes -= at;
    skipScan();
    scanBytes += at;
  }

  /** Goes to the marker behind a scan; FF00 is a data byte, and restart markers belong to it. */
  private void skipScan() throws BadImageException {
    byte[] bytes = file.bytes();
    while (true) {
      at = indexOfFf(at);
      if (at + 1 >= bytes.length) {
        throw BadImageException.truncated(
            "the JPEG file ends after %d bytes in scan %d, without an end-of-image marker",
            bytes.length, scans);
      }
      int next = bytes[at + 1] & 0xff;
      if (next == 0 || isRestart(next)) {
        at += 2;
      } else if (next == 0xff) {
        at++;
      } else {
        return;
      }
    }
  }

  private void checkScans() throws BadImageException {
    if (scans == 0) {
      throw BadImageException.corrupt("the JPEG file ends without a scan");
    }
    if (componentsSeen != (1 << frame.identifiers.length) - 1) {
      throw BadImageException.truncated(
          "the JPEG file ends after %d scans without one for each of its %d components",
          scans, frame.identifiers.length);
    }
    long needed = (frame.minimumBits() + 7) / 8;
    if (scanBytes < needed) {
      throw BadImageException.truncated(
          "the scans have %d bytes; %dx%d pixels need at least %d",
          scanBytes, frame.width, frame.height, needed);
    }
  }

  private void require(int start, int length, int marker) throws BadImageException {
    if (length > file.length() - start) {
      throw BadImageException.truncated(
          "the JPEG file ends after %d bytes in the segment %02X that begins at byte %d",
          file.length(), marker, start - 2);
    }
  }

  private static boolean isRestart(int marker) {
    return marker >= 0xd0 && marker <= 0xd7;
  }

  /**
   * The position of the next byte FF, or the file's length. Many bytes at a time: this runs over
   * every file of a data set, and must cost little beside its decoding.
   */
  private int indexOfFf(int from) {
    byte[] bytes = file.bytes();
    int index = from;
    for (; index <= bytes.length - 4 * Long.BYTES; index += 4 * Long.BYTES) {
      long marks =
          marks(bytes, index)
              | marks(bytes, index + Long.BYTES)
              | marks(bytes, index + 2 * Long.BYTES)
              | marks(bytes, index + 3 * Long.BYTES);
      if ((marks & HIGHEST_BITS) != 0) {
        break;
      }
    }
    for (; index <= bytes.length - Long.BYTES; index += Long.BYTES) {
      long marks = marks(bytes, index) & HIGHEST_BITS;
      if (marks != 0) {
        return index + Long.numberOfTrailingZeros(marks) / Byte.SIZE;
      }
    }
    while (index < bytes.length && bytes[index] != (byte) 0xff) {
      index++;
    }
    return index;
  }

  /** The highest bit of each of eight bytes, up to the first FF, tells whether it is one. */
  private static long marks(byte[] bytes, int at) {
    long eight = (long) LONGS.get(bytes, at);
    return (0xfefefefefefefefeL - eight) & eight;
  }
}
