package dev.syncnorm.image;

import java.util.List;

/**
 * What an image file says of itself, read from its header without decoding a pixel.
 *
 * @param format the file's format by its first bytes, whatever its name
 * @param width pixels, as stored: an EXIF orientation may turn the picture when it is decoded
 * @param height pixels, as stored
 * @param channels samples of a pixel: 1 grey, 2 grey and alpha, 3 colour (also from a palette), 4
 *     colour and alpha
 * @param depth bits of a sample, 8 for a palette's colours
 */
public record ImageHeader(ImageFormat format, int width, int height, int channels, int depth) {

  private record Magic(int at, String bytes, String name) {}

  /** Known by their first bytes so that they are called unsupported, not no image at all. */
  private static final List<Magic> UNSUPPORTED =
      List.of(
          new Magic(0, "GIF8", "GIF"),
          new Magic(0, "II+\0", "BigTIFF"),
          new Magic(0, "MM\0+", "BigTIFF"),
          new Magic(0, "\0\0\0\fjP  ", "JPEG 2000"),
          new Magic(0, "\u00ffO\u00ffQ", "JPEG 2000"),
          new Magic(0, "\0\0\0\fJXL ", "JPEG XL"),
          new Magic(0, "\u00ff\n", "JPEG XL"),
          new Magic(4, "ftypavif", "AVIF"),
          new Magic(4, "ftyphei", "HEIF"),
          new Magic(4, "ftypmif1", "HEIF"),
          new Magic(0, "8BPS", "Photoshop"),
          new Magic(0, "v/1\u0001", "OpenEXR"),
          new Magic(0, "#?RADIANCE\n", "Radiance HDR"),
          new Magic(0, "P5\n", "PGM"),
          new Magic(0, "P6\n", "PPM"),
          new Magic(0, "Pf\n", "PFM"),
          new Magic(0, "PF\n", "PFM"));

  /**
   * Reads the header of a file.
   *
   * @throws BadImageException if it is empty, no image, of an unsupported kind, cut off in the
   *     header or contradicts its format there
   */
  public static ImageHeader read(byte[] file) throws BadImageException {
    FileBytes bytes = new FileBytes(file);
    return switch (format(bytes)) {
      case JPEG -> JpegFile.header(bytes);
      case PNG -> PngFile.header(bytes);
      case WEBP -> WebpFile.header(bytes);
      case BMP -> BmpFile.header(bytes);
      case TIFF -> TiffFile.header(bytes);
    };
  }

  /** Width times height. */
  public long pixels() {
    return (long) width * height;
  }

  private static ImageFormat format(FileBytes file) throws BadImageException {
    if (file.length() == 0) {
      throw new BadImageException(BadImageCause.EMPTY, "the file has no bytes");
    }
    if (file.has(0, "\u00ff\u00d8\u00ff")) {
      return ImageFormat.JPEG;
    }
    if (file.has(0, "\u0089PNG")) {
      return ImageFormat.PNG;
    }
    if (file.has(0, "RIFF") && file.has(8, "WEBP")) {
      return ImageFormat.WEBP;
    }
    if (file.has(0, "BM")) {
      return ImageFormat.BMP;
    }
    if (file.has(0, "II*\0") || file.has(0, "MM\0*")) {
      return ImageFormat.TIFF;
    }
    for (Magic magic : UNSUPPORTED) {
      if (file.has(magic.at(), magic.bytes())) {
        throw BadImageException.unsupported(
            "%s is not read; JPEG, PNG, WebP, BMP and TIFF are", magic.name());
      }
    }
    throw new BadImageException(
        BadImageCause.NOT_AN_IMAGE,
        "the first bytes are not those of a JPEG, PNG, WebP, BMP or TIFF file");
  }

  /** A header whose extents are checked to be positive. */
  static ImageHeader of(ImageFormat format, long width, long height, int channels, int depth)
      throws BadImageException {
    if (width < 1 || height < 1 || width > Integer.MAX_VALUE || height > Integer.MAX_VALUE) {
      throw BadImageException.corrupt(
          "the %s header says %dx%d pixels", format.label(), width, height);
    }
    return new ImageHeader(format, (int) width, (int) height, channels, depth);
  }
}
