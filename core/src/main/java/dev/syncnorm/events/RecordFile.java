package dev.syncnorm.events;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A file of records as TensorFlow frames them (TFRecord): length, CRC of the length, content, CRC
 * of the content, all little-endian.
 *
 * <p>A CRC is CRC-32C, rotated right by 15 bits, plus a constant, so that the CRC of data that
 * holds CRCs is no special case. Not thread-safe.
 */
final class RecordFile implements Closeable {

  private static final int MASK = 0xa282ead8;

  private final OutputStream out;

  /** Begins a file that must not be there yet. */
  RecordFile(Path file) throws IOException {
    out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Appends a record in one write, so that a reader at the same time sees it whole or not yet. */
  void append(byte[] content) throws IOException {
    ByteBuffer record =
        ByteBuffer.allocate(8 + 4 + content.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(content.length);
    record.putInt(maskedCrc(record.array(), 0, 8));
    record.put(content);
    record.putInt(maskedCrc(content, 0, content.length));
    out.write(record.array());
  }

  private static int maskedCrc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
