package dev.syncnorm.report;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.PixelSums;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.IntStream;

/**
 * A group as the page compares it with others.
 *
 * @param mean of all values of all channels
 * @param deviation of all values of all channels
 */
record GroupSummary(String name, PixelSums sums, double mean, double deviation) {

  /** More than a page can show; of more an even choice is shown. */
  static final int MOST = 1000;

  /** Groups from the greatest mean to the least, at most {@link #MOST}. */
  static List<GroupSummary> of(SortedMap<String, SortedMap<PixelKind, PixelSums>> groups) {
    List<GroupSummary> all = new ArrayList<>();
    for (Map.Entry<String, SortedMap<PixelKind, PixelSums>> group : groups.entrySet()) {
      all.add(of(group.getKey(), PixelSums.total(group.getValue()).orElseThrow()));
    }
    all.sort(
        Comparator.comparingDouble(GroupSummary::mean)
            .reversed()
            .thenComparing(GroupSummary::name));
    if (all.size() <= MOST) {
      return all;
    }
    return IntStream.range(0, MOST)
        .mapToObj(i -> all.get((int) ((long) i * (all.size() - 1) / (MOST - 1))))
        .toList();
  }

  private static GroupSummary of(String name, PixelSums sums) {
    int channels = sums.kind().channels();
    double mean = 0;
    double square = 0;
    for (int c = 0; c < channels; c++) {
      ChannelStatistics channel = sums.channel(c);
      mean += channel.mean() / channels;
      square += (channel.populationVariance() + channel.mean() * channel.mean()) / channels;
    }
    return new GroupSummary(name, sums, mean, Math.sqrt(Math.max(0, square - mean * mean)));
  }
}
