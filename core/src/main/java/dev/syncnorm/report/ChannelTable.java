package dev.syncnorm.report;

import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.PixelSums;
import dev.syncnorm.statistics.Quantiles;
import java.math.BigDecimal;
import java.util.function.Function;
import java.util.stream.IntStream;

/** The numbers of each channel, and how channels go together, in HTML. */
final class ChannelTable {

  private final PixelSums sums;
  private final int channels;

  ChannelTable(PixelSums sums) {
    this.sums = sums;
    channels = sums.kind().channels();
  }

  /**
   * Moments, least and greatest value, and quantiles if there are histograms.
   *
   * @param raw whether the sums are of one depth, whose units are told
   */
  String values(boolean raw) {
    StringBuilder rows = new StringBuilder();
    double greatest = sums.kind().greatest();
    Function<Double, String> scaled =
        value ->
            Double.isNaN(value)
                ? "-"
                : Html.text("%.6f", value) + (raw ? small(value * greatest) : "");
    rows.append(row("Mean", "", c -> scaled.apply(c.mean())));
    rows.append(
        row(
            "Standard deviation",
            "of the population, over n",
            c -> scaled.apply(c.populationStandardDeviation())));
    rows.append(
        row(
            "Standard deviation",
            "of a sample, over n - 1",
            c -> scaled.apply(c.sampleStandardDeviation())));
    rows.append(
        row(
            "Mean of the images' standard deviations",
            "not the standard deviation of the data set: it leaves out how images differ",
            c -> scaled.apply(c.meanOfImageStandardDeviations())));
    if (raw) {
      rows.append(row("Least value", "", c -> Words.whole(c.raw().min())));
      if (sums.histograms().isPresent()) {
        for (BigDecimal q : Quantiles.DEFAULT) {
          rows.append(
              row(
                  q.movePointRight(2).stripTrailingZeros().toPlainString() + " % quantile",
                  "",
                  c -> Words.whole(c.quantile(q).orElseThrow())));
        }
      }
      rows.append(row("Greatest value", "", c -> Words.whole(c.raw().max())));
    }
    return "<div class=\"scroll\"><table class=\"values\"><thead><tr><td></td>%s</tr></thead><tbody>\n%s</tbody></table></div>"
        .formatted(heads(), rows);
  }

  private static String small(double raw) {
    return "<small>" + Html.text("%.3f", raw) + "</small>";
  }

  private String heads() {
    StringBuilder heads = new StringBuilder();
    for (int c = 0; c < channels; c++) {
      heads.append("<th scope=\"col\">").append(key(sums.channel(c).name())).append("</th>");
    }
    return heads.toString();
  }

  /** A channel's name in its colour. */
  static String key(String channel) {
    return "<span class=\"key tone-%s\">%s</span>".formatted(channel, channel);
  }

  private String row(String what, String note, Function<ChannelStatistics, String> cell) {
    StringBuilder row = new StringBuilder("<tr><th scope=\"row\">").append(Html.escape(what));
    if (!note.isEmpty()) {
      row.append("<small>").append(Html.escape(note)).append("</small>");
    }
    row.append("</th>");
    IntStream.range(0, channels)
        .forEach(c -> row.append("<td>").append(cell.apply(sums.channel(c))).append("</td>"));
    return row.append("</tr>\n").toString();
  }

  /** Correlations, shaded, with the covariances below them. */
  String matrix() {
    StringBuilder rows = new StringBuilder();
    for (int a = 0; a < channels; a++) {
      rows.append("<tr><th scope=\"row\">").append(key(sums.channel(a).name())).append("</th>");
      for (int b = 0; b < channels; b++) {
        double covariance = sums.channel(a).covariance(b);
        double correlation = correlation(a, b, covariance);
        rows.append(
            "<td%s style=\"--share:%s\">%s<small>%s</small></td>"
                .formatted(
                    correlation < 0 ? " class=\"less\"" : "",
                    Double.isNaN(correlation) ? "0" : Html.text("%.3f", Math.abs(correlation)),
                    Double.isNaN(correlation) ? "-" : Html.text("%.4f", correlation),
                    Html.text("%s", Words.number(covariance))));
      }
      rows.append("</tr>\n");
    }
    return "<div class=\"scroll\"><table class=\"matrix\"><thead><tr><td></td>%s</tr></thead><tbody>\n%s</tbody></table></div>"
        .formatted(heads(), rows);
  }

  /** NaN if one of the two is constant. */
  private double correlation(int a, int b, double covariance) {
    double variances = sums.channel(a).populationVariance() * sums.channel(b).populationVariance();
    double correlation = a == b && variances > 0 ? 1 : covariance / Math.sqrt(variances);
    return variances == 0 ? Double.NaN : Math.max(-1, Math.min(1, correlation));
  }
}
