package dev.syncnorm.events;

import dev.syncnorm.storage.Folder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * A file of records as TensorFlow frames them (TFRecord): length, CRC of the length, content, CRC
 * of the content, all little-endian.
 *
 * <p>A CRC is CRC-32C, rotated right by 15 bits, plus a constant, so that the CRC of data that
 * holds CRCs is no special case. Not thread-safe.
 */
final class RecordFile {

  private static final int MASK = 0xa282ead8;

  private final Folder folder;
  private final String name;

  /** A file that is not there yet. */
  RecordFile(Folder folder, String name) {
    this.folder = folder;
    this.name = name;
  }

  /** Appends a record in one call. */
  void append(byte[] content) throws IOException {
    ByteBuffer record =
        ByteBuffer.allocate(8 + 4 + content.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(content.length);
    record.putInt(maskedCrc(record.array(), 0, 8));
    record.put(content);
    record.putInt(maskedCrc(content, 0, content.length));
    folder.append(name, record.array());
  }

  private static int maskedCrc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
  }

  /** Returns when the storage has all records. */
  void sync() throws IOException {
    folder.sync(name);
  }
}
