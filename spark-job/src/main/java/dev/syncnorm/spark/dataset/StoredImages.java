package dev.syncnorm.spark.dataset;

/**
 * A listed file: an image, or an archive or a part of a Parquet file with many.
 *
 * @param path the whole path; it begins with a slash if it is local, else with a scheme
 * @param nameStart where in {@code path} the part relative to the input begins
 * @param length in bytes as it was listed, or -1 if it is no file, or a link that leads nowhere
 * @param start the first byte of this part of a Parquet file, 0 of all others
 * @param end the byte after this part
 */
record StoredImages(String path, int nameStart, long length, FileKind kind, long start, long end) {

  String name() {
    return path.substring(nameStart);
  }

  boolean local() {
    return path.startsWith("/");
  }

  /** What reading it costs, in bytes. */
  long bytes() {
    return kind == FileKind.PARQUET ? end - start : Math.max(0, length);
  }
}
