package dev.syncnorm.report;

import dev.syncnorm.report.DataSummary.Size;
import dev.syncnorm.report.RunHistory.Waits;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The page's sections in HTML. */
record ReportPage(
    String name,
    RunHistory history,
    DataSummary data,
    List<Checkpoint> checkpoints,
    Optional<Picture> before,
    Optional<Picture> after,
    Optional<Picture> test,
    String configuration) {

  /** The whole file. */
  String html() {
    String body =
        Html.fill(
            Html.resource("run.html"),
            Map.of(
                "tiles", tiles(),
                "lossText", lossText(),
                "secondsText", secondsText(),
                "layers", layers(),
                "pictures", pictures(),
                "waits", waitTable(),
                "data", dataTable(),
                "checkpoints", checkpointTable(),
                "configuration", Html.escape(configuration)));
    return Page.html("syncnorm run", name, summary(), body, ChartData.of(history), "");
  }

  private String summary() {
    return Html.text(
        "%s, %s, loss %s to %s",
        Words.count(history.last().step(), "step"),
        Words.count(data.images(), data.targets() == data.images() ? "pair" : "image"),
        Words.number(history.first().loss()),
        Words.number(history.last().loss()));
  }

  private String tiles() {
    HistoryRow best = history.best();
    String rate =
        history
            .medianRate()
            .map(r -> Page.tile("Images/s, median", Words.number(r), ""))
            .orElse("");
    return Page.tile("Steps", Words.whole(history.last().step()), "")
        + Page.tile("Epochs", Words.whole(history.last().epoch()), "")
        + Page.tile("First loss", Words.number(history.first().loss()), "")
        + Page.tile("Last loss", Words.number(history.last().loss()), "")
        + Page.tile("Best loss", Words.number(best.loss()), "at step " + Words.whole(best.step()))
        + rate
        + Page.tile(
            "Time in steps",
            Words.duration(history.totalSeconds()),
            Words.count(history.totalImages(), "image"));
  }

  private String lossText() {
    return Html.text(
        "Loss of each step, from %s at step %,d to %s at step %,d; the least is %s at step %,d.",
        Words.number(history.first().loss()),
        history.first().step(),
        Words.number(history.last().loss()),
        history.last().step(),
        Words.number(history.best().loss()),
        history.best().step());
  }

  private String secondsText() {
    return Html.text(
        "Seconds of each step, %s in all for %s.",
        Words.duration(history.totalSeconds()), Words.count(history.rows(), "step"));
  }

  private String layers() {
    StringBuilder html = new StringBuilder();
    int number = 0;
    for (Map.Entry<String, LayerCurves> layer : history.layers().entrySet()) {
      LayerCurves curves = layer.getValue();
      int shown = curves.shown().length;
      String channels = Words.count(curves.channels(), "channel");
      String note =
          shown == curves.channels()
              ? channels
              : "%s, of which %d are drawn; the band holds all".formatted(channels, shown);
      html.append(
          "<section class=\"card layer\"><h3>%s <small>%s</small></h3>\n<div class=\"pair\">%s%s</div></section>\n"
              .formatted(
                  Html.escape(layer.getKey()),
                  Html.escape(note),
                  chart("mean-" + number, "Moving mean", layer.getKey()),
                  chart("variance-" + number, "Moving variance", layer.getKey())));
      number++;
    }
    return html.isEmpty() ? "<p class=\"note\">No epoch has ended yet.</p>" : html.toString();
  }

  private static String chart(String id, String title, String layer) {
    return "<figure><figcaption>%s</figcaption><div class=\"chart small\" id=\"%s\" data-label=\"%s\"></div></figure>\n"
        .formatted(title, id, Html.text("%s of %s over the steps", title, layer));
  }

  private String pictures() {
    StringBuilder html = new StringBuilder();
    if (before.isPresent() && after.isPresent() && sameSize(before.get(), after.get())) {
      html.append(
          Html.fill(
              Html.resource("compare.html"),
              Map.of(
                  "width", Integer.toString(after.get().width()),
                  "height", Integer.toString(after.get().height()),
                  "before", before.get().uri(),
                  "after", after.get().uri(),
                  "steps", Html.escape(Words.count(history.last().step(), "step")))));
    } else {
      before.ifPresent(p -> html.append(figure(p, "Before: the network as initialised")));
      after.ifPresent(p -> html.append(figure(p, "After training")));
    }
    test.ifPresent(p -> html.append(figure(p, "The test image by the trained network")));
    return html.isEmpty()
        ? ""
        : "<section><h2>Pictures</h2><div class=\"pictures\">%s</div></section>".formatted(html);
  }

  private static boolean sameSize(Picture a, Picture b) {
    return a.width() == b.width() && a.height() == b.height();
  }

  private static String figure(Picture picture, String caption) {
    return "<figure class=\"card picture\"><img src=\"%s\" width=\"%d\" height=\"%d\" alt=\"%s\"><figcaption>%s</figcaption></figure>\n"
        .formatted(
            picture.uri(),
            picture.width(),
            picture.height(),
            Html.escape(caption),
            Html.escape(caption));
  }

  private String waitTable() {
    if (history.waits().isEmpty()) {
      return "";
    }
    StringBuilder rows = new StringBuilder();
    for (Map.Entry<String, Waits> sum : history.waits().entrySet()) {
      Waits waits = sum.getValue();
      rows.append(
          Html.fill(
              "<tr><th scope=\"row\">{{sum}}</th><td>{{mean}}</td><td>{{longest}}</td><td>{{share}}</td></tr>\n",
              Map.of(
                  "sum", Html.escape(sum.getKey()),
                  "mean", Html.text("%.2f ms", 1000 * waits.meanSeconds()),
                  "longest", Html.text("%.1f ms", 1000 * waits.longestSeconds()),
                  "share", Html.text("%.1f %%", share(waits)))));
    }
    return Html.fill(Html.resource("waits.html"), Map.of("rows", rows.toString()));
  }

  private double share(Waits waits) {
    return history.totalSeconds() > 0 ? 100 * waits.totalSeconds() / history.totalSeconds() : 0;
  }

  private String dataTable() {
    return Page.row("Images", Words.whole(data.images()))
        + (data.targets() == 0 ? "" : Page.row("Targets", Words.whole(data.targets())))
        + Page.row("Rejected", Words.whole(data.rejected()))
        + Page.row("Smallest", size(data.smallest()))
        + Page.row("Largest", size(data.largest()))
        + Page.row("Pixels", Words.whole(data.pixels()))
        + Page.row("Bytes", Words.bytes(data.bytes()))
        + Page.digestRow("Digest", data.digest());
  }

  private static String size(Size size) {
    return "%d x %d".formatted(size.width(), size.height());
  }

  private String checkpointTable() {
    if (checkpoints.isEmpty()) {
      return "<p class=\"note\">None yet.</p>";
    }
    StringBuilder rows = new StringBuilder();
    for (Checkpoint c : checkpoints) {
      rows.append(
          "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n"
              .formatted(
                  Words.whole(c.step()),
                  c.epoch() == 0 ? "" : Words.whole(c.epoch()),
                  c.bytes() == 0 ? "" : Html.escape(Words.bytes(c.bytes())),
                  c.problem().isEmpty()
                      ? "<code class=\"digest\">%s</code>".formatted(Html.escape(c.modelDigest()))
                      : Html.escape("not whole: " + c.problem())));
    }
    return "<table><thead><tr><th scope=\"col\">Step</th><th scope=\"col\">Epoch</th><th scope=\"col\">Size</th><th scope=\"col\">SHA-256 of the model</th></tr></thead><tbody>%s</tbody></table>"
        .formatted(rows);
  }
}
