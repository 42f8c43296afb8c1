package dev.syncnorm.storage;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * A folder of files on some storage, and what a crash may leave of a file that is written.
 *
 * <p>A file or folder in it goes by its path from here, with slashes; the empty path is the folder
 * itself, which need not be there yet. For one writer, on one thread; others may read meanwhile.
 */
public interface Folder extends Closeable {

  /** Writes a file's content. */
  interface Content {
    /** Writes to a buffered stream that the caller closes. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** What there is under a path. */
  enum Kind {
    /** Nothing. */
    NOTHING,
    /** A file. */
    FILE,
    /** A folder. */
    FOLDER
  }

  /** Where something is, as messages tell it. */
  String path(String name);

  /** The last part of the folder's own path. */
  String name();

  /** What there is under a path. */
  Kind kind(String name) throws IOException;

  /**
   * What will keep the folder from being made or written, as far as is seen without writing: a
   * clause such as {@code this user may not write /data}. Empty if nothing is known to.
   */
  default Optional<String> obstacle() {
    return Optional.empty();
  }

  /** The bytes of a file. */
  long size(String name) throws IOException;

  /**
   * Opens a file from its beginning.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  InputStream open(String name) throws IOException;

  /** The names of all that a folder holds, sorted; none if it is not there. */
  List<String> list(String name) throws IOException;

  /** Makes a folder and those above it, where the storage has such. */
  void makeFolder(String name) throws IOException;

  /**
   * Writes a file, in place of one that may be there. Whatever happens, the file is whole, the old
   * one or the new one; when the method returns, it is the new one and the storage has it. Where
   * there is no room for it, nothing stays of it.
   */
  void write(String name, Content content) throws IOException;

  /**
   * Writes a file of which a crash may leave a part, so something else must vouch for it. When the
   * method returns, the storage has it. Cheaper than {@link #write} where renaming copies.
   */
  void writeInPlace(String name, Content content) throws IOException;

  /**
   * Appends to a file, which is made if need be. After {@link #sync} or {@link #close} the storage
   * has it; before that a crash may leave none of it or a part, and others may not see it.
   */
  void append(String name, byte[] bytes) throws IOException;

  /** Returns when the storage has all that was appended to a file. */
  void sync(String name) throws IOException;

  /** Deletes a file or an empty folder, if it is there. */
  void delete(String name) throws IOException;

  /**
   * The content of a file.
   *
   * @throws IOException if it has more bytes than the limit
   */
  default byte[] read(String name, int limit) throws IOException {
    try (InputStream in = open(name)) {
      byte[] content = in.readNBytes(limit);
      if (content.length == limit && in.read() >= 0) {
        throw new IOException("it has more than %,d bytes".formatted(limit));
      }
      return content;
    }
  }
}
