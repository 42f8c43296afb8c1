package dev.syncnorm.image;

/** The image formats that are read. */
public enum ImageFormat {
  /** Baseline, extended and progressive, 8 bits, one or three components. */
  JPEG("JPEG"),
  /** All depths and colour types. */
  PNG("PNG"),
  /** Lossy and lossless, one picture. */
  WEBP("WebP"),
  /** Windows and OS/2 bitmaps. */
  BMP("BMP"),
  /** The first picture of a classic TIFF file. */
  TIFF("TIFF");

  private final String label;

  ImageFormat(String label) {
    this.label = label;
  }

  /** The format's name as people write it. */
  public String label() {
    return label;
  }
}
