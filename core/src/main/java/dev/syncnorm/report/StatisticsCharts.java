package dev.syncnorm.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.statistics.PixelSums;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Histograms and groups as {@link ChartData} has its curves. */
final class StatisticsCharts {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Points of a histogram: with 16 bits each stands for 256 values. */
  private static final int POINTS = 256;

  /** A histogram with so high a peak shows nothing else on a linear axis. */
  private static final double PEAK = 6;

  private final ObjectNode charts = JSON.createObjectNode();

  /** Adds the shares of the pixels in percent, which need histograms. */
  void histogram(PixelSums sums) {
    long[][] histograms = sums.histograms().orElseThrow();
    int values = histograms[0].length / POINTS;
    ObjectNode chart = charts.putObject(histogramId(sums.kind()));
    chart.put("kind", "histogram");
    chart.put("rows", values);
    ArrayNode x = chart.putArray("x");
    IntStream.range(0, POINTS).forEach(point -> x.add(point * values));
    ArrayNode series = chart.putArray("series");
    boolean peak = false;
    for (int c = 0; c < histograms.length; c++) {
      double[] shares = shares(histograms[c], values, sums.pixels().doubleValue());
      ObjectNode one = series.addObject();
      one.put("name", sums.channel(c).name());
      ChartData.values(one, "y", shares, ChartData.FIVE_DIGITS);
      double[] sorted = shares.clone();
      Arrays.sort(sorted);
      peak |= sorted[POINTS - 1] > PEAK * sorted[POINTS - 4];
    }
    chart.put("canLog", true);
    chart.put("log", peak);
  }

  static String histogramId(PixelKind kind) {
    return "histogram-" + kind.depth();
  }

  private static double[] shares(long[] histogram, int values, double pixels) {
    double[] shares = new double[POINTS];
    for (int v = 0; v < histogram.length; v++) {
      shares[v / values] += 100 * histogram[v] / pixels;
    }
    return shares;
  }

  /** Adds groups in their order. */
  void groups(List<GroupSummary> groups) {
    ObjectNode chart = charts.putObject("groups");
    chart.put("kind", "groups");
    chart.put("canLog", false);
    chart.put("log", false);
    ArrayNode x = chart.putArray("x");
    ArrayNode names = chart.putArray("names");
    for (int i = 0; i < groups.size(); i++) {
      x.add(i + 1);
      names.add(groups.get(i).name());
    }
    numbers(chart, "mean", groups, i -> groups.get(i).mean());
    numbers(chart, "deviation", groups, i -> groups.get(i).deviation());
    numbers(chart, "least", groups, i -> groups.get(i).mean() - groups.get(i).deviation());
    numbers(chart, "greatest", groups, i -> groups.get(i).mean() + groups.get(i).deviation());
    ArrayNode series = chart.putArray("series");
    int channels = groups.get(0).sums().kind().channels();
    for (int c = 0; c < channels; c++) {
      int channel = c;
      ObjectNode one = series.addObject();
      one.put("name", groups.get(0).sums().channel(c).name());
      numbers(one, "y", groups, i -> groups.get(i).sums().channel(channel).mean());
    }
  }

  private static void numbers(
      ObjectNode parent,
      String name,
      List<GroupSummary> groups,
      java.util.function.IntToDoubleFunction value) {
    ChartData.values(
        parent,
        name,
        IntStream.range(0, groups.size()).mapToDouble(value).toArray(),
        ChartData.FIVE_DIGITS);
  }

  /** All of them. */
  String text() {
    return ChartData.text(charts);
  }
}
