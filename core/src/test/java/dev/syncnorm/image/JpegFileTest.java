package dev.syncnorm.image;

import static dev.syncnorm.image.BadImages.assertRejected;
import static dev.syncnorm.testing.ImageFiles.bytes;
import static dev.syncnorm.testing.ImageFiles.concat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JpegFileTest {
  private final ImageDecoder decoder = new ImageDecoder();
  private final BufferedImage picture = ImageFiles.picture(120, 80, 1);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFileCutAnywhereIsTruncated(boolean progressive) throws Exception {
    byte[] whole = ImageFiles.jpeg(picture, progressive);
    assertThat(decoder.check(whole)).isEqualTo(new ImageHeader(ImageFormat.JPEG, 120, 80, 3, 8));
    for (int length = 3; length < whole.length; length += length < 700 ? 1 : 13) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertRejected(cut, BadImageCause.TRUNCATED).startsWith("the JPEG file ends after " + length);
    }
    assertRejected(Arrays.copyOf(whole, whole.length - 1), BadImageCause.TRUNCATED);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void trailingBytesAreIgnoredAndDoNotHideTruncation(boolean progressive) throws Exception {
    byte[] whole = ImageFiles.jpeg(picture, progressive);
    byte[] expected = decoder.decode(whole).bgr();
    assertThat(decoder.decode(concat(whole, new byte[1000])).bgr()).isEqualTo(expected);
    assertThat(decoder.decode(concat(whole, whole)).bgr()).isEqualTo(expected);

    byte[] half = Arrays.copyOf(whole, whole.length / 2);
    assertRejected(concat(half, new byte[1000]), BadImageCause.TRUNCATED);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theEndMarkerOfAnExifThumbnailIsNotTheFiles(boolean progressive) throws Exception {
    byte[] thumbnail = ImageFiles.jpeg(ImageFiles.picture(32, 24, 2), false);
    byte[] exif = concat("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1), thumbnail);
    byte[] plain = ImageFiles.jpeg(picture, progressive);
    byte[] whole = ImageFiles.withSegment(plain, 0xe1, exif);

    assertThat(decoder.decode(whole).bgr()).isEqualTo(decoder.decode(plain).bgr());
    int behindThumbnail = exif.length + 6;
    for (int length = behindThumbnail; length < whole.length; length += 17) {
      assertRejected(Arrays.copyOf(whole, length), BadImageCause.TRUNCATED);
    }
  }

  /** As downloaders do that close what they have: the scan is too short for the pixels. */
  @Test
  void aFileThatWasCutAndClosedIsTruncatedIfItsBlocksCannotFit() {
    byte[] whole = ImageFiles.jpeg(ImageFiles.picture(1200, 800, 3), false);
    byte[] closed = concat(Arrays.copyOf(whole, 2000), bytes(0xff, 0xd9));
    assertRejected(closed, BadImageCause.TRUNCATED)
        .matches("the scans have 1\\d{3} bytes; 1200x800 pixels need at least \\d{4}");
  }

  /** One value everywhere: two bits a block, which is what the lower bound supposes. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theSmallestPossibleFileIsNotTruncated(boolean progressive) throws Exception {
    for (int type : new int[] {BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_BYTE_GRAY}) {
      byte[] black = ImageFiles.jpeg(new BufferedImage(2000, 1500, type), progressive);
      assertThat(Arrays.equals(decoder.decode(black).bgr(), new byte[3 * 2000 * 1500])).isTrue();
    }
  }

  @Test
  void aFileWithoutAScanForEachComponentIsTruncated() {
    byte[] file = concat(bytes(0xff, 0xd8), frame(0xc0, 8, 16, 3), scanOf(1), bytes(0xff, 0xd9));
    assertRejected(file, BadImageCause.TRUNCATED)
        .isEqualTo("the JPEG file ends after 1 scans without one for each of its 3 components");
  }

  @Test
  void fourComponentsAreUnsupported() {
    assertRejected(concat(bytes(0xff, 0xd8), frame(0xc0, 8, 16, 4)), BadImageCause.UNSUPPORTED)
        .contains("4 components (CMYK)");
  }

  @Test
  void otherProcessesAndDepthsAreUnsupported() {
    byte[] start = bytes(0xff, 0xd8);
    assertRejected(concat(start, frame(0xc0, 12, 16, 3)), BadImageCause.UNSUPPORTED)
        .contains("12 bits");
    assertRejected(concat(start, frame(0xc3, 8, 16, 3)), BadImageCause.UNSUPPORTED)
        .contains("lossless");
    assertRejected(concat(start, frame(0xca, 8, 16, 3)), BadImageCause.UNSUPPORTED)
        .contains("arithmetically");
    assertRejected(concat(start, frame(0xc0, 8, 0, 3)), BadImageCause.UNSUPPORTED)
        .contains("height");
  }

  @Test
  void contradictionsAreCorrupt() {
    byte[] start = bytes(0xff, 0xd8);
    byte[] end = bytes(0xff, 0xd9);
    byte[] frame = frame(0xc0, 8, 16, 1);
    assertRejected(concat(start, end), BadImageCause.CORRUPT).contains("without a frame header");
    assertRejected(concat(start, frame, end), BadImageCause.CORRUPT).contains("without a scan");
    assertRejected(concat(start, scanOf(1), end), BadImageCause.CORRUPT)
        .contains("before the frame");
    assertRejected(concat(start, frame, frame, end), BadImageCause.CORRUPT)
        .contains("second frame");
    assertRejected(concat(start, frame, start, end), BadImageCause.CORRUPT)
        .contains("second start-of-image");
    assertRejected(concat(start, bytes(0xff, 0xe0, 0, 1), end), BadImageCause.CORRUPT)
        .contains("the segment E0 at byte 2 has the length 1");
  }

  /**
   * Each scan costs libjpeg a pass over the pixels, and a file of a few kilobytes may have many.
   */
  @Test
  void aBombOfScansIsTooLarge() throws Exception {
    byte[] scan = scanOf(1);
    byte[][] parts = new byte[503][];
    Arrays.fill(parts, scan);
    parts[0] = bytes(0xff, 0xd8);
    parts[1] = frame(0xc2, 8, 16, 1);
    assertRejected(concat(parts), BadImageCause.TOO_LARGE).startsWith("more than 500 scans over");

    byte[] progressive = ImageFiles.jpeg(picture, true); // ten scans, 9,600 pixels
    assertThat(new ImageDecoder(9_600).check(progressive).width()).isEqualTo(120);
    byte[] large = concat(bytes(0xff, 0xd8), frame(0xc2, 8, 5000, 1));
    byte[][] some = new byte[28][];
    Arrays.fill(some, scan);
    some[0] = large;
    assertRejected(new ImageDecoder(5000 * 5000), concat(some), BadImageCause.TOO_LARGE)
        .isEqualTo(
            "more than 20 scans over 5000x5000 pixels; the limits are 500 scans, and 20 over"
                + " 25000000 pixels");
  }

  /** A square frame whose components are sampled alike. */
  private static byte[] frame(int marker, int depth, int size, int components) {
    int length = 8 + 3 * components;
    byte[] frame =
        Arrays.copyOf(
            bytes(0xff, marker, 0, length, depth, size >> 8, size, size >> 8, size, components),
            length + 2);
    for (int i = 0; i < components; i++) {
      frame[10 + 3 * i] = (byte) (i + 1);
      frame[11 + 3 * i] = 0x11;
    }
    return frame;
  }

  private static byte[] scanOf(int component) {
    return bytes(
        0xff, 0xda, 0, 8, 1, component, 0, 0, 63, 0, 0x55, 0x55, 0xff, 0, 0xff, 0xd0, 0x55);
  }
}
