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

  /** The kind of a file or an archive's member by its name or path. */
  static FileKind of(String name) {
    int start = name.lastIndexOf('/') + 1;
    int dot = name.lastIndexOf('.');
    if (dot <= start) {
      return IMAGE;
    }
    String ending = name.substring(dot + 1).toLowerCase(Locale.ROOT);
    return switch (ending) {
      case "tar" -> TAR;
      case "tgz" -> TAR_GZ;
      case "gz" ->
          name.substring(start, dot).toLowerCase(Locale.ROOT).endsWith(".tar") ? TAR_GZ : IMAGE;
      case "parquet", "parq" -> PARQUET;
      default -> COMPANIONS.contains(ending) ? OTHER : IMAGE;
    };
  }

  /** Whether a file or folder is left out, as Hadoop does. */
  static boolean hidden(String name) {
    return name.startsWith(".") || name.startsWith("_");
  }
}
