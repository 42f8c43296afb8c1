package dev.syncnorm.configuration;

import com.typesafe.config.ConfigOrigin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Collects the mistakes of one configuration. Not thread-safe. */
public final class Mistakes {

  /** The description of an object of the file that defaults were added to. */
  private static final Pattern MERGED =
      Pattern.compile("merge of (.*?): (\\d+)(-\\d+)?," + ConfigurationFile.DEFAULTS_OF + ".*");

  private record Mistake(String place, int line, String message) {}

  private final List<Mistake> mistakes = new ArrayList<>();

  /** Adds a mistake about what stands at a place. */
  public void add(ConfigOrigin origin, String message) {
    // A description ends with the line, unless there is none.
    String described = origin.description().replaceFirst(": \\d+(-\\d+)?$", "");
    int line = Math.max(origin.lineNumber(), 0);
    Matcher merged = MERGED.matcher(origin.description());
    if (merged.matches()) {
      // What is missing in a section that has defaults stands where the file begins the section.
      mistakes.add(
          new Mistake(relative(merged.group(1)), Integer.parseInt(merged.group(2)), message));
      return;
    }
    if (described.startsWith(ConfigurationFile.DEFAULTS_OF)) {
      // What is missing in a section that the file hasn't got at all stands nowhere in the file.
      mistakes.add(
          new Mistake(described.substring(ConfigurationFile.DEFAULTS_OF.length()), 0, message));
    } else if (described.startsWith(ConfigurationFile.SET)) {
      mistakes.add(new Mistake(described, 0, message));
    } else {
      String file = origin.filename() != null ? relative(origin.filename()) : described;
      mistakes.add(new Mistake(file, line, message));
    }
  }

  /** How many were added. */
  int count() {
    return mistakes.size();
  }

  /** Whether nothing was wrong so far. */
  public boolean isEmpty() {
    return mistakes.isEmpty();
  }

  /** Throws what was collected, if anything was. */
  public void throwIfAny() throws ConfigurationException {
    if (!mistakes.isEmpty()) {
      throw new ConfigurationException(
          mistakes.stream()
              .sorted(Comparator.comparing(Mistake::place).thenComparingInt(Mistake::line))
              .map(
                  m ->
                      m.line() > 0
                          ? "%s:%d: %s".formatted(m.place(), m.line(), m.message())
                          : "%s: %s".formatted(m.place(), m.message()))
              .distinct()
              .toList());
    }
  }

  private static String relative(String file) {
    Path here = Path.of("").toAbsolutePath();
    Path path = Path.of(file);
    return path.startsWith(here) ? here.relativize(path).toString() : file;
  }
}
