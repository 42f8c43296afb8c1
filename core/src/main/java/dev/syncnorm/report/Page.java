package dev.syncnorm.report;

import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.StorageReasons;
import dev.syncnorm.storage.StoredFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What all pages have in common. */
final class Page {

  private Page() {}

  /**
   * A whole file.
   *
   * @param name heading and title, as text
   * @param summary a line below it, in HTML
   * @param body in HTML
   * @param charts what report.js draws, by the ids of their places
   * @param style what the page needs beyond report.css
   */
  static String html(
      String brand, String name, String summary, String body, String charts, String style) {
    return Html.fill(
        Html.resource("page.html"),
        Map.of(
            "style",
            Html.resource("report.css") + style,
            "script",
            Html.resource("report.js"),
            "charts",
            charts,
            "brand",
            Html.escape(brand),
            "name",
            Html.escape(name),
            "summary",
            summary,
            "body",
            body));
  }

  /** A number that stands out, and perhaps a note below it. */
  static String tile(String what, String value, String note) {
    return "<div class=\"tile\"><dt>%s</dt><dd>%s%s</dd></div>\n"
        .formatted(
            Html.escape(what),
            Html.escape(value),
            note.isEmpty() ? "" : "<small>" + Html.escape(note) + "</small>");
  }

  /** A row of a table of facts. */
  static String row(String what, String value) {
    return "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n"
        .formatted(Html.escape(what), Html.escape(value));
  }

  /** A row with a digest, which may be broken anywhere. */
  static String digestRow(String what, String digest) {
    return "<tr><th scope=\"row\">%s</th><td><code class=\"digest\">%s</code></td></tr>\n"
        .formatted(Html.escape(what), Html.escape(digest));
  }

  /** Writes a page in place of one that may be there. */
  static void write(String html, StoredFile output) throws ReportException {
    byte[] bytes = html.getBytes(StandardCharsets.UTF_8);
    try {
      if (output.kind() == Kind.FOLDER) {
        throw new ReportException(
            "the report %s is a folder; give the name of a file with -o".formatted(output.path()));
      }
      output.folder().makeFolder("");
      output.write(out -> out.write(bytes));
    } catch (IOException e) {
      throw new ReportException(
          "the report %s can't be written: %s; choose another file with -o"
              .formatted(output.path(), StorageReasons.of(e)),
          e);
    }
  }
}
