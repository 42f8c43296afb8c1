package dev.syncnorm.spark.dataset;

import dev.syncnorm.image.Rejection;
import java.io.Serializable;
import java.util.Optional;

/**
 * An image of a data set as it is stored, or why it could not be had.
 *
 * <p>A rejection here is of the causes that are seen without decoding: {@code unreadable}, {@code
 * too-large} (more bytes than are read into memory), {@code empty} (a row without bytes), {@code
 * unsupported} (a link in an archive), and of a whole archive or Parquet file {@code truncated} and
 * {@code corrupt}. Immutable but for the bytes, which nobody changes.
 */
public final class EncodedImage implements Serializable {

  private static final byte[] NOTHING = new byte[0];

  private final String path;
  private final String name;
  private final String parent;
  private final byte[] bytes;
  private final Rejection rejection; // or null

  /**
   * An image of a file.
   *
   * @param path as messages tell it: a file's whole path, {@code ARCHIVE.tar!MEMBER}, or {@code
   *     FILE.parquet#ROW} with rows counted from 0
   * @param name its path relative to its input, which never leads out of a folder
   * @param bytes the file's; none if there is a rejection
   */
  public EncodedImage(String path, String name, byte[] bytes, Optional<Rejection> rejection) {
    this(path, name, folderOf(path), bytes, rejection.orElse(null));
  }

  private EncodedImage(String path, String name, String parent, byte[] bytes, Rejection rejection) {
    if (rejection != null && bytes.length > 0) {
      throw new IllegalArgumentException(path + " is rejected and has bytes");
    }
    this.path = path;
    this.name = name;
    this.parent = parent;
    this.bytes = bytes;
    this.rejection = rejection;
  }

  static EncodedImage of(String path, String name, String parent, byte[] bytes) {
    return new EncodedImage(path, name, parent, bytes, null);
  }

  static EncodedImage rejected(
      String path, String name, String parent, String cause, String message) {
    return new EncodedImage(path, name, parent, NOTHING, new Rejection(path, cause, message));
  }

  /** As messages tell it. */
  public String path() {
    return path;
  }

  /** Its path relative to its input. */
  public String name() {
    return name;
  }

  /**
   * The name of the folder that directly holds it. In an archive it is the member's folder, or the
   * archive's where the member has none; of a row the folder in its {@code path} column, or that of
   * the Parquet file. Empty where there is no folder.
   */
  public String parent() {
    return parent;
  }

  /** The file, not a copy: nobody changes it. */
  public byte[] bytes() {
    return bytes;
  }

  /** Why there are no bytes. */
  public Optional<Rejection> rejection() {
    return Optional.ofNullable(rejection);
  }

  @Override
  public String toString() {
    return rejection == null
        ? "%s (%d bytes)".formatted(path, bytes.length)
        : "%s: %s: %s".formatted(path, rejection.cause(), rejection.message());
  }

  /** The last folder of a path: {@code b} of {@code a/b/c.png}, nothing of {@code c.png}. */
  static String folderOf(String path) {
    int end = path.lastIndexOf('/');
    return end <= 0 ? "" : path.substring(path.lastIndexOf('/', end - 1) + 1, end);
  }
}
