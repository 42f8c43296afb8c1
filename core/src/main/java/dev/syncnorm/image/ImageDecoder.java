package dev.syncnorm.image;

import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Decodes image files to 8 bits and three channels: grey is repeated, alpha dropped, 16 bits are
 * cut to their upper 8, and the EXIF orientation is applied.
 *
 * <p>The header and the structure of a file are checked before OpenCV sees it. What can still come
 * through unseen is damage inside the compressed pixels of a JPEG file; a {@link #strict} decoder
 * finds most of that.
 *
 * <p>A call takes native memory for the file and its pixels and gives it back before it returns. It
 * cannot be interrupted. Immutable and thread-safe.
 */
public final class ImageDecoder {
  /** The limit that Pillow made customary: 2^29 / 3, half a gibibyte of 24-bit pixels. */
  public static final long DEFAULT_MAXIMUM_PIXELS = 178_956_970;

  /** What a Java array holds of three bytes each. */
  public static final long LARGEST_MAXIMUM_PIXELS = (Integer.MAX_VALUE - 64) / 3;

  /** In the message of OpenCV's error StsNoMem. */
  private static final String NO_MEMORY = "Insufficient memory";

  private static final String OPENCV_LIMIT = "OPENCV_IO_MAX_IMAGE_PIXELS";

  private final long maximumPixels;
  private final boolean strict;

  /** A decoder with the default limit. */
  public ImageDecoder() {
    this(DEFAULT_MAXIMUM_PIXELS);
  }

  /**
   * A decoder that calls images of more pixels {@code too-large}.
   *
   * @throws IllegalArgumentException if the limit is below 1, above 715,827,861, or above the one
   *     that the environment variable OPENCV_IO_MAX_IMAGE_PIXELS sets for OpenCV
   */
  public ImageDecoder(long maximumPixels) {
    this(maximumPixels, System.getenv());
  }

  ImageDecoder(long maximumPixels, Map<String, String> environment) {
    if (maximumPixels < 1 || maximumPixels > LARGEST_MAXIMUM_PIXELS) {
      throw new IllegalArgumentException(
          "the limit of pixels is " + maximumPixels + "; expected 1 to " + LARGEST_MAXIMUM_PIXELS);
    }
    String opencvLimit = environment.get(OPENCV_LIMIT);
    if (opencvLimit != null && !admits(opencvLimit, maximumPixels)) {
      throw new IllegalArgumentException(
          "the environment has %s=%s, less than the limit of %d pixels; unset it"
              .formatted(OPENCV_LIMIT, opencvLimit, maximumPixels));
    }
    this.maximumPixels = maximumPixels;
    strict = false;
    OpenCv.load();
  }

  private ImageDecoder(ImageDecoder decoder, boolean strict) {
    maximumPixels = decoder.maximumPixels;
    this.strict = strict;
  }

  /**
   * A decoder that decodes every JPEG file twice, and calls it {@code corrupt} if the JDK's decoder
   * warns or fails: most damage inside a scan, which OpenCV decodes to other pixels without a word.
   * Damage that happens to be a scan of other pixels stays unseen.
   */
  public ImageDecoder strict() {
    return new ImageDecoder(this, true);
  }

  private static boolean admits(String opencvLimit, long maximumPixels) {
    try {
      return Long.parseLong(opencvLimit.strip()) >= maximumPixels;
    } catch (NumberFormatException e) {
      return false; // OpenCV also takes suffixes such as MB: whoever writes them can unset them
    }
  }

  /** The most pixels of an image that is decoded. */
  public long maximumPixels() {
    return maximumPixels;
  }

  /**
   * Checks the header and the structure of a file without decoding it: everything that does not
   * need the pixels.
   *
   * @throws BadImageException if the file is bad for any cause but {@code timed-out} and {@code
   *     unreadable}
   */
  public ImageHeader check(byte[] file) throws BadImageException {
    ImageHeader header = ImageHeader.read(file);
    int width = header.width();
    int height = header.height();
    if (header.pixels() > maximumPixels) {
      throw BadImageException.tooLarge(
          "the header says %dx%d, %d pixels; the limit is %d",
          width, height, header.pixels(), maximumPixels);
    }
    if (Math.max(width, height) > OpenCv.MAX_EXTENT) {
      throw BadImageException.tooLarge(
          "the header says %dx%d pixels; the limit for one side is %d",
          width, height, OpenCv.MAX_EXTENT);
    }
    FileBytes bytes = new FileBytes(file);
    switch (header.format()) {
      case JPEG -> JpegFile.check(bytes, maximumPixels);
      case PNG -> PngFile.check(bytes);
      case WEBP -> WebpFile.check(bytes);
      case BMP -> BmpFile.check(bytes);
      case TIFF -> TiffFile.check(bytes, maximumPixels);
    }
    return header;
  }

  /**
   * Checks and decodes a file.
   *
   * @throws BadImageException as {@link #check}, and {@code corrupt} if OpenCV cannot decode it
   */
  public DecodedImage decode(byte[] file) throws BadImageException {
    PixelBuffer pixels = new PixelBuffer();
    decode(file, pixels);
    return new DecodedImage(pixels.width(), pixels.height(), pixels.bgr());
  }

  /**
   * Checks and decodes a file into a buffer, which is left as it was if the file is bad.
   *
   * @throws BadImageException as {@link #decode(byte[])}
   */
  public void decode(byte[] file, PixelBuffer pixels) throws BadImageException {
    ImageHeader header = check(file);
    verify(header, file);
    try (NativeMemory memory = new NativeMemory();
        Mat encoded = encoded(header, file, memory);
        Mat decoded = opencv_imgcodecs.imdecode(encoded, opencv_imgcodecs.IMREAD_COLOR)) {
      checkDecoded(header, decoded);
      if (decoded.type() != opencv_core.CV_8UC3) {
        throw new IllegalStateException("IMREAD_COLOR gave a matrix of type " + decoded.type());
      }
      pixels.fill(decoded);
    } catch (RuntimeException e) { // a C++ exception, or our own
      throw undecodable(header, e);
    }
  }

  /** A matrix over a copy of a file, from which OpenCV decodes the samples as they are. */
  static Mat encoded(ImageHeader header, byte[] file, NativeMemory memory)
      throws BadImageException {
    BytePointer bytes = memory.ofAtLeast(file.length).put(file, 0, file.length);
    if (header.format() == ImageFormat.TIFF) {
      int at = TiffFile.unassociatedAlpha(new FileBytes(file));
      if (at >= 0) {
        bytes.put(at, TiffFile.ASSOCIATED_ALPHA);
      }
    }
    return new Mat(1, file.length, opencv_core.CV_8UC1, bytes);
  }

  /** What a strict decoder checks besides. */
  void verify(ImageHeader header, byte[] file) throws BadImageException {
    if (strict && header.format() == ImageFormat.JPEG) {
      StrictJpeg.check(file);
    }
  }

  /**
   * The rejection for which an exception, most likely of C++, is a reason.
   *
   * @throws NativeMemoryException if it is none
   */
  static BadImageException undecodable(ImageHeader header, RuntimeException e) {
    if (e instanceof NativeMemoryException own) {
      throw own;
    }
    String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    if (reason.contains(NO_MEMORY) || reason.contains("bad_alloc")) {
      throw new NativeMemoryException(
          "OpenCV had not enough for a %s file of %dx%d pixels"
              .formatted(header.format().label(), header.width(), header.height()),
          e);
    }
    return new BadImageException(
        BadImageCause.CORRUPT,
        "OpenCV cannot decode the %s file: %s".formatted(header.format().label(), reason),
        e);
  }

  static void checkDecoded(ImageHeader header, Mat decoded) throws BadImageException {
    if (decoded.isNull() || decoded.empty()) {
      throw BadImageException.corrupt("OpenCV cannot decode the %s file", header.format().label());
    }
    int width = decoded.cols();
    int height = decoded.rows();
    boolean upright = width == header.width() && height == header.height();
    boolean turned = width == header.height() && height == header.width();
    if (!upright && !turned) {
      throw BadImageException.corrupt(
          "the header says %dx%d pixels, but %dx%d were decoded",
          header.width(), header.height(), width, height);
    }
    if (!decoded.isContinuous()) {
      throw new IllegalStateException("OpenCV decoded to rows with gaps");
    }
  }
}
