package dev.syncnorm.report;

import static dev.syncnorm.report.Pages.assertNeedsNothingFromOutside;
import static dev.syncnorm.report.Pages.charts;
import static dev.syncnorm.report.Pages.count;
import static dev.syncnorm.report.Pages.tile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.statistics.ChannelStatistics;
import dev.syncnorm.statistics.DataSetStatistics;
import dev.syncnorm.statistics.FrameworkLines;
import dev.syncnorm.statistics.StatisticsFile;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.testing.RandomStatistics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsReportTest {

  private static final PixelKind RGB = new PixelKind(3, 8);
  private static final PixelKind DEEP_RGB = new PixelKind(3, 16);
  private static final String DIGEST = "0123456789abcdef".repeat(4);

  @TempDir private Path folder;

  @Test
  void holdsTheNumbersOfTheStatistics() throws Exception {
    DataSetStatistics statistics = statistics("photos", List.of("cat", "dog"), 30, 2, RGB);
    ChannelStatistics red = statistics.sums().get(RGB).channel(0);

    String page = page(statistics);

    assertThat(tile(page, "Images")).isEqualTo("30");
    assertThat(tile(page, "Rejected")).isEqualTo("26.250 % of all");
    assertThat(tile(page, "Groups")).isEqualTo("2");
    assertThat(tile(page, "Channels")).isEqualTo("38 bits");
    assertThat(page)
        .contains("<h1>photos</h1>", DIGEST, "Resized to</th><td>12x34</td>")
        .contains("<td>" + decimal("%.6f", red.mean()) + "<small>")
        .contains("<td>" + decimal("%.6f", red.sampleStandardDeviation()) + "<small>")
        .contains("not the standard deviation of the data set")
        .contains("1 % quantile", "99 % quantile")
        .contains("<td style=\"--share:1.000\">1.0000<small>");
    for (FrameworkLines line : FrameworkLines.of(statistics)) {
      assertThat(page).contains(line.framework(), line.code());
    }
    JsonNode histogram = charts(page).path("histogram-8");
    double shares = 0;
    for (JsonNode share : histogram.at("/series/0/y")) {
      shares += share.doubleValue();
    }
    // 256 values of five digits.
    assertThat(shares).isCloseTo(100, org.assertj.core.data.Offset.offset(0.01));
    assertThat(charts(page).at("/groups/names")).hasSize(2);
  }

  @Test
  void eachDepthHasItsBlock() throws Exception {
    String page = page(statistics("photos", List.of(), 8, 0, RGB, DEEP_RGB));

    assertThat(page)
        .contains("All depths together", "id=\"histogram-8\"", "id=\"histogram-16\"")
        .contains("0 to 65,535")
        .doesNotContain("Rejected <small>", "Groups <small>");
    assertThat(charts(page).at("/histogram-16/rows").intValue()).isEqualTo(256);
    assertThat(charts(page).at("/histogram-16/series/2/y")).hasSize(256);
  }

  @Test
  void thePagesFolderIsMade() throws Exception {
    Path stats = Files.write(folder.resolve("s.json"), json());
    Path page = folder.resolve("made/for/it/s.html");

    StatisticsReport.write(StoredFile.local(stats), StoredFile.local(page));

    assertThat(page).content().contains("<h1>photos</h1>");
  }

  @Test
  void aFolderThatIsNoneIsToldWithoutTheNamesOfExceptions() throws Exception {
    Path stats = Files.write(folder.resolve("s.json"), json());
    StoredFile below = StoredFile.local(stats.resolve("s.html"));

    assertThatThrownBy(() -> StatisticsReport.write(StoredFile.local(stats), below))
        .isInstanceOf(ReportException.class)
        .hasMessageMatching(
            "the report .*/s.json/s.html can't be written: [^:]*; choose another file with -o")
        .hasMessageNotContainingAny("Exception", "FileSystem", "FileAlreadyExists");
  }

  private static byte[] json() {
    return StatisticsFile.toJson(statistics("photos", List.of(), 3, 0, RGB));
  }

  @Test
  void noImagesMakeAPageThatSaysSo() throws Exception {
    assertThat(page(statistics("photos", List.of(), 0, 3, RGB)))
        .contains("No image was accepted", "Rejected <small>3 images</small>")
        .doesNotContain("To paste", "NaN");
  }

  @Test
  void escapesAllThatComesFromTheFile() throws Exception {
    String hostile = "</script><script>alert('x')</script>{{style}}\u0000<img src=http://x>";

    String page = page(statistics(hostile, List.of(hostile, "ok"), 9, 3, RGB));

    // As JSON in a script element a name needs no escaping but that of "<".
    String html = page.replaceFirst("(?s)id=\"charts\">.*?</script>", "</script>");
    assertThat(html).doesNotContain("alert('x')");
    assertThat(page).doesNotContain("<img", "<b>", "\u0000");
    assertThat(count(page, "<script")).isEqualTo(2);
    assertThat(count(page, "</script>")).isEqualTo(2);
    assertThat(page).contains("&lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)", "{{style}}");
    assertThat(charts(page).at("/groups/names").toString()).contains("</script>");
  }

  @Test
  void needsNothingFromOutside() throws Exception {
    String page = page(statistics("photos", List.of("a", "b"), 9, 3, RGB));

    assertNeedsNothingFromOutside(page);
  }

  @Test
  void manyGroupsAndRejectionsAreCounted() throws Exception {
    List<String> groups = IntStream.range(0, 1500).mapToObj(i -> "n%08d".formatted(i)).toList();
    Random random = new Random(4);
    List<RandomStatistics.Image> images = new ArrayList<>();
    for (String group : groups) {
      images.addAll(RandomStatistics.images(random, 1, false, List.of(group), RGB));
    }
    DataSetStatistics statistics =
        RandomStatistics.of("photos", Channels.RGB, images, 1000, DIGEST);

    String page = page(statistics);

    assertThat(page)
        .contains("Shown are 1,000 of 1,500, evenly chosen", "700 more in stats.json")
        .contains("Computed without histograms");
    assertThat(count(page, "<tr><th scope=\"row\">n0")).isEqualTo(1000);
    assertThat(charts(page).at("/groups/mean")).hasSize(1000);
    List<Double> means = new ArrayList<>();
    charts(page).at("/groups/mean").forEach(mean -> means.add(mean.doubleValue()));
    assertThat(means).isSortedAccordingTo(java.util.Comparator.reverseOrder());
    // 1000 rows of some 350 bytes and as many numbers in the chart, 300 rejections.
    assertThat(page.length()).isLessThan(900_000);
  }

  @Test
  void whatCanNotBeReadIsTheErrorAndNothingIsWritten() throws Exception {
    Path file = folder.resolve("stats.json");
    Files.writeString(file, "{}");

    assertThatThrownBy(
            () ->
                StatisticsReport.write(
                    StoredFile.local(file), StoredFile.local(folder.resolve("stats.html"))))
        .isInstanceOf(ReportException.class)
        .hasMessageStartingWith(file + " is no file of statistics");
    assertThatThrownBy(() -> StatisticsReport.write(StoredFile.local(file), StoredFile.local(file)))
        .hasMessageContaining("would replace " + file);
    assertThat(folder).isDirectoryContaining(path -> path.equals(file));
    assertThat(folder.resolve("stats.html")).doesNotExist();
  }

  @Test
  void everyRejectionIsInThePage() throws Exception {
    DataSetStatistics statistics = statistics("photos", List.of(), 3, 9, RGB);

    String page = page(statistics);

    for (Rejection rejection : statistics.rejections()) {
      assertThat(page).contains("<td>" + Html.escape(rejection.path()) + "</td>");
    }
    assertThat(page).contains("<dt>empty</dt>", "<dd>3</dd>", "<dd>2</dd>");
  }

  private static DataSetStatistics statistics(
      String input, List<String> groups, int images, int rejected, PixelKind... kinds) {
    return RandomStatistics.of(
        input,
        Channels.RGB,
        RandomStatistics.images(new Random(3), images, true, groups, kinds),
        rejected,
        DIGEST);
  }

  private String page(DataSetStatistics statistics) throws Exception {
    Path file = folder.resolve("stats.json");
    Files.write(file, StatisticsFile.toJson(statistics));
    StoredFile stored = StoredFile.local(file);
    StatisticsReport.write(stored, StatisticsReport.besides(stored));
    return Files.readString(folder.resolve("stats.html"));
  }

  private static String decimal(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}
