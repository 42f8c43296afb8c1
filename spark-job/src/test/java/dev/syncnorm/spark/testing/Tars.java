package dev.syncnorm.spark.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Writes tar archives in memory. */
public final class Tars {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, "UTF-8");

  /** An empty archive. */
  public Tars() {
    out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    out.setAddPaxHeadersForNonAsciiNames(true);
  }

  /** Adds a file. */
  public Tars file(String name, byte[] content) {
    TarArchiveEntry entry = new TarArchiveEntry(name, true);
    entry.setSize(content.length);
    return entry(entry, content);
  }

  /** Adds a member of another type. */
  public Tars member(String name, byte type, String link) {
    TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
    entry.setLinkName(link);
    return entry(entry, new byte[0]);
  }

  private Tars entry(TarArchiveEntry entry, byte[] content) {
    try {
      out.putArchiveEntry(entry);
      out.write(content);
      out.closeArchiveEntry();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is written so far, without the end mark. */
  public byte[] soFar() {
    try {
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The archive. */
  public byte[] bytes() {
    try {
      out.close();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Compresses. */
  public static byte[] gzip(byte[] content) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }
}
