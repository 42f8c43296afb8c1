package dev.syncnorm.image;

import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * Decodes one image file after another into native memory that is kept and grows to the largest, 8
 * or 16 bits a sample as the file has them, and looks at the pixels that {@link PixelSettings} ask
 * for. Nothing is copied out of native memory, and the heap holds a few small objects an image.
 *
 * <p>The EXIF orientation is applied before a resize or a crop, as for training, and not otherwise,
 * when it changes no sum; OpenCV cannot apply it to files with alpha whose alpha is looked at.
 *
 * <p>Belongs to one thread.
 */
public final class PixelReader implements AutoCloseable {

  private static final int COLOR = opencv_imgcodecs.IMREAD_COLOR | opencv_imgcodecs.IMREAD_ANYDEPTH;
  private static final int GRAY =
      opencv_imgcodecs.IMREAD_GRAYSCALE | opencv_imgcodecs.IMREAD_ANYDEPTH;
  private static final int WITH_ALPHA = opencv_imgcodecs.IMREAD_UNCHANGED;

  /** What a ByteBuffer holds. */
  private static final long MAX_BYTES = Integer.MAX_VALUE - 64;

  private static final int[] SAME = {0};
  private static final int[] REPEATED = {0, 0, 0};
  private static final int[] REVERSED = {2, 1, 0};
  private static final int[] FIRST_AND_ALPHA = {0, 3};
  private static final int[] REVERSED_AND_ALPHA = {2, 1, 0, 3};

  private final ImageDecoder decoder;
  private final PixelSettings settings;
  private final NativeMemory file = new NativeMemory();
  private final NativeMemory memory = new NativeMemory();
  private final Mat gray = new Mat();
  private final Mat resized = new Mat();
  private final Mat cropped = new Mat();

  /** The matrix over {@link #memory} that OpenCV decodes into. */
  private Mat target = new Mat();

  /** A reader. The decoder judges the files and sets the limit of pixels. */
  public PixelReader(ImageDecoder decoder, PixelSettings settings) {
    this.decoder = decoder;
    this.settings = settings;
  }

  /**
   * Checks and decodes a file.
   *
   * @throws BadImageException as {@link ImageDecoder#decode(byte[])}, and {@code unsupported} if
   *     the samples cannot be had as they are or the image is smaller than the crop
   */
  public Pixels read(byte[] bytes) throws BadImageException {
    ImageHeader header = decoder.check(bytes);
    if (header.format() == ImageFormat.TIFF && header.depth() == 16) {
      TiffFile.checkSixteenBits(new FileBytes(bytes));
    }
    decoder.verify(header, bytes);
    try (Mat encoded = ImageDecoder.encoded(header, bytes, file)) {
      return look(header, encoded);
    } catch (RuntimeException e) { // a C++ exception, or our own
      throw ImageDecoder.undecodable(header, e);
    }
  }

  private Pixels look(ImageHeader header, Mat encoded) throws BadImageException {
    int flags = flags(header);
    prepareTarget(header, flags);
    try (Mat decoded = opencv_imgcodecs.imdecode(encoded, flags, target)) {
      ImageDecoder.checkDecoded(header, decoded);
      checkType(header, decoded, flags);
      Mat pixels = decoded;
      if (settings.channels() == Channels.GRAY && decoded.channels() == 3) {
        opencv_imgproc.cvtColor(pixels, gray, opencv_imgproc.COLOR_BGR2GRAY);
        pixels = gray;
      }
      if (settings.resize().isPresent()) {
        pixels = resize(pixels, settings.resize().get());
      }
      if (settings.crop().isPresent()) {
        pixels = crop(pixels, settings.crop().get());
      }
      return view(header, pixels);
    }
  }

  /** How OpenCV is to decode: in as many samples as are looked at, or one for grey. */
  private int flags(ImageHeader header) {
    boolean isGray = header.channels() < 3;
    boolean isResized = settings.resize().isPresent();
    boolean keepsAlpha = settings.channels() == Channels.NATIVE && (header.channels() & 1) == 0;
    if (keepsAlpha) {
      return WITH_ALPHA;
    }
    // Repeated before a resize, so that OpenCV resizes what training resizes.
    int flags = isGray && !(settings.channels() == Channels.RGB && isResized) ? GRAY : COLOR;
    boolean asStored = !isResized && settings.crop().isEmpty();
    return asStored ? flags | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION : flags;
  }

  /** OpenCV decodes into a matrix that has the size and the type; else it makes its own. */
  private void prepareTarget(ImageHeader header, int flags) throws BadImageException {
    int samples = flags == WITH_ALPHA ? 4 : (flags & opencv_imgcodecs.IMREAD_COLOR) == 0 ? 1 : 3;
    int type = opencv_core.CV_MAKETYPE(depth(header), samples);
    long size = header.pixels() * samples * (header.depth() == 16 ? 2 : 1);
    checkSize(size);
    boolean fits =
        memory.holds(size)
            && target.rows() == header.height()
            && target.cols() == header.width()
            && target.type() == type
            && target.data().address() == memory.pointer().address();
    if (!fits) {
      target.close();
      target = new Mat(header.height(), header.width(), type, memory.ofAtLeast(size));
    }
  }

  private static void checkSize(long bytes) throws BadImageException {
    if (bytes > MAX_BYTES) {
      throw BadImageException.tooLarge(
          "the samples have %d bytes; the limit is %d", bytes, MAX_BYTES);
    }
  }

  private static int depth(ImageHeader header) {
    return header.depth() == 16 ? opencv_core.CV_16U : opencv_core.CV_8U;
  }

  private static void checkType(ImageHeader header, Mat decoded, int flags)
      throws BadImageException {
    int channels = decoded.channels();
    boolean known = flags != WITH_ALPHA || channels == 4 || isBitmap(header) && channels == 3;
    if (decoded.depth() != depth(header) || !known) {
      throw BadImageException.unsupported(
          "a %s file of %d channels of %d bits, which OpenCV reads as %d of %d",
          header.format().label(),
          header.channels(),
          header.depth(),
          channels,
          8 * (int) decoded.elemSize1());
    }
  }

  /** A bitmap's fourth byte may be alpha or nothing, and OpenCV knows which. */
  private static boolean isBitmap(ImageHeader header) {
    return header.format() == ImageFormat.BMP;
  }

  private Mat resize(Mat pixels, Extent extent) {
    if (pixels.cols() == extent.width() && pixels.rows() == extent.height()) {
      return pixels;
    }
    try (Size size = new Size(extent.width(), extent.height())) {
      opencv_imgproc.resize(pixels, resized, size, 0, 0, opencv_imgproc.INTER_LINEAR);
    }
    return resized;
  }

  private Mat crop(Mat pixels, Extent extent) throws BadImageException {
    int top = pixels.rows() - extent.height();
    int left = pixels.cols() - extent.width();
    if (top < 0 || left < 0) {
      throw BadImageException.unsupported(
          "an image of %dx%d pixels (height x width) is smaller than the crop of %s",
          pixels.rows(), pixels.cols(), extent);
    }
    try (Rect rectangle = new Rect(left / 2, top / 2, extent.width(), extent.height());
        Mat part = pixels.apply(rectangle)) {
      part.copyTo(cropped);
    }
    return cropped;
  }

  private Pixels view(ImageHeader header, Mat pixels) throws BadImageException {
    checkSize(pixels.total() * pixels.elemSize());
    int samples = pixels.channels();
    int[] sampleOfChannel =
        switch (samples) {
          case 1 -> settings.channels() == Channels.RGB ? REPEATED : SAME;
          case 3 -> REVERSED;
          default -> header.channels() == 2 ? FIRST_AND_ALPHA : REVERSED_AND_ALPHA;
        };
    int depth = header.depth() == 16 ? 16 : 8;
    return new Pixels(
        new PixelKind(sampleOfChannel.length, depth),
        pixels.cols(),
        pixels.rows(),
        buffer(pixels),
        samples,
        sampleOfChannel);
  }

  private ByteBuffer buffer(Mat pixels) {
    BytePointer data = pixels.data();
    if (data.address() == memory.pointer().address()) {
      return memory.buffer();
    }
    data.capacity(pixels.total() * pixels.elemSize());
    return data.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** Frees the native memory. */
  @Override
  public void close() {
    target.close();
    gray.close();
    resized.close();
    cropped.close();
    memory.close();
    file.close();
  }
}
