package dev.syncnorm.report;

import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.FrameworkLines;
import dev.syncnorm.statistics.PixelSums;
import java.math.BigInteger;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The sections of the page of a data set's statistics in HTML. */
final class StatisticsPage {

  private static final int MOST_REJECTIONS = 300;
  private static final int MOST_INPUTS = 50;

  private final DataSetStatistics statistics;
  private final Optional<PixelSums> total;
  private final List<GroupSummary> groups;

  StatisticsPage(DataSetStatistics statistics) {
    this.statistics = statistics;
    total = statistics.total();
    groups = GroupSummary.of(statistics.groups());
  }

  /** The whole file. */
  String html() {
    StatisticsCharts charts = new StatisticsCharts();
    statistics.sums().values().stream()
        .filter(sums -> sums.histograms().isPresent())
        .forEach(charts::histogram);
    if (!groups.isEmpty()) {
      charts.groups(groups);
    }
    String body =
        Html.fill(
            Html.resource("statistics.html"),
            Map.of(
                "tiles", tiles(),
                "blocks", blocks(),
                "groups", groupSection(),
                "lines", statistics.sums().size() == 1 ? "" : lineSection(),
                "rejections", rejectionSection(),
                "data", facts(),
                "pixels", pixelFacts()));
    return Page.html(
        "syncnorm statistics",
        name(),
        summary(),
        body,
        charts.text(),
        Html.resource("statistics.css"));
  }

  private String name() {
    List<String> inputs = statistics.inputs();
    return inputs.isEmpty()
        ? "Data set"
        : inputs.size() == 1
            ? inputs.get(0)
            : "%s and %s".formatted(inputs.get(0), Words.count(inputs.size() - 1, "more input"));
  }

  private String summary() {
    if (total.isEmpty()) {
      return "No image was accepted, so there is nothing to tell of its pixels.";
    }
    return Html.text(
        "Exact over %s of %s; means and standard deviations are scaled so that %s is 1",
        statistics.pixelCount().equals(BigInteger.ONE)
            ? "1 pixel"
            : Words.whole(statistics.pixelCount()) + " pixels",
        Words.count(statistics.accepted(), "image"),
        statistics.sums().size() == 1
            ? Words.whole(total.get().kind().greatest())
            : "the greatest value of each depth");
  }

  private String tiles() {
    long rejected = statistics.rejections().size();
    long all = statistics.accepted() + rejected;
    return Page.tile("Images", Words.whole(statistics.accepted()), "")
        + Page.tile(
            "Rejected",
            Words.whole(rejected),
            rejected == 0 ? "" : "%s %% of all".formatted(Words.number(100.0 * rejected / all)))
        + (groups.isEmpty() ? "" : Page.tile("Groups", Words.whole(statistics.groups().size()), ""))
        + Page.tile("Pixels", large(statistics.pixelCount().doubleValue()), "")
        + Page.tile("Bytes", Words.bytes(statistics.bytes()), "")
        + total
            .map(t -> Page.tile("Channels", Integer.toString(t.kind().channels()), depths()))
            .orElse("")
        + (statistics.megapixelsPerSecond().isEmpty()
            ? ""
            : Page.tile(
                "Mpx/s",
                Words.number(statistics.megapixelsPerSecond().getAsDouble()),
                Words.duration(statistics.elapsedSeconds())));
  }

  private String depths() {
    return statistics.sums().keySet().stream()
        .map(kind -> kind.depth() + " bits")
        .collect(Collectors.joining(" and "));
  }

  /** Such as {@code 1.25 G}. */
  private static String large(double count) {
    String[] units = {"", " k", " M", " G", " T", " P"};
    int unit = 0;
    while (count >= 999.5 && unit < units.length - 1) {
      count /= 1000;
      unit++;
    }
    return (unit == 0 ? Words.whole((long) count) : Words.number(count)) + units[unit];
  }

  private String blocks() {
    StringBuilder html = new StringBuilder();
    if (statistics.sums().size() > 1) {
      html.append(
          card("All depths together", "Scaled by the greatest value of each depth.", total.get()));
    }
    for (PixelSums sums : statistics.sums().values()) {
      html.append(block(sums));
    }
    return html.toString();
  }

  private static String card(String title, String note, PixelSums sums) {
    ChannelTable table = new ChannelTable(sums);
    return "<section class=\"card\"><h2>%s</h2><p class=\"note\">%s</p>%s</section>\n"
        .formatted(title, note, table.values(false));
  }

  private String block(PixelSums sums) {
    ChannelTable table = new ChannelTable(sums);
    String of =
        statistics.sums().size() == 1
            ? ""
            : " <small>%d bits, %s</small>"
                .formatted(sums.kind().depth(), Words.count(sums.images(), "image"));
    String histogram =
        sums.histograms().isEmpty()
            ? "<p class=\"note\">Computed without histograms, so there are no quantiles either.</p>"
            : "<p class=\"legend\">%s<span>share of the pixels in percent</span></p><div class=\"chart\" id=\"%s\" data-label=\"Histogram of each channel\"></div>"
                .formatted(legend(sums), StatisticsCharts.histogramId(sums.kind()));
    String covariance =
        sums.kind().channels() == 1
            ? ""
            : "<section class=\"card\"><h2>Correlation%s</h2><p class=\"note\">Below each: the population covariance, scaled.</p>%s</section>\n"
                .formatted(of, table.matrix());
    // What there is once stands beside the table of the only depth.
    String beside = covariance + (statistics.sums().size() == 1 ? lineSection() : "");
    return """
    <div class="block">
    <section class="card wide"><h2>Histogram%s</h2>%s</section>
    <section class="card"><h2>Channels%s</h2><p class="note">Below each: the same in units of 0 to %s.</p>%s</section>
    <div class="column">%s</div></div>
    """
        .formatted(
            of, histogram, of, Words.whole(sums.kind().greatest()), table.values(true), beside);
  }

  private static String legend(PixelSums sums) {
    return sums.kind().channelNames().stream().map(ChannelTable::key).collect(Collectors.joining());
  }

  private String groupSection() {
    if (groups.isEmpty()) {
      return "";
    }
    PixelSums first = groups.get(0).sums();
    StringBuilder heads = new StringBuilder();
    for (String channel : first.kind().channelNames()) {
      heads.append(head(ChannelTable.key(channel)));
    }
    StringBuilder rows = new StringBuilder();
    for (GroupSummary group : groups) {
      rows.append(groupRow(group));
    }
    int all = statistics.groups().size();
    String note =
        all == groups.size()
            ? ""
            : " Shown are %s of %s, evenly chosen by their mean; stats.json has all."
                .formatted(Words.whole(groups.size()), Words.whole(all));
    return Html.fill(
        Html.resource("groups.html"),
        Map.of(
            "note", Html.escape(note),
            "legend", legend(first),
            "count", Html.escape(Words.count(all, "group")),
            "heads", heads.toString(),
            "rows", rows.toString()));
  }

  private static String head(String html) {
    return "<th scope=\"col\"><button type=\"button\">%s</button></th>".formatted(html);
  }

  private static String groupRow(GroupSummary group) {
    StringBuilder row = new StringBuilder("<tr><th scope=\"row\">");
    row.append(Html.escape(group.name().isEmpty() ? "(no name)" : group.name())).append("</th>");
    row.append(cell(group.sums().images(), Words.whole(group.sums().images())));
    row.append(cell(group.mean(), deviation(group.mean(), group.deviation())));
    for (int c = 0; c < group.sums().kind().channels(); c++) {
      ChannelStatistics channel = group.sums().channel(c);
      row.append(
          cell(channel.mean(), deviation(channel.mean(), channel.populationStandardDeviation())));
    }
    return row.append("</tr>\n").toString();
  }

  private static String deviation(double mean, double deviation) {
    return String.format(Locale.ROOT, "%.4f \u00b1 %.4f", mean, deviation);
  }

  private static String cell(double value, String text) {
    return "<td data-value=\"%s\">%s</td>".formatted(value, Html.escape(text));
  }

  private String lineSection() {
    StringBuilder html = new StringBuilder();
    for (FrameworkLines lines : FrameworkLines.of(statistics)) {
      html.append(
          "<h3>%s</h3><pre tabindex=\"0\">%s</pre><p class=\"note\">%s</p>\n"
              .formatted(
                  Html.escape(lines.framework()),
                  Html.escape(lines.code()),
                  Html.escape(lines.note())));
    }
    return html.isEmpty()
        ? ""
        : "<section class=\"card paste\"><h2>To paste</h2>%s</section>\n".formatted(html);
  }

  private String rejectionSection() {
    List<Rejection> rejections = statistics.rejections();
    if (rejections.isEmpty()) {
      return "";
    }
    Map<String, Long> counts =
        rejections.stream()
            .collect(Collectors.groupingBy(Rejection::cause, TreeMap::new, Collectors.counting()));
    StringBuilder causes = new StringBuilder();
    counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(
            cause ->
                causes.append(
                    "<dt>%s</dt><dd><div class=\"bar\" style=\"--share:%s\"></div></dd><dd>%s</dd>\n"
                        .formatted(
                            Html.escape(cause.getKey()),
                            Html.text("%.4f", (double) cause.getValue() / rejections.size()),
                            Words.whole(cause.getValue()))));
    StringBuilder rows = new StringBuilder();
    for (Rejection r : rejections.subList(0, Math.min(MOST_REJECTIONS, rejections.size()))) {
      rows.append(
          "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n"
              .formatted(Html.escape(r.path()), Html.escape(r.cause()), Html.escape(r.message())));
    }
    int left = rejections.size() - MOST_REJECTIONS;
    return Html.fill(
        Html.resource("rejections.html"),
        Map.of(
            "causes", causes.toString(),
            "rows", rows.toString(),
            "left",
                left <= 0
                    ? ""
                    : "<p class=\"note\">%s in stats.json.</p>"
                        .formatted(Words.whole(left) + " more"),
            "count", Html.escape(Words.count(rejections.size(), "image"))));
  }

  private String facts() {
    StringBuilder html =
        new StringBuilder("<tr><th scope=\"row\">Inputs</th><td><ul class=\"inputs\">");
    List<String> inputs = statistics.inputs();
    for (String input : inputs.subList(0, Math.min(MOST_INPUTS, inputs.size()))) {
      html.append("<li>").append(Html.escape(input)).append("</li>");
    }
    if (inputs.size() > MOST_INPUTS) {
      html.append(Html.text("%,d more", inputs.size() - MOST_INPUTS));
    }
    html.append("</ul></td></tr>\n");
    html.append(Page.row("Bytes", Words.whole(statistics.bytes())));
    if (statistics.digest().isPresent()) {
      html.append(Page.digestRow("Digest", statistics.digest().get()));
    } else if (statistics.mergedFrom().isEmpty()) {
      html.append(Page.row("Digest", "none: it was not computed"));
    }
    for (String digest :
        statistics.mergedFrom().subList(0, Math.min(MOST_INPUTS, statistics.mergedFrom().size()))) {
      html.append(Page.digestRow("Merged from", digest));
    }
    if (statistics.mergedFrom().size() > MOST_INPUTS) {
      html.append(
          Page.row("", Words.whole(statistics.mergedFrom().size() - MOST_INPUTS) + " more"));
    }
    return html.toString();
  }

  private String pixelFacts() {
    PixelSettings pixels = statistics.pixels();
    String channels =
        switch (pixels.channels()) {
          case RGB -> "rgb: grey is repeated, alpha dropped";
          case GRAY -> "gray: colour by ITU-R BT.601, alpha dropped";
          case NATIVE -> "native: as many as the files have";
        };
    return Page.row("Channels", channels)
        + Page.row("Depth", total.isEmpty() ? "-" : depths())
        + Page.row("Resized to", pixels.resize().map(Object::toString).orElse("not resized"))
        + Page.row("Cropped to", pixels.crop().map(Object::toString).orElse("not cropped"))
        + Page.row("Pixels", Words.whole(statistics.pixelCount()))
        + Page.row("Time", Words.duration(statistics.elapsedSeconds()));
  }
}
