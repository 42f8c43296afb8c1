package dev.syncnorm.spark.dataset;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What inputs hold that is counted and not looked at.
 *
 * @param others files and members that are known to be no images, such as labels
 * @param hidden files, folders and members that are left out for their names; a folder counts once,
 *     whatever lies below it
 */
public record PassedOver(long others, long hidden) implements Serializable {

  /** Nothing. */
  public static final PassedOver NONE = new PassedOver(0, 0);

  /** Both together. */
  public PassedOver plus(PassedOver more) {
    return new PassedOver(others + more.others, hidden + more.hidden);
  }

  /** For people, such as {@code 1 other file, 2 hidden}; empty for nothing. */
  public String text() {
    List<String> parts = new ArrayList<>();
    if (others > 0) {
      parts.add(String.format(Locale.ROOT, "%,d other %s", others, others == 1 ? "file" : "files"));
    }
    if (hidden > 0) {
      parts.add(String.format(Locale.ROOT, "%,d hidden", hidden));
    }
    return String.join(", ", parts);
  }
}
