package dev.syncnorm.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Map;

/**
 * The curves as JSON that stands in the page's script element; report.js draws it. A chart has the
 * steps, a y for each of them in every series, and perhaps a band from the least to the greatest.
 */
final class ChartData {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final MathContext SIX_DIGITS = new MathContext(6);
  static final MathContext FIVE_DIGITS = new MathContext(5);

  /** A curve over so wide a range is easier to read on a logarithmic axis. */
  private static final double LOGARITHMIC_RANGE = 20;

  private ChartData() {}

  /** The charts of a run by the id of their place in the page. */
  static String of(RunHistory history) {
    ObjectNode charts = JSON.createObjectNode();
    single(charts.putObject("loss"), "loss", history.loss());
    single(charts.putObject("seconds"), "seconds", history.seconds());
    int number = 0;
    for (Map.Entry<String, LayerCurves> layer : history.layers().entrySet()) {
      LayerCurves curves = layer.getValue();
      channels(charts.putObject("mean-" + number), curves, curves.mean());
      channels(charts.putObject("variance-" + number), curves, curves.variance());
      number++;
    }
    return text(charts);
  }

  /** Charts as the content of a script element. */
  static String text(ObjectNode charts) {
    try {
      // Within a script element nothing but "</" and "<!--" has a meaning to HTML.
      return JSON.writeValueAsString(charts).replace("<", "\\u003c");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void single(ObjectNode chart, String name, Curves curves) {
    double least = Arrays.stream(curves.least(0)).min().orElseThrow();
    double greatest = Arrays.stream(curves.greatest(0)).max().orElseThrow();
    chart.put("canLog", least > 0 && greatest > least);
    chart.put("log", least > 0 && greatest / least >= LOGARITHMIC_RANGE);
    chart.put("rows", curves.rowsPerColumn());
    steps(chart, curves.lastSteps());
    ObjectNode series = chart.putArray("series").addObject();
    series.put("name", name);
    values(series, "y", curves.mean(0), SIX_DIGITS);
    if (curves.rowsPerColumn() > 1) {
      values(chart, "least", curves.least(0), SIX_DIGITS);
      values(chart, "greatest", curves.greatest(0), SIX_DIGITS);
    }
  }

  private static void channels(ObjectNode chart, LayerCurves layer, Curves curves) {
    chart.put("canLog", false);
    chart.put("log", false);
    chart.put("rows", curves.rowsPerColumn());
    steps(chart, curves.lineSteps());
    ArrayNode series = chart.putArray("series");
    int[] shown = layer.shown();
    for (int i = 0; i < shown.length; i++) {
      ObjectNode one = series.addObject();
      one.put("name", "channel " + shown[i]);
      values(one, "y", curves.line(i), FIVE_DIGITS);
    }
    if (shown.length < layer.channels()) {
      values(chart, "least", curves.line(shown.length), FIVE_DIGITS);
      values(chart, "greatest", curves.line(shown.length + 1), FIVE_DIGITS);
    }
  }

  private static void steps(ObjectNode chart, long[] steps) {
    ArrayNode array = chart.putArray("x");
    for (long step : steps) {
      array.add(step);
    }
  }

  /** Values of so many digits. */
  static void values(ObjectNode parent, String name, double[] values, MathContext precision) {
    ArrayNode array = parent.putArray(name);
    for (double value : values) {
      array.add(new BigDecimal(value, precision).doubleValue());
    }
  }
}
