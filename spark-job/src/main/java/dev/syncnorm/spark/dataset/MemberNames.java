package dev.syncnorm.spark.dataset;

import java.util.Arrays;

/**
 * Paths as archives and tables hold them, which anyone may have written: made such that they lead
 * out of no folder and fit on a line.
 */
final class MemberNames {

  private MemberNames() {}

  /** {@code ./a//../b} becomes {@code a/%2E%2E/b}; control characters become such codes too. */
  static String plain(String name) {
    StringBuilder plain = new StringBuilder(name.length());
    for (String part : name.split("/")) {
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (plain.length() > 0) {
        plain.append('/');
      }
      if (part.equals("..")) {
        plain.append("%2E%2E");
        continue;
      }
      part.chars()
          .forEach(
              c -> {
                if (Character.isISOControl(c)) {
                  plain.append("%%%02X".formatted(c));
                } else {
                  plain.append((char) c);
                }
              });
    }
    return plain.toString();
  }

  /** Whether a member is left out for its own name or that of a folder above it. */
  static boolean hidden(String plain) {
    int name = plain.lastIndexOf('/') + 1;
    return FileKind.hiddenFile(plain.substring(name))
        || Arrays.stream(plain.substring(0, name).split("/")).anyMatch(FileKind::hiddenFolder);
  }
}
