package dev.syncnorm.statistics;

import dev.syncnorm.tensor.Digests;
import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Which files a part of a data set consists of: their names and the SHA-256 of their bytes. Packed,
 * as a data set may have millions of them: 36 bytes and the name for each. Immutable.
 *
 * <p>Every part is sorted where it is made; only {@link #digest} brings them into one order.
 */
public final class Contents implements Serializable {

  /** No files. */
  public static final Contents NONE = new Contents(List.of());

  private static final long serialVersionUID = 1;
  private static final int HASH = 32;

  /** Runs of files, each sorted; a file is the length of its name, its name, its SHA-256. */
  private final ArrayList<byte[]> runs;

  private Contents(List<byte[]> runs) {
    this.runs = new ArrayList<>(runs);
  }

  /**
   * One file.
   *
   * @param name its path relative to its input
   * @param sha256 of its bytes; not copied
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Content(String name, byte[] sha256) {
    /** Checks the length of the digest. */
    public Content {
      if (sha256.length != HASH) {
        throw new IllegalArgumentException("a SHA-256 of " + sha256.length + " bytes");
      }
    }
  }

  /** Files in any order. */
  static Contents of(List<Content> files) {
    if (files.isEmpty()) {
      return NONE;
    }
    byte[][] records = files.stream().map(Contents::packed).toArray(byte[][]::new);
    Arrays.sort(records, (a, b) -> compare(a, 0, b, 0));
    ByteArrayOutputStream run = new ByteArrayOutputStream();
    for (byte[] packed : records) {
      run.writeBytes(packed);
    }
    return new Contents(List.of(run.toByteArray()));
  }

  /** All files of several parts. */
  static Contents all(Iterable<Contents> parts) {
    List<byte[]> runs = new ArrayList<>();
    parts.forEach(part -> runs.addAll(part.runs));
    return new Contents(runs);
  }

  /** The number of files. */
  public long size() {
    long size = 0;
    for (byte[] run : runs) {
      for (int at = 0; at < run.length; at += length(run, at)) {
        size++;
      }
    }
    return size;
  }

  /**
   * SHA-256 over all files in the order of their names' UTF-8 bytes, then of their digests: of each
   * the name, a 0 byte, the 64 hexadecimal digits of its SHA-256, and a newline. In lower-case
   * hexadecimal digits. It does not depend on how the files were grouped.
   */
  public String digest() {
    MessageDigest digest = Digests.sha256();
    PriorityQueue<Cursor> cursors = new PriorityQueue<>();
    for (byte[] run : runs) {
      cursors.add(new Cursor(run));
    }
    byte[] hash = new byte[HASH];
    while (!cursors.isEmpty()) {
      Cursor least = cursors.remove();
      int name = nameLength(least.run, least.at);
      digest.update(least.run, least.at + Integer.BYTES, name);
      digest.update((byte) 0);
      System.arraycopy(least.run, least.at + Integer.BYTES + name, hash, 0, HASH);
      digest.update(Digests.hex(hash).getBytes(StandardCharsets.US_ASCII));
      digest.update((byte) '\n');
      least.at += length(least.run, least.at);
      if (least.at < least.run.length) {
        cursors.add(least);
      }
    }
    return Digests.hex(digest.digest());
  }

  /** How far a run has been read. */
  private static final class Cursor implements Comparable<Cursor> {
    private final byte[] run;
    private int at;

    Cursor(byte[] run) {
      this.run = run;
    }

    @Override
    public int compareTo(Cursor other) {
      return compare(run, at, other.run, other.at);
    }
  }

  private static byte[] packed(Content file) {
    byte[] name = file.name().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Integer.BYTES + name.length + HASH)
        .putInt(name.length)
        .put(name)
        .put(file.sha256())
        .array();
  }

  private static int nameLength(byte[] run, int at) {
    return ByteBuffer.wrap(run).getInt(at);
  }

  private static int length(byte[] run, int at) {
    return Integer.BYTES + nameLength(run, at) + HASH;
  }

  private static int compare(byte[] a, int atA, byte[] b, int atB) {
    int nameA = atA + Integer.BYTES;
    int nameB = atB + Integer.BYTES;
    int endA = nameA + nameLength(a, atA);
    int endB = nameB + nameLength(b, atB);
    int names = Arrays.compareUnsigned(a, nameA, endA, b, nameB, endB);
    return names != 0 ? names : Arrays.compareUnsigned(a, endA, endA + HASH, b, endB, endB + HASH);
  }
}
