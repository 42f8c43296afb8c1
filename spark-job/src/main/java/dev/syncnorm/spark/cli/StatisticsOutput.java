package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.data.DataException;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.spark.dataset.Reasons;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.StatisticsFile;
import dev.syncnorm.statistics.StatisticsFileException;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.StoredFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The file of {@code stats -o}. It replaces nothing but what the same command has written before.
 *
 * @param written as the user gave it
 */
record StatisticsOutput(String written, StoredFile file) {

  /**
   * What a command makes statistics of, and what they hold. Two that are equal replace each other.
   *
   * @param settings see {@link DataSetStatistics}
   */
  record Content(
      List<String> inputs,
      PixelSettings pixels,
      boolean groups,
      boolean histograms,
      boolean digest,
      SortedMap<String, String> settings) {

    static Content of(DataSetStatistics statistics) {
      return new Content(
          statistics.inputs(),
          statistics.pixels(),
          !statistics.groups().isEmpty(),
          statistics.hasHistograms(),
          statistics.digest().isPresent(),
          statistics.settings());
    }

    /** How a file differs from this, which is to be in its place; none if it may be replaced. */
    private List<String> differencesOf(Content before) {
      if (!before.inputs().equals(inputs) || !before.pixels().equals(pixels)) {
        return List.of("not with statistics of these inputs and pixels");
      }
      List<String> differences = new ArrayList<>();
      List<String> more = before.partsWithout(this);
      if (!more.isEmpty()) {
        differences.add(
            "with %s, which this command leaves out".formatted(String.join(" and ", more)));
      }
      List<String> less = partsWithout(before);
      if (!less.isEmpty()) {
        differences.add("without " + String.join(" and ", less));
      }
      if (!before.settings().equals(settings)) {
        differences.add("by %s instead of %s".formatted(text(before.settings()), text(settings)));
      }
      return differences;
    }

    /** The parts of this that another has not. */
    private List<String> partsWithout(Content other) {
      List<String> parts = new ArrayList<>();
      if (groups && !other.groups()) {
        parts.add("groups");
      }
      if (histograms && !other.histograms()) {
        parts.add("histograms");
      }
      if (digest && !other.digest()) {
        parts.add("a digest");
      }
      return parts;
    }

    private static String text(SortedMap<String, String> settings) {
      List<String> options = new ArrayList<>();
      settings.forEach((name, value) -> options.add("--%s %s".formatted(name, value)));
      return options.isEmpty() ? "the default settings" : String.join(" ", options);
    }
  }

  /**
   * Finds out, before any work, whether the file can be written and may be.
   *
   * @throws ConfigurationException if not
   */
  void check(Content content) throws ConfigurationException {
    try {
      Kind kind = file.kind();
      if (kind == Kind.FOLDER) {
        throw mistake("-o is %s, which is a folder; give a file".formatted(written));
      }
      Optional<String> obstacle = CommandPaths.obstacle(file.folder());
      if (obstacle.isPresent()) {
        throw mistake(
            "-o %s can't be written: %s; choose another place".formatted(written, obstacle.get()));
      }
      if (kind == Kind.FILE) {
        checkReplacing(content);
      }
    } catch (IOException e) {
      throw mistake(
          "-o %s can't be looked at: %s; choose another place".formatted(written, Reasons.of(e)));
    }
  }

  private void checkReplacing(Content content) throws ConfigurationException {
    List<String> differences;
    try {
      differences = content.differencesOf(Content.of(StatisticsFile.read(file)));
    } catch (StatisticsFileException e) {
      // Whatever it is, it is not ours to replace.
      differences = List.of("not with statistics of these inputs and pixels");
    }
    if (!differences.isEmpty()) {
      throw mistake(
          "-o %s is there already, and %s; remove it or choose another name"
              .formatted(written, String.join(", ", differences)));
    }
  }

  /** Writes it, and the folder that it is to be in if need be. */
  void write(DataSetStatistics statistics) throws DataException {
    byte[] json = StatisticsFile.toJson(statistics);
    try {
      file.folder().makeFolder("");
      file.write(stream -> stream.write(json));
    } catch (IOException e) {
      throw new DataException(
          List.of(
              "-o %s can't be written: %s; choose another place".formatted(written, Reasons.of(e))),
          e);
    }
  }

  private static ConfigurationException mistake(String line) {
    return new ConfigurationException(List.of(line));
  }
}
