package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.statistics.Contents.Content;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Adds images and parts, in any order and grouping with the same sums. Its memory does not grow
 * with the number of images but for the contents and rejections, which are lists. Not thread-safe.
 */
public final class StatisticsAccumulator {

  private final SortedMap<PixelKind, RunningSums> sums = new TreeMap<>();
  private final SortedMap<String, SortedMap<PixelKind, RunningSums>> groups = new TreeMap<>();
  private final List<Content> noted = new ArrayList<>();
  private final List<Contents> contents = new ArrayList<>();
  private final List<Rejection> rejections = new ArrayList<>();
  private long accepted;
  private long bytes;

  /** Adds an image of so many encoded bytes, to a group as well if it has one. */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType") // an image has a group or has none
  public void accept(long fileBytes, ImageSums image, Optional<String> group) {
    accepted++;
    bytes = Math.addExact(bytes, fileBytes);
    of(sums, image.kind(), image.histograms().isPresent()).add(image);
    group.ifPresent(name -> of(group(name), image.kind(), false).add(image));
  }

  /** Notes what an accepted image's file is, for the digest. */
  public void note(Content content) {
    noted.add(content);
  }

  /** Notes an image that is not measured. */
  public void reject(Rejection rejection) {
    rejections.add(rejection);
  }

  /** Adds all of a part. */
  public void add(StatisticsPart part) {
    accepted = Math.addExact(accepted, part.accepted());
    bytes = Math.addExact(bytes, part.bytes());
    for (PixelSums added : part.sums().values()) {
      of(sums, added.kind(), added.histograms().isPresent()).add(added);
    }
    part.groups()
        .forEach(
            (name, group) ->
                group.values().forEach(added -> of(group(name), added.kind(), false).add(added)));
    contents.add(part.contents());
    rejections.addAll(part.rejections());
  }

  private SortedMap<PixelKind, RunningSums> group(String name) {
    return groups.computeIfAbsent(name, absent -> new TreeMap<>());
  }

  private static RunningSums of(
      SortedMap<PixelKind, RunningSums> sums, PixelKind kind, boolean histograms) {
    return sums.computeIfAbsent(kind, absent -> new RunningSums(kind, histograms));
  }

  /** All that was added. */
  public StatisticsPart part() {
    SortedMap<String, SortedMap<PixelKind, PixelSums>> copies = new TreeMap<>();
    groups.forEach((name, group) -> copies.put(name, copy(group)));
    List<Contents> all = new ArrayList<>(contents);
    all.add(Contents.of(noted));
    return new StatisticsPart(
        accepted, bytes, copy(sums), copies, Contents.all(all), List.copyOf(rejections));
  }

  private static SortedMap<PixelKind, PixelSums> copy(SortedMap<PixelKind, RunningSums> sums) {
    SortedMap<PixelKind, PixelSums> copies = new TreeMap<>();
    sums.forEach((kind, running) -> copies.put(kind, running.toPixelSums()));
    return copies;
  }
}
