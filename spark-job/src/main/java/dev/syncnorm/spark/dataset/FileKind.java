package dev.syncnorm.spark.dataset;

import java.util.Locale;
import java.util.Set;

/**
 * What a file is taken for, by its ending in any case.
 *
 * <p>Data sets are full of files that are no images and are not meant as such: labels, captions,
 * notes. Those with an ending of {@link #COMPANIONS} are counted and not looked at. Every other
 * file is taken for an image, whatever it is called: if it is none, it is rejected by name.
 */
enum FileKind {
  /** To be decoded. */
  IMAGE,
  /** Known to be no image. */
  OTHER,
  /** A tar archive of images. */
  TAR,
  /** The same, compressed by gzip. */
  TAR_GZ,
  /** Rows with images. */
  PARQUET;

  /** Endings of what lies beside images. */
  static final Set<String> COMPANIONS =
      Set.of(
          "caption", "cls", "csv", "htm", "html", "id", "idx", "index", "ini", "json", "jsonl",
          "log", "lst", "mat", "md", "md5", "npy", "npz", "pickle", "pkl", "pt", "pth", "py", "rst",
          "sha1", "sha256", "toml", "tsv", "txt", "xml", "yaml", "yml");

  /** Endings of images, whether they can be read or not. */
  private static final Set<String> IMAGES =
      Set.of(
          "apng", "arw", "avif", "bmp", "cr2", "cr3", "dib", "dng", "exr", "gif", "hdr", "heic",
          "heif", "ico", "j2k", "jfif", "jp2", "jpe", "jpeg", "jpg", "jxl", "nef", "orf", "pbm",
          "pfm", "pgm", "png", "pnm", "ppm", "psd", "raf", "rw2", "tif", "tiff", "webp");

  /** The kind of a file or an archive's member by its name or path. */
  static FileKind of(String name) {
    int start = name.lastIndexOf('/') + 1;
    int dot = name.lastIndexOf('.');
    if (dot <= start) {
      return IMAGE;
    }
    String ending = ending(name);
    return switch (ending) {
      case "tar" -> TAR;
      case "tgz" -> TAR_GZ;
      case "gz" ->
          name.substring(start, dot).toLowerCase(Locale.ROOT).endsWith(".tar") ? TAR_GZ : IMAGE;
      case "parquet", "parq" -> PARQUET;
      default -> COMPANIONS.contains(ending) ? OTHER : IMAGE;
    };
  }

  private static String ending(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** Whether a folder is left out, as Hadoop does: {@code .git}, {@code _temporary}. */
  static boolean hiddenFolder(String name) {
    return name.startsWith(".") || name.startsWith("_");
  }

  /**
   * Whether a file is left out, as Hadoop does, such as {@code ._a.jpg} and {@code _SUCCESS}. But
   * cameras write {@code _DSC0001.JPG}: what begins with an underscore and ends like an image or an
   * archive of them is one.
   */
  static boolean hiddenFile(String name) {
    if (!name.startsWith("_")) {
      return name.startsWith(".");
    }
    return switch (of(name)) {
      case TAR, TAR_GZ -> false;
      case IMAGE -> !IMAGES.contains(ending(name));
      case OTHER, PARQUET -> true;
    };
  }
}
