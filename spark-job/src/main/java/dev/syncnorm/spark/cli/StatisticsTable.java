package dev.syncnorm.spark.cli;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.dataset.PassedOver;
import dev.syncnorm.spark.statistics.StatisticsJob;
import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.FrameworkLines;
import dev.syncnorm.statistics.PixelSums;
import dev.syncnorm.statistics.Quantiles;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Prints the statistics of a data set for people. */
final class StatisticsTable {

  private static final int MOST_GROUPS = 40;
  private static final int MOST_REJECTIONS = 10;

  private final PrintWriter out;
  private final DataSetStatistics statistics;
  private final PassedOver passedOver;

  /**
   * A table that is not printed yet.
   *
   * @param passedOver what was not looked at
   */
  StatisticsTable(PrintWriter out, DataSetStatistics statistics, PassedOver passedOver) {
    this.out = out;
    this.statistics = statistics;
    this.passedOver = passedOver;
  }

  void print() {
    summary();
    if (statistics.sums().size() == 1) {
      channels(statistics.sums().get(statistics.sums().firstKey()), true);
    } else {
      statistics.total().ifPresent(total -> channels(total, false));
      statistics.sums().values().forEach(sums -> channels(sums, true));
    }
    groups();
    lines();
    rejections();
    out.println();
    out.flush();
  }

  private void summary() {
    line("stats     %s", String.join(", ", statistics.inputs()));
    List<Rejection> rejections = statistics.rejections();
    line(
        "images    %,d accepted, %,d rejected%s%s",
        statistics.accepted(),
        rejections.size(),
        rejections.isEmpty() ? "" : " (" + StatisticsJob.byCause(rejections) + ")",
        passedOver.equals(PassedOver.NONE) ? "" : "; %s passed over".formatted(passedOver.text()));
    line(
        "pixels    %,d of %s%s%s, %s in files",
        statistics.pixelCount(),
        statistics.sums().keySet().stream()
            .map(kind -> kind.depth() + " bits")
            .distinct()
            .collect(Collectors.joining(" and ")),
        statistics.pixels().resize().map(size -> ", resized to " + size).orElse(""),
        statistics.pixels().crop().map(size -> ", the middle " + size).orElse(""),
        Sizes.text(statistics.bytes()));
    statistics
        .megapixelsPerSecond()
        .ifPresent(
            rate -> line("speed     %,.1f Mpx/s, %,.1f s", rate, statistics.elapsedSeconds()));
    statistics.digest().ifPresent(digest -> line("digest    %s", digest));
  }

  /** A column for each channel. */
  private void channels(PixelSums sums, boolean oneDepth) {
    PixelKind kind = sums.kind();
    List<ChannelStatistics> channels =
        IntStream.range(0, kind.channels()).mapToObj(sums::channel).toList();
    List<String> titles = new ArrayList<>();
    titles.add(
        !oneDepth
            ? "all, scaled to [0, 1]"
            : statistics.sums().size() > 1 ? kind.depth() + " bits, scaled" : "scaled to [0, 1]");
    titles.addAll(kind.channelNames());
    TextTable table = new TextTable(1, titles.toArray(String[]::new));
    row(table, "mean", channels, c -> decimals(c.mean(), 6));
    row(table, "standard deviation", channels, c -> decimals(c.populationStandardDeviation(), 6));
    if (channels.stream().anyMatch(StatisticsTable::sampleDiffers)) {
      row(table, "  of a sample", channels, c -> decimals(c.sampleStandardDeviation(), 6));
    }
    row(
        table,
        "  mean of the images'",
        channels,
        c -> decimals(c.meanOfImageStandardDeviations(), 6));
    if (oneDepth) {
      raw(table, channels, kind.greatest());
    }
    line("");
    table.lines().forEach(out::println);
  }

  private static void raw(TextTable table, List<ChannelStatistics> channels, int greatest) {
    row(table, "raw, 0 to " + greatest, channels, c -> "");
    row(table, "mean", channels, c -> decimals(c.mean() * greatest, 3));
    row(
        table,
        "standard deviation",
        channels,
        c -> decimals(c.populationStandardDeviation() * greatest, 3));
    row(table, "minimum", channels, c -> Integer.toString(c.raw().min()));
    if (channels.get(0).sums().histograms().isPresent()) {
      for (BigDecimal q : Quantiles.DEFAULT) {
        row(table, name(q), channels, c -> Integer.toString(c.quantile(q).orElseThrow()));
      }
    }
    row(table, "maximum", channels, c -> Integer.toString(c.raw().max()));
  }

  private static String name(BigDecimal q) {
    return q.compareTo(new BigDecimal("0.5")) == 0
        ? "median"
        : q.movePointRight(2).toPlainString() + " %";
  }

  private static boolean sampleDiffers(ChannelStatistics channel) {
    return !decimals(channel.sampleStandardDeviation(), 6)
        .equals(decimals(channel.populationStandardDeviation(), 6));
  }

  private static void row(
      TextTable table,
      String name,
      List<ChannelStatistics> channels,
      Function<ChannelStatistics, String> value) {
    List<String> cells = new ArrayList<>(List.of(name));
    channels.forEach(channel -> cells.add(value.apply(channel)));
    table.row(cells.toArray(String[]::new));
  }

  /** A row for each group: means, then standard deviations. */
  private void groups() {
    if (statistics.groups().isEmpty()) {
      return;
    }
    List<String> titles = new ArrayList<>(List.of("group", "images"));
    List<String> names = statistics.sums().firstKey().channelNames();
    names.forEach(name -> titles.add("mean " + name.charAt(0)));
    names.forEach(name -> titles.add("std " + name.charAt(0)));
    TextTable table = new TextTable(1, titles.toArray(String[]::new));
    statistics.groups().entrySet().stream()
        .limit(MOST_GROUPS)
        .forEach(group -> table.row(groupRow(group.getKey(), group.getValue())));
    line("");
    table.lines().forEach(out::println);
    if (statistics.groups().size() > MOST_GROUPS) {
      line("  and %,d more groups", statistics.groups().size() - MOST_GROUPS);
    }
  }

  private static String[] groupRow(String name, SortedMap<PixelKind, PixelSums> group) {
    PixelSums sums = PixelSums.total(group).orElseThrow();
    List<String> cells = new ArrayList<>();
    cells.add(name.isEmpty() ? "(none)" : name);
    cells.add(String.format(Locale.ROOT, "%,d", sums.images()));
    for (int c = 0; c < sums.kind().channels(); c++) {
      cells.add(decimals(sums.channel(c).mean(), 4));
    }
    for (int c = 0; c < sums.kind().channels(); c++) {
      cells.add(decimals(sums.channel(c).populationStandardDeviation(), 4));
    }
    return cells.toArray(String[]::new);
  }

  private void lines() {
    for (FrameworkLines lines : FrameworkLines.of(statistics)) {
      line("");
      line("%s: %s", lines.framework(), lines.note());
      line("  %s", lines.code());
    }
  }

  private void rejections() {
    List<Rejection> rejections = statistics.rejections();
    if (rejections.isEmpty()) {
      return;
    }
    line("");
    line("rejected");
    rejections.stream()
        .limit(MOST_REJECTIONS)
        .forEach(r -> line("  %s is %s: %s", r.path(), r.cause(), r.message()));
    if (rejections.size() > MOST_REJECTIONS) {
      line("  and %,d more", rejections.size() - MOST_REJECTIONS);
    }
  }

  /** A dash for a number that there is not, such as the variance of one pixel as a sample. */
  private static String decimals(double value, int digits) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  private void line(String format, Object... arguments) {
    out.println(String.format(Locale.ROOT, format, arguments));
  }
}
