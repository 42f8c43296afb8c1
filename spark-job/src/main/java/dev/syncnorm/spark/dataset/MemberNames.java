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

  /** Whether a part of a path begins with a dot or an underscore. */
  static boolean hidden(String plain) {
    return Arrays.stream(plain.split("/")).anyMatch(FileKind::hidden);
  }
}
