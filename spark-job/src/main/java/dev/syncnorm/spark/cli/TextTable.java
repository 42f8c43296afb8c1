package dev.syncnorm.spark.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows of texts in columns as wide as they need. Not thread-safe. */
final class TextTable {

  private static final String GAP = "   ";

  private final int leftAligned;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * A table with its first row.
   *
   * @param leftAligned how many columns are texts; those after them are numbers
   */
  TextTable(int leftAligned, String... titles) {
    this.leftAligned = leftAligned;
    rows.add(List.of(titles));
  }

  /** Adds a row of as many texts as the table has columns. */
  void row(String... cells) {
    rows.add(List.of(cells));
  }

  /** The rows as lines, each indented. */
  List<String> lines() {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String blanks = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? "  " : GAP)
            .append(i < leftAligned ? row.get(i) + blanks : blanks + row.get(i));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }
}
