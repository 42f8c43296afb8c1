package dev.syncnorm.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A second decoder for JPEG files: the JDK's, which unlike OpenCV tells what libjpeg warns of, such
 * as {@code Corrupt JPEG data: bad Huffman code}. So damage inside a scan is found. Takes about
 * three times as long as OpenCV. Needs no screen and writes no file.
 */
final class StrictJpeg {

  /** What the JDK itself says of colour profiles, which are no pixels. */
  private static final String ABOUT_PROFILES = "ICC";

  private StrictJpeg() {}

  /** Finds {@code corrupt} what decodes with a warning or not at all. */
  static void check(byte[] file) throws BadImageException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("jpeg");
    if (!readers.hasNext()) {
      throw new IllegalStateException("this JDK has no JPEG reader, which --verify strict needs");
    }
    ImageReader reader = readers.next();
    String[] warning = {null};
    reader.addIIOReadWarningListener(
        (source, message) -> {
          if (warning[0] == null && !message.contains(ABOUT_PROFILES)) {
            warning[0] = message;
          }
        });
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      reader.setInput(stream, true, true);
      reader.readRaster(0, null); // without colours: as the file has its components
    } catch (IOException | RuntimeException e) {
      throw new BadImageException(
          BadImageCause.CORRUPT, "a second decoder fails: " + oneLine(e.getMessage()), e);
    } finally {
      reader.dispose();
    }
    if (warning[0] != null) {
      throw BadImageException.corrupt("a second decoder warns: %s", oneLine(warning[0]));
    }
  }

  private static String oneLine(String message) {
    return String.valueOf(message).lines().findFirst().orElse("").strip();
  }
}
