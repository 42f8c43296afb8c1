package dev.syncnorm.spark.dataset;

import dev.syncnorm.tensor.Digests;
import java.nio.charset.StandardCharsets;

/**
 * Names of copies that file systems take. Names of members of archives are of any length; a
 * folder's entries have at most 255 bytes, and whole paths some thousand.
 */
final class CopyNames {

  /** Leaves room for a number, and for what a file is called while it is written. */
  private static final int MOST_BYTES_OF_A_PART = 200;

  private static final int MOST_BYTES = 2000;
  private static final int HASH_DIGITS = 16;
  private static final int MOST_OF_AN_ENDING = 10;

  private CopyNames() {}

  /**
   * A relative path itself, or with a hash in place of the end of each part that is too long. A
   * path that is too long in spite of that becomes one such part.
   */
  static String fitting(String path) {
    StringBuilder fitting = new StringBuilder();
    for (String part : path.split("/", -1)) {
      fitting.append(fitting.length() == 0 ? "" : "/").append(shortened(part));
    }
    return bytes(fitting.toString()) <= MOST_BYTES
        ? fitting.toString()
        : shortened(path.replace('/', '_'));
  }

  private static String shortened(String part) {
    if (bytes(part) <= MOST_BYTES_OF_A_PART) {
      return part;
    }
    int dot = part.lastIndexOf('.');
    String ending = dot < 0 ? "" : part.substring(dot);
    String end =
        "~"
            + Digests.sha256(part.getBytes(StandardCharsets.UTF_8)).substring(0, HASH_DIGITS)
            + (bytes(ending) <= MOST_OF_AN_ENDING ? ending : "");
    int kept = 0;
    for (int bytes = bytes(end); ; ) {
      int next = part.offsetByCodePoints(kept, 1);
      bytes += bytes(part.substring(kept, next));
      if (bytes > MOST_BYTES_OF_A_PART) {
        return part.substring(0, kept) + end;
      }
      kept = next;
    }
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /** {@code a/b.png} becomes {@code a/b-2.png}. */
  static String numbered(String name, int number) {
    int dot = name.lastIndexOf('.');
    int end = dot > name.lastIndexOf('/') + 1 ? dot : name.length();
    return name.substring(0, end) + "-" + number + name.substring(end);
  }
}
