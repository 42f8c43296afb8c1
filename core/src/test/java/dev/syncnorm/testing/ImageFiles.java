package dev.syncnorm.testing;

import dev.syncnorm.image.DecodedImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** Image files for tests: pictures from a seed, encoded by the JDK or by OpenCV. */
public final class ImageFiles {
  private ImageFiles() {}

  /** Colour ramps with a little noise, so that every channel and pixel is another. */
  public static BufferedImage picture(int width, int height, long seed) {
    return picture(width, height, seed, BufferedImage.TYPE_3BYTE_BGR);
  }

  /** The same picture in another of {@link BufferedImage}'s types. */
  public static BufferedImage picture(int width, int height, long seed, int type) {
    Random random = new Random(seed);
    BufferedImage picture = new BufferedImage(width, height, type);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int red = 230 * x / width + random.nextInt(25);
        int green = 230 * y / height + random.nextInt(25);
        int blue = 115 * (x + y) / (width + height) + random.nextInt(25);
        int alpha = random.nextInt(256);
        picture.setRGB(x, y, alpha << 24 | red << 16 | green << 8 | blue);
      }
    }
    return picture;
  }

  /** A file by the JDK's encoder for png, bmp or tiff. */
  public static byte[] encode(BufferedImage picture, String format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(picture, format, out)) {
        throw new IllegalArgumentException("the JDK does not write this picture as " + format);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  /** A JPEG file, baseline or progressive, quality 0.9. */
  public static byte[] jpeg(BufferedImage picture, boolean progressive) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var stream = ImageIO.createImageOutputStream(out)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionQuality(0.9f);
      parameters.setProgressiveMode(
          progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
      writer.setOutput(stream);
      writer.write(null, new IIOImage(picture, null, null), parameters);
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** A file by OpenCV's encoder for an ending such as {@code .webp}, which is lossless. */
  public static byte[] encodeByOpenCv(DecodedImage image, String ending) {
    return encodeByOpenCv(image, ending, new int[0]);
  }

  /** A WebP file of quality 80. */
  public static byte[] lossyWebp(DecodedImage image) {
    return encodeByOpenCv(image, ".webp", new int[] {opencv_imgcodecs.IMWRITE_WEBP_QUALITY, 80});
  }

  private static byte[] encodeByOpenCv(DecodedImage image, String ending, int[] parameters) {
    try (IntPointer options = new IntPointer(parameters);
        BytePointer pixels = new BytePointer(image.bgr());
        Mat mat = new Mat(image.height(), image.width(), opencv_core.CV_8UC3, pixels);
        BytePointer encoded = new BytePointer()) {
      if (!opencv_imgcodecs.imencode(ending, mat, encoded, options)) {
        throw new IllegalArgumentException("OpenCV does not write " + ending);
      }
      byte[] file = new byte[(int) encoded.limit()];
      encoded.get(file);
      return file;
    }
  }

  /** A file of three float32 values a pixel, for a format such as {@code .tiff} or {@code .pfm}. */
  public static byte[] floats(int width, int height, float[] values, String ending) {
    int[] uncompressed = {opencv_imgcodecs.IMWRITE_TIFF_COMPRESSION, 1};
    try (IntPointer options = new IntPointer(uncompressed);
        FloatPointer pixels = new FloatPointer(values);
        Mat mat = new Mat(height, width, opencv_core.CV_32FC3, pixels);
        BytePointer encoded = new BytePointer()) {
      if (!opencv_imgcodecs.imencode(ending, mat, encoded, options)) {
        throw new IllegalArgumentException("OpenCV does not write " + ending);
      }
      byte[] file = new byte[(int) encoded.limit()];
      encoded.get(file);
      return file;
    }
  }

  /** The pixels of a picture as they should come out of a decoder. */
  public static DecodedImage pixels(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    byte[] bgr = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      int rgb = picture.getRGB(i % width, i / width);
      bgr[3 * i] = (byte) rgb;
      bgr[3 * i + 1] = (byte) (rgb >> 8);
      bgr[3 * i + 2] = (byte) (rgb >> 16);
    }
    return new DecodedImage(width, height, bgr);
  }

  /** A JPEG file with another segment right behind its start marker. */
  public static byte[] withSegment(byte[] jpeg, int marker, byte[] payload) {
    int length = payload.length + 2;
    byte[] head = {
      jpeg[0], jpeg[1], (byte) 0xff, (byte) marker, (byte) (length >> 8), (byte) length
    };
    return concat(head, payload, Arrays.copyOfRange(jpeg, 2, jpeg.length));
  }

  /** A PNG file whose header, with its checksum, says another height. */
  public static byte[] withHeight(byte[] png, int height) {
    byte[] changed = png.clone();
    CRC32 crc = new CRC32();
    ByteBuffer buffer = ByteBuffer.wrap(changed).putInt(20, height);
    crc.update(changed, 12, 17);
    buffer.putInt(29, (int) crc.getValue());
    return changed;
  }

  /** Arrays one after another. */
  public static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  /** Numbers as unsigned bytes. */
  public static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
