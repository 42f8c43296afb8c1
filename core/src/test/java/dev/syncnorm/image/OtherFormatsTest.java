package dev.syncnorm.image;

import static dev.syncnorm.image.BadImages.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The structure of PNG, WebP, BMP and TIFF files. */
class OtherFormatsTest {
  private final ImageDecoder decoder = new ImageDecoder();
  private final BufferedImage picture = ImageFiles.picture(61, 40, 1);
  private final byte[] png = ImageFiles.encode(picture, "png");
  private final byte[] bmp = ImageFiles.encode(picture, "bmp");
  private final byte[] tiff = ImageFiles.encode(picture, "tiff");
  private final byte[] webp = ImageFiles.encodeByOpenCv(ImageFiles.pixels(picture), ".webp");

  @Test
  void aPngFileCutAnywhereIsTruncated() {
    for (int length = 4; length < png.length; length += length < 100 ? 1 : 37) {
      assertRejected(Arrays.copyOf(png, length), BadImageCause.TRUNCATED);
    }
    assertRejected(Arrays.copyOf(png, png.length - 12), BadImageCause.TRUNCATED)
        .isEqualTo("the PNG file ends after " + (png.length - 12) + " bytes without an IEND chunk");
  }

  @Test
  void aPngFileWithAFlippedBitIsCorrupt() {
    for (int at = 16; at < png.length - 12; at += 29) {
      byte[] flipped = png.clone();
      flipped[at] ^= 0x10;
      assertRejected(flipped, at < 50 ? kindOf(flipped) : BadImageCause.CORRUPT);
    }
  }

  /** Next to the header a flip may hit a length, and then the file looks too short. */
  private BadImageCause kindOf(byte[] file) {
    try {
      decoder.check(file);
      throw new AssertionError("a flipped bit was not seen");
    } catch (BadImageException e) {
      assertThat(e.kind()).isNotIn(BadImageCause.EMPTY, BadImageCause.NOT_AN_IMAGE);
      return e.kind();
    }
  }

  @Test
  void aPngFileThatWentThroughATextTransferIsCorrupt() {
    byte[] converted = png.clone();
    converted[4] = '\n';
    assertRejected(converted, BadImageCause.CORRUPT).contains("line ends");
  }

  @Test
  void bytesBehindTheEndOfAPngFileAreIgnored() throws Exception {
    byte[] longer = ImageFiles.concat(png, new byte[99]);
    assertThat(decoder.decode(longer).bgr()).isEqualTo(decoder.decode(png).bgr());
  }

  @Test
  void ofSeveralPicturesTheFirstIsRead() throws Exception {
    BufferedImage second = ImageFiles.picture(61, 40, 2);
    byte[] jpeg = ImageFiles.encode(picture, "jpeg");

    assertThat(decoder.decode(tiffPages(picture, second)).bgr())
        .isEqualTo(decoder.decode(tiff).bgr());
    assertThat(decoder.decode(animatedPng(second)).bgr()).isEqualTo(decoder.decode(png).bgr());
    assertThat(decoder.decode(ImageFiles.concat(jpeg, ImageFiles.encode(second, "jpeg"))).bgr())
        .isEqualTo(decoder.decode(jpeg).bgr());
  }

  private static byte[] tiffPages(BufferedImage... pages) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(null);
      for (BufferedImage page : pages) {
        writer.writeToSequence(new IIOImage(page, null, null), null);
      }
      writer.endWriteSequence();
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** An animation of two frames, the first of which is the default image. */
  private byte[] animatedPng(BufferedImage second) {
    byte[] other = ImageFiles.encode(second, "png");
    int data = 8 + 25; // where IDAT begins, as the JDK writes nothing between
    int size = ByteBuffer.wrap(other).getInt(data);
    byte[] pixels = ByteBuffer.allocate(4 + size).putInt(2).put(other, data + 8, size).array();
    return ImageFiles.concat(
        Arrays.copyOf(png, data),
        chunk("acTL", new byte[] {0, 0, 0, 2, 0, 0, 0, 0}),
        chunk("fcTL", frame(0)),
        Arrays.copyOfRange(png, data, png.length - 12),
        chunk("fcTL", frame(1)),
        chunk("fdAT", pixels),
        chunk("IEND", new byte[0]));
  }

  /** The place of a frame, all of the picture, and 1/10 s. */
  private byte[] frame(int sequence) {
    return ByteBuffer.allocate(26)
        .putInt(sequence)
        .putInt(picture.getWidth())
        .putInt(picture.getHeight())
        .putInt(20, 0x0001_000a)
        .array();
  }

  @Test
  void aPngBombIsTooLargeByItsHeaderAlone() {
    byte[] bomb = pngHeader(20_000, 20_000);
    assertRejected(bomb, BadImageCause.TOO_LARGE)
        .isEqualTo("the header says 20000x20000, 400000000 pixels; the limit is 178956970");
    assertRejected(pngHeader(2_000_000, 1), BadImageCause.TOO_LARGE)
        .isEqualTo("the header says 2000000x1 pixels; the limit for one side is 1048576");
  }

  /** Within the limit of pixels, but no stream of these few bytes can hold them. */
  @Test
  void aPngFileWhosePixelsCannotFitIsTruncated() {
    assertRejected(pngHeader(10_000, 10_000), BadImageCause.TRUNCATED)
        .startsWith("the PNG file has 16 bytes of pixels; 10000x10000 need at least");
  }

  @Test
  void aPngFileWithoutAllItsRowsIsNotDecodedToGrey() throws Exception {
    byte[] half = ImageFiles.encode(ImageFiles.picture(61, 20, 1), "png");
    assertRejected(ImageFiles.withHeight(half, 40), BadImageCause.CORRUPT)
        .isEqualTo("OpenCV cannot decode the PNG file");
  }

  @Test
  void impossiblePngHeadersAreCorrupt() {
    byte[] wrong = png.clone();
    wrong[24] = 3;
    assertRejected(wrong, BadImageCause.CORRUPT).contains("depth 3, colour type 2");
    byte[] empty = png.clone();
    ByteBuffer.wrap(empty).putInt(16, 0);
    assertRejected(empty, BadImageCause.CORRUPT).contains("0x40 pixels");
  }

  @Test
  void aBitmapCutAnywhereIsTruncated() {
    for (int length = 2; length < bmp.length; length += length < 60 ? 1 : 37) {
      assertRejected(Arrays.copyOf(bmp, length), BadImageCause.TRUNCATED);
    }
    assertRejected(Arrays.copyOf(bmp, bmp.length - 1), BadImageCause.TRUNCATED)
        .isEqualTo("the bitmap has 7413 bytes; 61x40 pixels need 7414");
  }

  @Test
  void aBitmapUpsideDownIsTheSamePicture() throws Exception {
    DecodedImage expected = ImageFiles.pixels(picture);
    byte[] flipped = bmp.clone();
    ByteBuffer.wrap(flipped).order(ByteOrder.LITTLE_ENDIAN).putInt(22, -40);
    DecodedImage image = decoder.decode(flipped);
    int row = 3 * 61;
    for (int y = 0; y < 40; y++) {
      assertThat(Arrays.copyOfRange(image.bgr(), y * row, (y + 1) * row))
          .isEqualTo(Arrays.copyOfRange(expected.bgr(), (39 - y) * row, (40 - y) * row));
    }
  }

  @Test
  void aBitmapThatHoldsAJpegFileIsUnsupported() {
    byte[] wrapped = bmp.clone();
    wrapped[30] = 4;
    assertRejected(wrapped, BadImageCause.UNSUPPORTED).contains("24 bits with the compression 4");
  }

  @Test
  void aTiffFileCutAnywhereIsRejected() {
    for (int length = 8; length < tiff.length; length += length < 300 ? 1 : 37) {
      assertRejected(Arrays.copyOf(tiff, length), BadImageCause.TRUNCATED);
    }
  }

  @Test
  void aTiffFileOfAnotherKindIsUnsupported() {
    assertRejected(tiffWith(262, 5), BadImageCause.UNSUPPORTED).contains("(CMYK)");
    assertRejected(tiffWith(277, 5), BadImageCause.UNSUPPORTED).contains("5 samples");
    assertRejected(tiffWith(339, 3), BadImageCause.UNSUPPORTED).contains("sample format 3");
    assertRejected(tiffWith(259, 50_000), BadImageCause.UNSUPPORTED).contains("compression 50000");
  }

  /** The formats that can hold NaN: none of their values comes through. */
  @ParameterizedTest
  @CsvSource({
    ".tiff, 'sample format 3 (floating point, which may hold NaN)'",
    ".pfm, PFM is not read; JPEG, PNG, WebP, BMP and TIFF are",
    ".hdr, Radiance HDR is not read; JPEG, PNG, WebP, BMP and TIFF are"
  })
  void filesOfFloatingPointNumbersAreUnsupported(String ending, String message) {
    float[] values = new float[3 * 8 * 4];
    Arrays.fill(values, 0.5f);
    for (float special : new float[] {0.5f, Float.NaN, Float.POSITIVE_INFINITY}) {
      values[17] = special;
      assertRejected(ImageFiles.floats(8, 4, values, ending), BadImageCause.UNSUPPORTED)
          .contains(message);
    }
  }

  @Test
  void aTiffFileWhoseStripsAreTooShortIsTruncated() {
    assertRejected(tiffWith(257, 41), BadImageCause.TRUNCATED)
        .isEqualTo("the TIFF file has 7320 bytes of pixels; 61x41 need 7503");
  }

  @Test
  void aTiffBombIsTooLargeByItsHeaderAlone() {
    assertRejected(tiffWith(256, 60_000_000), BadImageCause.TOO_LARGE);
  }

  @Test
  void aWebpFileCutAnywhereIsTruncated() {
    for (int length = 12; length < webp.length; length += length < 60 ? 1 : 37) {
      assertRejected(Arrays.copyOf(webp, length), BadImageCause.TRUNCATED);
    }
  }

  @Test
  void anAnimatedWebpFileIsUnsupported() {
    byte[] animated = Arrays.copyOf(webp, 100);
    System.arraycopy(ImageFiles.bytes('V', 'P', '8', 'X', 10, 0, 0, 0, 2), 0, animated, 12, 9);
    assertRejected(animated, BadImageCause.UNSUPPORTED).contains("animated");
  }

  /** The TIFF file with another value for a tag; one it lacks takes the place of the resolution. */
  private byte[] tiffWith(int tag, int value) {
    byte[] changed = tiff.clone();
    boolean little = changed[0] == 'I';
    ByteBuffer buffer =
        ByteBuffer.wrap(changed).order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int entry = tiffEntry(buffer, tag);
    if (entry < 0) {
      entry = tiffEntry(buffer, 282);
    }
    buffer.putShort(entry, (short) tag).putShort(entry + 2, (short) 4);
    buffer.putInt(entry + 4, 1).putInt(entry + 8, value);
    return changed;
  }

  private static int tiffEntry(ByteBuffer file, int tag) {
    int directory = file.getInt(4);
    for (int i = 0; i < file.getShort(directory); i++) {
      int entry = directory + 2 + 12 * i;
      if (file.getShort(entry) == tag) {
        return entry;
      }
    }
    return -1;
  }

  /** A PNG file of this size whose pixels are 16 bytes. */
  private static byte[] pngHeader(int width, int height) {
    byte[] file =
        ImageFiles.concat(
            ImageFiles.bytes(0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13),
            ImageFiles.bytes('I', 'H', 'D', 'R', 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0),
            chunk("IDAT", new byte[16]),
            chunk("IEND", new byte[0]));
    ByteBuffer.wrap(file).putInt(16, width);
    return ImageFiles.withHeight(file, height);
  }

  private static byte[] chunk(String name, byte[] data) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + data.length).putInt(data.length);
    name.chars().forEach(c -> chunk.put((byte) c));
    chunk.put(data);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, 4 + data.length);
    return chunk.putInt((int) crc.getValue()).array();
  }
}
