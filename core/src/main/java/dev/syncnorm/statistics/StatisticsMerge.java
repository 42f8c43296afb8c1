package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Rejection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The statistics of several data sets together, exactly as if they were computed at once. A digest
 * can't be merged; those of the parts are kept in its place.
 *
 * @param statistics of all
 * @param notes what was lost on the way, each in one line
 */
public record StatisticsMerge(DataSetStatistics statistics, List<String> notes) {

  /**
   * Merges statistics that go by their inputs in a mistake.
   *
   * @throws StatisticsMergeException see {@link #of(List, List)}
   */
  public static StatisticsMerge of(List<DataSetStatistics> parts) throws StatisticsMergeException {
    List<String> names = new ArrayList<>();
    for (DataSetStatistics part : parts) {
      names.add(
          "statistics %d of %s".formatted(names.size() + 1, String.join(", ", part.inputs())));
    }
    return of(names, parts);
  }

  /**
   * Merges statistics; at least one.
   *
   * @param names of each part, such as its file's path
   * @throws StatisticsMergeException if they are of different pixels, one has groups and another
   *     has none, or one data set is there twice
   */
  public static StatisticsMerge of(List<String> names, List<DataSetStatistics> parts)
      throws StatisticsMergeException {
    if (parts.isEmpty() || names.size() != parts.size()) {
      throw new IllegalArgumentException(
          "%d statistics with %d names".formatted(parts.size(), names.size()));
    }
    checkPixels(names, parts);
    checkGroups(names, parts);
    checkOverlap(names, parts);
    try {
      return new StatisticsMerge(merged(parts), notes(names, parts));
    } catch (ArithmeticException e) {
      throw new StatisticsMergeException(
          "%s together have more than %d pixels or bytes, which can't be counted; merge fewer"
              .formatted(String.join(", ", names), Long.MAX_VALUE));
    }
  }

  private static DataSetStatistics merged(List<DataSetStatistics> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    SortedMap<PixelKind, PixelSums> sums = new TreeMap<>();
    SortedMap<String, SortedMap<PixelKind, PixelSums>> groups = new TreeMap<>();
    SortedSet<String> digests = new TreeSet<>();
    List<String> inputs = new ArrayList<>();
    List<Rejection> rejections = new ArrayList<>();
    long accepted = 0;
    long bytes = 0;
    double seconds = 0;
    for (DataSetStatistics part : parts) {
      add(sums, part.sums());
      part.groups()
          .forEach((name, group) -> add(groups.computeIfAbsent(name, n -> new TreeMap<>()), group));
      digests(part).forEach(digests::add);
      inputs.addAll(part.inputs());
      rejections.addAll(part.rejections());
      accepted = Math.addExact(accepted, part.accepted());
      bytes = Math.addExact(bytes, part.bytes());
      seconds += part.elapsedSeconds();
    }
    if (!parts.stream().allMatch(DataSetStatistics::hasHistograms)) {
      sums.replaceAll((kind, all) -> all.withoutHistograms());
    }
    rejections.sort(
        Comparator.comparing(Rejection::path)
            .thenComparing(Rejection::cause)
            .thenComparing(Rejection::message));
    return new DataSetStatistics(
        List.copyOf(inputs),
        parts.get(0).pixels(),
        accepted,
        bytes,
        Optional.empty(),
        sums,
        groups,
        List.copyOf(rejections),
        seconds,
        List.copyOf(digests),
        commonSettings(parts));
  }

  private static SortedMap<String, String> commonSettings(List<DataSetStatistics> parts) {
    SortedMap<String, String> common = new TreeMap<>(parts.get(0).settings());
    parts.forEach(part -> common.entrySet().retainAll(part.settings().entrySet()));
    return common;
  }

  private static void add(
      SortedMap<PixelKind, PixelSums> sums, SortedMap<PixelKind, PixelSums> added) {
    added.forEach((kind, one) -> sums.merge(kind, one, PixelSums::plus));
  }

  private static Stream<String> digests(DataSetStatistics part) {
    // All empty data sets have one digest, and nothing that could be counted twice.
    return part.accepted() == 0
        ? Stream.empty()
        : Stream.concat(part.digest().stream(), part.mergedFrom().stream());
  }

  private static List<String> notes(List<String> names, List<DataSetStatistics> parts) {
    List<String> without = new ArrayList<>();
    List<String> undigested = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      if (!parts.get(i).hasHistograms()) {
        without.add(names.get(i));
      }
      if (undigested(parts.get(i))) {
        undigested.add(names.get(i));
      }
    }
    List<String> notes = new ArrayList<>();
    if (parts.stream().anyMatch(part -> !part.sums().isEmpty() && part.hasHistograms())
        && !without.isEmpty()) {
      notes.add(
          "%s has no histograms, so the merged statistics have neither histograms nor quantiles"
              .formatted(String.join(", ", without)));
    }
    if (parts.size() > 1 && !undigested.isEmpty()) {
      notes.add(
          "%s has no digest, so nobody sees whether its images are counted twice"
              .formatted(String.join(", ", undigested)));
    }
    MergedInputs.overlap(names, parts).ifPresent(notes::add);
    return List.copyOf(notes);
  }

  private static void checkPixels(List<String> names, List<DataSetStatistics> parts)
      throws StatisticsMergeException {
    for (int i = 1; i < parts.size(); i++) {
      if (!parts.get(i).pixels().equals(parts.get(0).pixels())) {
        throw new StatisticsMergeException(
            "%s is of pixels with %s, but %s with %s; merge statistics of the same pixels only"
                .formatted(
                    names.get(0),
                    words(parts.get(0).pixels()),
                    names.get(i),
                    words(parts.get(i).pixels())));
      }
    }
    int first = -1;
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).sums().isEmpty()) {
        continue;
      }
      first = first < 0 ? i : first;
      int a = parts.get(first).sums().firstKey().channels();
      int b = parts.get(i).sums().firstKey().channels();
      if (a != b) {
        throw new StatisticsMergeException(
            "%s has images of %d channels, but %s of %d; compute both with `--channels rgb`"
                .formatted(names.get(first), a, names.get(i), b));
      }
    }
  }

  private static String words(PixelSettings pixels) {
    return "channels %s, resize %s, crop %s"
        .formatted(
            pixels.channels().name().toLowerCase(Locale.ROOT),
            pixels.resize().map(Object::toString).orElse("none"),
            pixels.crop().map(Object::toString).orElse("none"));
  }

  private static void checkGroups(List<String> names, List<DataSetStatistics> parts)
      throws StatisticsMergeException {
    int with = -1;
    int without = -1;
    for (int i = 0; i < parts.size(); i++) {
      if (!parts.get(i).groups().isEmpty()) {
        with = i;
      } else if (parts.get(i).accepted() > 0) {
        without = i;
      }
    }
    if (with >= 0 && without >= 0) {
      throw new StatisticsMergeException(
          "%s has groups, but %s has none; compute both with `--group-by parent` or both without"
              .formatted(names.get(with), names.get(without)));
    }
  }

  private static void checkOverlap(List<String> names, List<DataSetStatistics> parts)
      throws StatisticsMergeException {
    Map<String, String> seen = new HashMap<>();
    Map<Measured, Integer> measured = new HashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      for (String digest : digests(parts.get(i)).toList()) {
        String other = seen.putIfAbsent(digest, names.get(i));
        if (other != null) {
          throw new StatisticsMergeException(
              "%s and %s have the data set with the digest %s both; leave one of them out, or its images count twice"
                  .formatted(other, names.get(i), digest));
        }
      }
      if (parts.get(i).accepted() > 0) {
        Integer other = measured.putIfAbsent(Measured.of(parts.get(i)), i);
        if (other != null && (undigested(parts.get(other)) || undigested(parts.get(i)))) {
          throw new StatisticsMergeException(
              "%s and %s have the same sums of the same inputs, %s; leave one of them out, or its images count twice"
                  .formatted(
                      names.get(other), names.get(i), String.join(", ", parts.get(i).inputs())));
        }
      }
    }
  }

  private static boolean undigested(DataSetStatistics part) {
    return part.accepted() > 0 && digests(part).findAny().isEmpty();
  }

  /** What tells a data set from others where there is no digest; all are of the same pixels. */
  private record Measured(
      List<String> inputs,
      long accepted,
      long bytes,
      SortedMap<PixelKind, PixelSums> sums,
      List<Rejection> rejections) {
    /** Without histograms, which one of two files may lack. */
    static Measured of(DataSetStatistics part) {
      SortedMap<PixelKind, PixelSums> sums = new TreeMap<>(part.sums());
      sums.replaceAll((kind, one) -> one.withoutHistograms());
      return new Measured(part.inputs(), part.accepted(), part.bytes(), sums, part.rejections());
    }
  }
}
