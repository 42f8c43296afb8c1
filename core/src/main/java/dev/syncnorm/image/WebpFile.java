package dev.syncnorm.image;

/** WebP files (RFC 9649): the size in the first chunk, and a walk along the RIFF chunks. */
final class WebpFile {
  private static final int FIRST_CHUNK = 12;
  private static final int PAYLOAD = FIRST_CHUNK + 8;

  /** What OpenCV reads at most (its OPENCV_IMGCODECS_WEBP_MAX_FILE_SIZE). */
  private static final int MAX_FILE_BYTES = 64 << 20;

  private WebpFile() {}

  static ImageHeader header(FileBytes file) throws BadImageException {
    String name = file.name(FIRST_CHUNK);
    file.require(PAYLOAD, 10); // the smallest chunk of pixels is longer than this
    return switch (name) {
      case "VP8 " -> lossy(file);
      case "VP8L" -> lossless(file);
      case "VP8X" -> extended(file);
      default ->
          throw BadImageException.corrupt(
              "the WebP file does not begin with a VP8, VP8L or VP8X chunk");
    };
  }

  private static ImageHeader lossy(FileBytes file) throws BadImageException {
    boolean isKeyFrame = (file.u8(PAYLOAD) & 1) == 0;
    if (!isKeyFrame || !file.has(PAYLOAD + 3, "\u009d\u0001*")) {
      throw BadImageException.corrupt("the VP8 chunk does not begin with a key frame");
    }
    int width = file.u16le(PAYLOAD + 6) & 0x3fff;
    int height = file.u16le(PAYLOAD + 8) & 0x3fff;
    return ImageHeader.of(ImageFormat.WEBP, width, height, 3, 8);
  }

  private static ImageHeader lossless(FileBytes file) throws BadImageException {
    long bits = file.u32le(PAYLOAD + 1);
    long version = bits >> 29;
    if (file.u8(PAYLOAD) != 0x2f || version != 0) {
      throw BadImageException.corrupt("the VP8L chunk does not begin with its signature");
    }
    boolean alpha = (bits >> 28 & 1) == 1;
    return ImageHeader.of(
        ImageFormat.WEBP, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, alpha ? 4 : 3, 8);
  }

  private static ImageHeader extended(FileBytes file) throws BadImageException {
    int flags = file.u8(PAYLOAD);
    boolean animated = (flags & 0x02) != 0;
    if (animated) {
      throw BadImageException.unsupported("an animated WebP file; a single picture is read");
    }
    boolean alpha = (flags & 0x10) != 0;
    return ImageHeader.of(
        ImageFormat.WEBP,
        file.u24le(PAYLOAD + 4) + 1L,
        file.u24le(PAYLOAD + 7) + 1L,
        alpha ? 4 : 3,
        8);
  }

  /** Checks that the chunks are all there and one holds pixels. */
  static void check(FileBytes file) throws BadImageException {
    if (file.length() > MAX_FILE_BYTES) {
      throw BadImageException.unsupported(
          "a WebP file of %d bytes; up to %d are read", file.length(), MAX_FILE_BYTES);
    }
    long end = 8 + file.u32le(4);
    if (end > file.length()) {
      throw BadImageException.truncated(
          "the WebP file has %d bytes; its header says %d", file.length(), end);
    }
    boolean pixels = false;
    long at = FIRST_CHUNK;
    while (end - at >= 8) {
      String name = file.name((int) at);
      long length = file.u32le(at + 4);
      if (length > end - at - 8) {
        throw BadImageException.corrupt(
            "the chunk of %d bytes at byte %d ends outside of the WebP file", length, at);
      }
      pixels |= name.equals("VP8 ") || name.equals("VP8L");
      at += 8 + length + (length & 1); // chunks have an even number of bytes
    }
    if (!pixels) {
      throw BadImageException.corrupt("the WebP file has no VP8 or VP8L chunk");
    }
  }
}
