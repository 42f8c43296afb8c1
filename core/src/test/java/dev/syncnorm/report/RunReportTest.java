package dev.syncnorm.report;

import static dev.syncnorm.report.Pages.assertNeedsNothingFromOutside;
import static dev.syncnorm.report.Pages.charts;
import static dev.syncnorm.report.Pages.count;
import static dev.syncnorm.report.Pages.tile;
import static dev.syncnorm.report.SampleRun.row;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.syncnorm.storage.LocalFolder;
import dev.syncnorm.storage.StoredFile;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

  @TempDir private Path temporary;
  private Path folder;
  private SampleRun run;

  @BeforeEach
  void makeRun() throws IOException {
    folder = temporary.resolve("my <run>");
    run = SampleRun.create(folder);
  }

  @Test
  void holdsTheNumbersOfTheRun() throws Exception {
    run.history(
        row(1, 1, 2.0, 1.0), row(2, 1, 0.25, "bn1", "[0.5,-1.5]", "[1,2]"), row(3, 2, 0.75, 0.25));

    String page = page();

    assertThat(tile(page, "Steps")).isEqualTo("3");
    assertThat(tile(page, "Epochs")).isEqualTo("2");
    assertThat(tile(page, "First loss")).isEqualTo("2.000");
    assertThat(tile(page, "Last loss")).isEqualTo("0.7500");
    assertThat(tile(page, "Best loss")).isEqualTo("0.2500at step 2");
    // 4, 8 and 16 images a second.
    assertThat(tile(page, "Images/s, median")).isEqualTo("8.000");
    assertThat(tile(page, "Time in steps")).isEqualTo("1.75 s12 images");
    assertThat(page).contains(SampleRun.DIGEST, "80 x 60", "40 x 30", "6,000", "4.0 KiB");
    assertThat(page).contains("<td>2</td><td>1</td><td>8 bytes</td>", "feedbeef");
    JsonNode charts = charts(page);
    assertThat(numbers(charts.at("/loss/series/0/y"))).containsExactly(2.0, 0.25, 0.75);
    assertThat(numbers(charts.at("/loss/x"))).containsExactly(1.0, 2.0, 3.0);
    assertThat(numbers(charts.at("/mean-0/x"))).containsExactly(2.0);
    assertThat(numbers(charts.at("/mean-0/series/1/y"))).containsExactly(-1.5);
    assertThat(numbers(charts.at("/variance-0/series/1/y"))).containsExactly(2.0);
  }

  @Test
  void escapesAllThatComesFromTheRun() throws Exception {
    run.history(row(1, 1, 2.0, "</script><b>", "[0.5]", "[1]"));

    String page = page();

    assertThat(page)
        .contains("<h1>my &lt;run&gt;</h1>")
        .contains("&lt;/pre&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; {{style}}")
        .contains("<h3>&lt;/script&gt;&lt;b&gt; <small>")
        .doesNotContain("<b>", "alert('x')");
    assertThat(count(page, "<script")).isEqualTo(2);
    assertThat(count(page, "</script>")).isEqualTo(2);
  }

  @Test
  void needsNothingFromOutside() throws Exception {
    run.history(row(1, 1, 2.0, "bn1", "[0.5]", "[1]"));

    String page = page();

    assertNeedsNothingFromOutside(page);
  }

  @Test
  void holdsThePicturesByteForByte() throws Exception {
    run.history(row(1, 1, 2.0, 1));

    Matcher uris = Pattern.compile("data:image/png;base64,([^\"]+)").matcher(page());
    List<byte[]> pictures = new ArrayList<>();
    while (uris.find()) {
      pictures.add(Base64.getDecoder().decode(uris.group(1)));
    }

    assertThat(pictures).hasSize(3);
    for (int i = 0; i < 3; i++) {
      String name = List.of("before", "after", "test").get(i);
      assertThat(pictures.get(i))
          .isEqualTo(Files.readAllBytes(folder.resolve("images/" + name + ".png")));
    }
  }

  @Test
  void everyPictureHasATextAndEveryChartALabel() throws Exception {
    run.history(row(1, 1, 2.0, "bn1", "[0.5]", "[1]"));

    String page = page();

    assertThat(count(page, "<img ")).isEqualTo(count(page, " alt=\"")).isEqualTo(3);
    assertThat(count(page, "class=\"chart")).isEqualTo(count(page, "data-label=\"")).isEqualTo(4);
  }

  @Test
  void theWaitOfEachSumIsShown() throws Exception {
    String wait = row(1, 1, 2.0, 1.0).replaceFirst("}$", ",\"waitSeconds\":{\"a<b\":%s,\"c\":0}}");
    run.history(wait.formatted("0.01"), wait.replace("\"step\":1", "\"step\":2").formatted("0.03"));

    assertThat(page())
        .contains("a&lt;b</th><td>20.00 ms</td><td>30.0 ms</td><td>2.0 %</td>")
        .contains("c</th><td>0.00 ms</td><td>0.0 ms</td><td>0.0 %</td>");
  }

  @Test
  void aRunOfOneWorkerHasNoWaits() throws Exception {
    run.history(row(1, 1, 2.0, 1.0));

    assertThat(page()).doesNotContain("slowest worker");
  }

  @Test
  void picturesAreOptional() throws Exception {
    run.history(row(1, 1, 2.0, 1));
    for (String name : List.of("before", "after", "test")) {
      Files.delete(folder.resolve("images/" + name + ".png"));
    }

    assertThat(page()).doesNotContain("<img", "Pictures");
  }

  @Test
  void aCheckpointThatIsNotAsItsManifestSaysIsCalledSo() throws Exception {
    run.history(row(1, 1, 2.0, 1));
    Files.writeString(folder.resolve("checkpoints/step-00000002/model.safetensors"), "1234");
    Files.createDirectories(folder.resolve("checkpoints/step-00000003"));

    assertThat(page())
        .contains("not whole: model.safetensors is not as its manifest says")
        .contains("not whole: it has no manifest");
  }

  @Test
  void aRowThatIsBeingWrittenIsLeftOut() throws Exception {
    run.history(row(1, 1, 2.0, 1), row(2, 1, 1.0, 1));
    Files.writeString(
        folder.resolve("history.jsonl"),
        Files.readString(folder.resolve("history.jsonl")) + "{\"step\":3,\"epo");

    assertThat(tile(page(), "Steps")).isEqualTo("2");
  }

  @Test
  void aLongRunGivesASmallPageThatLosesNoPeak() throws Exception {
    int rows = 100_000;
    String channels = "[" + "0.5,".repeat(63) + "0.5]";
    try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("history.jsonl"))) {
      for (int step = 1; step <= rows; step++) {
        double loss = step == 54_321 ? 1234.5 : 1.0 / step;
        out.write(row(step, step, loss, "bn1", channels, channels));
        out.write('\n');
      }
    }

    String page = page();

    // Two curves of at most 1000 columns, 2 x 50 of at most 240 x 2 points, each value under 12
    // bytes here: under 700 kB, and the pictures are tiny.
    assertThat(page.length()).isLessThan(700_000);
    JsonNode loss = charts(page).path("loss");
    assertThat(loss.path("x").size()).isBetween(500, 1000);
    assertThat(numbers(loss.path("greatest"))).contains(1234.5);
    assertThat(numbers(loss.path("least"))).contains(1e-5);
    assertThat(charts(page).at("/mean-0/series").size()).isEqualTo(48);
    assertThat(page).contains("64 channels, of which 48 are drawn");
  }

  private String page() throws Exception {
    Path file = folder.resolve("report.html");
    RunReport.write(new LocalFolder(folder), StoredFile.local(file));
    try (var files = Files.list(folder)) {
      assertThat(files.filter(f -> f.toString().endsWith(".tmp"))).isEmpty();
    }
    return Files.readString(file);
  }

  private static double[] numbers(JsonNode array) {
    return IntStream.range(0, array.size()).mapToDouble(i -> array.path(i).asDouble()).toArray();
  }
}
