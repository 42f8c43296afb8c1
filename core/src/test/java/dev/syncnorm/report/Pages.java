package dev.syncnorm.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What tests look at in the text of a report. */
final class Pages {
  private Pages() {}

  /** The text of a figure at the top. */
  static String tile(String page, String what) {
    Matcher tile =
        Pattern.compile("<dt>" + Pattern.quote(what) + "</dt><dd>(.*?)</dd>").matcher(page);
    assertThat(tile.find()).as(what).isTrue();
    return tile.group(1).replaceAll("<[^>]+>", "");
  }

  /** The data of the charts. */
  static JsonNode charts(String page) throws IOException {
    Matcher json = Pattern.compile("id=\"charts\">(.*?)</script>", Pattern.DOTALL).matcher(page);
    assertThat(json.find()).isTrue();
    return new ObjectMapper().readTree(json.group(1));
  }

  /** How often a text occurs. */
  static int count(String page, String text) {
    return (page.length() - page.replace(text, "").length()) / text.length();
  }

  /** Nothing is loaded, and nothing could be. */
  static void assertNeedsNothingFromOutside(String page) {
    Matcher links = Pattern.compile("(?:src|href)\\s*=\\s*\"([^\"]{0,5})").matcher(page);
    while (links.find()) {
      assertThat(links.group(1)).isEqualTo("data:");
    }
    assertThat(page).doesNotContain("@import", "url(", "fetch(", "XMLHttpRequest", "import(");
    assertThat(page.replace("http://www.w3.org/2000/svg", "")).doesNotContain("http:", "https:");
    assertThat(page).contains("default-src 'none'");
  }
}
