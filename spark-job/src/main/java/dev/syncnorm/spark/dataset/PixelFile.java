package dev.syncnorm.spark.dataset;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Pixels of Spark's image schema as a PNG file that is not compressed, so that all is one way. */
final class PixelFile {

  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

  /** What a structure of Spark's image schema says cannot be. */
  static final class BadPixelsException extends Exception {
    private static final long serialVersionUID = 1L;
    private final boolean unsupported;

    BadPixelsException(boolean unsupported, String message) {
      super(message);
      this.unsupported = unsupported;
    }

    /** Whether it is an image, but of a kind that is not read here. */
    boolean unsupported() {
      return unsupported;
    }
  }

  private PixelFile() {}

  /**
   * Makes a file of pixels, losslessly.
   *
   * @param mode OpenCV's type: CV_8UC1 (0) grey, CV_8UC3 (16) BGR, CV_8UC4 (24) BGRA; all that
   *     Spark writes
   * @param data rows from the top, channels interleaved
   */
  static byte[] of(int height, int width, int channels, int mode, byte[] data)
      throws BadPixelsException {
    int expected =
        switch (mode) {
          case 0 -> 1;
          case 16 -> 3;
          case 24 -> 4;
          default ->
              throw new BadPixelsException(
                  true,
                  "its mode is %d; expected 0 (grey), 16 (BGR) or 24 (BGRA), each of 8 bits"
                      .formatted(mode));
        };
    if (channels != expected) {
      throw new BadPixelsException(
          false, "it has mode %d and %d channels; expected %d".formatted(mode, channels, expected));
    }
    if (height < 1 || width < 1 || (long) height * width * channels != data.length) {
      throw new BadPixelsException(
          false,
          "it has %d bytes; expected %dx%d pixels of %d"
              .formatted(data.length, width, height, channels));
    }
    int row = width * channels;
    byte[] rows = new byte[Math.addExact(data.length, height)];
    for (int y = 0; y < height; y++) {
      int to = y * (row + 1) + 1; // behind the number of the filter, 0
      System.arraycopy(data, y * row, rows, to, row);
      for (int x = to; channels >= 3 && x < to + row; x += channels) {
        byte blue = rows[x];
        rows[x] = rows[x + 2];
        rows[x + 2] = blue;
      }
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream(rows.length + rows.length / 1000 + 128);
    file.writeBytes(SIGNATURE);
    byte colours = (byte) (channels == 1 ? 0 : channels == 3 ? 2 : 6);
    chunk(
        file,
        "IHDR",
        ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) 8).put(colours).array(),
        13);
    byte[] stored = new byte[rows.length + rows.length / 1000 + 64];
    chunk(file, "IDAT", stored, store(rows, stored));
    chunk(file, "IEND", new byte[0], 0);
    return file.toByteArray();
  }

  private static int store(byte[] rows, byte[] stored) {
    Deflater deflater = new Deflater(Deflater.NO_COMPRESSION);
    try {
      deflater.setInput(rows);
      deflater.finish();
      int size = 0;
      while (!deflater.finished()) {
        int more = deflater.deflate(stored, size, stored.length - size);
        if (more == 0) {
          throw new IllegalStateException("%d bytes take more".formatted(rows.length));
        }
        size += more;
      }
      return size;
    } finally {
      deflater.end();
    }
  }

  private static void chunk(ByteArrayOutputStream file, String type, byte[] data, int length) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 check = new CRC32();
    check.update(name);
    check.update(data, 0, length);
    file.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
    file.writeBytes(name);
    file.write(data, 0, length);
    file.writeBytes(ByteBuffer.allocate(4).putInt((int) check.getValue()).array());
  }
}
