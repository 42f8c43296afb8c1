package dev.syncnorm.spark.dataset;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Listed files in a few bytes each: of a path only what differs from the one before it, the rest as
 * numbers of variable length. A million files of one folder take about 12 MB.
 */
record PackedFiles(byte[] packed, int count, long bytes)
    implements Serializable, Iterable<StoredImages> {

  private static final FileKind[] KINDS = FileKind.values();

  /** Packs files in the order in which they come. */
  static final class Writer {
    private byte[] packed = new byte[64];
    private int size;
    private int count;
    private long bytes;
    private byte[] before = new byte[0];

    void add(StoredImages file) {
      byte[] path = file.path().getBytes(StandardCharsets.UTF_8);
      int nameStart = path.length - file.name().getBytes(StandardCharsets.UTF_8).length;
      add(path, nameStart, file.length(), file.kind(), file.start(), file.end());
    }

    /**
     * Adds a file.
     *
     * @param path in UTF-8; kept
     * @param nameStart in bytes
     */
    void add(byte[] path, int nameStart, long length, FileKind kind, long start, long end) {
      int shared = Arrays.mismatch(before, path);
      shared = shared < 0 ? path.length : shared;
      number(shared);
      number(path.length - shared);
      room(path.length - shared);
      System.arraycopy(path, shared, packed, size, path.length - shared);
      size += path.length - shared;
      number(nameStart);
      number(kind.ordinal());
      number(length + 1);
      if (kind == FileKind.PARQUET) {
        number(start);
        number(end);
        bytes += end - start;
      } else {
        bytes += Math.max(0, length);
      }
      count++;
      before = path;
    }

    long bytes() {
      return bytes;
    }

    int count() {
      return count;
    }

    PackedFiles files() {
      return new PackedFiles(Arrays.copyOf(packed, size), count, bytes);
    }

    private void number(long value) {
      room(10);
      long rest = value;
      while (rest > 0x7f) {
        packed[size++] = (byte) (rest | 0x80);
        rest >>>= 7;
      }
      packed[size++] = (byte) rest;
    }

    private void room(int more) {
      if (size + more > packed.length) {
        packed = Arrays.copyOf(packed, Math.max(size + more, packed.length + packed.length / 2));
      }
    }
  }

  @Override
  public Iterator<StoredImages> iterator() {
    return new Reader();
  }

  /** Unpacks them. */
  private final class Reader implements Iterator<StoredImages> {
    private int at;
    private int left = count;
    private byte[] path = new byte[0];

    @Override
    public boolean hasNext() {
      return left > 0;
    }

    @Override
    public StoredImages next() {
      if (left-- <= 0) {
        throw new NoSuchElementException();
      }
      int shared = (int) number();
      int rest = (int) number();
      path = Arrays.copyOf(path, shared + rest);
      System.arraycopy(packed, at, path, shared, rest);
      at += rest;
      int nameStart = (int) number();
      FileKind kind = KINDS[(int) number()];
      long length = number() - 1;
      boolean part = kind == FileKind.PARQUET;
      long start = part ? number() : 0;
      long end = part ? number() : length;
      String whole = new String(path, StandardCharsets.UTF_8);
      int name = new String(path, 0, nameStart, StandardCharsets.UTF_8).length();
      return new StoredImages(whole, name, length, kind, start, end);
    }

    private long number() {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = packed[at++];
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }
  }
}
