package dev.syncnorm.statistics;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the inputs of statistics that are merged lie in each other, as far as their paths tell:
 * as they were written, so that a relative one may well be another folder's.
 */
final class MergedInputs {

  private MergedInputs() {}

  /**
   * The first overlap, in one line.
   *
   * @param names of each part
   */
  static Optional<String> overlap(List<String> names, List<DataSetStatistics> parts) {
    Map<String, Integer> partOf = new HashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      for (String input : inputs(parts.get(i))) {
        partOf.putIfAbsent(plain(input), i);
      }
    }
    for (int i = 0; i < parts.size(); i++) {
      for (String input : inputs(parts.get(i))) {
        for (String above = plain(input); !above.isEmpty(); above = parent(above)) {
          Integer other = partOf.get(above);
          if (other != null && other != i) {
            return Optional.of(
                above.equals(plain(input))
                    ? "%s and %s are both of %s; images that were measured for both count twice"
                        .formatted(names.get(other), names.get(i), input)
                    : "%s is of %s, and %s of %s, which lies in it; images that were measured for both count twice"
                        .formatted(names.get(other), above, names.get(i), input));
          }
        }
      }
    }
    return Optional.empty();
  }

  /** None where nothing can be counted twice. */
  private static List<String> inputs(DataSetStatistics part) {
    return part.accepted() == 0 ? List.of() : part.inputs();
  }

  /** Without what does not change where a path leads. */
  private static String plain(String input) {
    String path = input.replaceAll("(?<!:)/(\\./|/)*", "/").replaceFirst("^(\\./)+", "");
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /** What a path lies in; empty above the first. */
  private static String parent(String path) {
    int end = path.lastIndexOf('/');
    return end > 0 ? path.substring(0, end) : end == 0 && path.length() > 1 ? "/" : "";
  }
}
