package dev.syncnorm.training;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.storage.StoredFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which tensor of a file is which of the network: {@code FROM=TO}, the file's name first.
 *
 * @param entries in the order in which they were given
 */
public record Renames(List<Entry> entries) {

  private static final int LONGEST_FILE = 64 << 20;

  /** Every tensor keeps its name. */
  public static final Renames NONE = new Renames(List.of());

  /**
   * One renaming.
   *
   * @param place where it was written, for messages
   */
  public record Entry(String place, String from, String to) {}

  /** Copies the list. */
  public Renames {
    entries = List.copyOf(entries);
  }

  /**
   * Reads renamings as given on the command line and in a file of one a line, where {@code #}
   * begins a comment and empty lines do not count.
   *
   * @throws ConfigurationException with everything that is wrong about them
   */
  public static Renames read(List<String> given, Optional<StoredFile> file)
      throws ConfigurationException {
    List<String> mistakes = new ArrayList<>();
    List<Entry> entries = new ArrayList<>();
    given.forEach(text -> add(entries, mistakes, "--rename " + text, text));
    if (file.isPresent()) {
      try {
        List<String> lines =
            new String(file.get().read(LONGEST_FILE), StandardCharsets.UTF_8).lines().toList();
        for (int i = 0; i < lines.size(); i++) {
          String line = lines.get(i).replaceFirst("(^|\\s)#.*", "").trim();
          if (!line.isEmpty()) {
            add(entries, mistakes, "%s:%d: %s".formatted(file.get().path(), i + 1, line), line);
          }
        }
      } catch (IOException e) {
        mistakes.add(
            "--rename-file is %s, which can't be read: expected a text file with one FROM=TO a line"
                .formatted(file.get().path()));
      }
    }
    Map<String, Entry> froms = new HashMap<>();
    Map<String, Entry> tos = new HashMap<>();
    for (Entry entry : entries) {
      Entry before = froms.putIfAbsent(entry.from(), entry);
      if (before != null) {
        mistakes.add(
            "%s: %s is renamed before, by %s; a tensor has one new name"
                .formatted(entry.place(), entry.from(), before.place()));
      }
      before = tos.putIfAbsent(entry.to(), entry);
      if (before != null) {
        mistakes.add(
            "%s: %s is given before, by %s; a tensor of the network has one source"
                .formatted(entry.place(), entry.to(), before.place()));
      }
    }
    if (!mistakes.isEmpty()) {
      throw new ConfigurationException(mistakes);
    }
    return new Renames(entries);
  }

  private static void add(List<Entry> entries, List<String> mistakes, String place, String text) {
    int equals = text.indexOf('=');
    String from = equals < 0 ? "" : text.substring(0, equals).trim();
    String to = text.substring(equals + 1).trim();
    if (from.isEmpty() || to.isEmpty()) {
      mistakes.add(place + ": expected FROM=TO, the name in the file and that in the network");
    } else {
      entries.add(new Entry(place, from, to));
    }
  }
}
