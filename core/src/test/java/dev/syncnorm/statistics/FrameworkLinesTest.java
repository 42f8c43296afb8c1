package dev.syncnorm.statistics;

import static dev.syncnorm.statistics.StatisticsFileTest.DEEP_RGB;
import static dev.syncnorm.statistics.StatisticsFileTest.RGB;
import static dev.syncnorm.statistics.StatisticsFileTest.of;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.testing.RandomStatistics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameworkLinesTest {

  @TempDir private Path folder;

  @Test
  void everyFrameworkHasALineThatTellsFloat32Exactly() {
    DataSetStatistics statistics = of(new Random(1), Channels.RGB, 9, true, List.of(), RGB);
    ChannelStatistics green = statistics.sums().get(RGB).channel(1);

    List<FrameworkLines> lines = FrameworkLines.of(statistics);

    assertThat(lines)
        .extracting(FrameworkLines::framework)
        .containsExactly("torchvision", "Keras", "Albumentations");
    assertThat(values(lines.get(0).code(), "mean")[1]).isEqualTo((float) green.mean());
    assertThat(values(lines.get(0).code(), "std")[1])
        .isEqualTo((float) green.populationStandardDeviation());
    assertThat(values(lines.get(1).code(), "variance")[1])
        .isEqualTo((float) green.populationVariance());
    assertThat(values(lines.get(2).code(), "std")[1])
        .isEqualTo((float) green.populationStandardDeviation());
  }

  @Test
  void theScaleIsThatOfTheDepth() {
    List<FrameworkLines> deep =
        FrameworkLines.of(of(new Random(1), Channels.RGB, 9, true, List.of(), DEEP_RGB));
    List<FrameworkLines> mixed =
        FrameworkLines.of(of(new Random(1), Channels.RGB, 9, true, List.of(), RGB, DEEP_RGB));

    assertThat(deep.get(0).note())
        .isEqualTo("For values / 65535, which transforms.ToTensor() does not do.");
    assertThat(deep.get(1).code()).contains("Rescaling(1 / 65535)");
    assertThat(deep.get(2).code()).endsWith("max_pixel_value=65535.0)");
    assertThat(mixed.get(1).code()).doesNotContain("Rescaling");
    assertThat(mixed.get(2).code()).endsWith("max_pixel_value=1.0)");
  }

  @Test
  void aConstantChannelIsDividedByOne() {
    DataSetStatistics statistics =
        RandomStatistics.of(
            "x",
            Channels.GRAY,
            List.of(
                RandomStatistics.images(new Random(1), 1, false, List.of(), new PixelKind(1, 8))
                    .get(0)),
            0,
            "0".repeat(64));
    PixelSums sums = statistics.sums().get(new PixelKind(1, 8));
    ChannelSums constant =
        new ChannelSums(
            sums.pixels().multiply(java.math.BigInteger.valueOf(51)),
            sums.pixels().multiply(java.math.BigInteger.valueOf(51 * 51)),
            java.math.BigInteger.ZERO,
            51,
            51);
    statistics
        .sums()
        .put(
            sums.kind(),
            new PixelSums(
                sums.kind(),
                1,
                sums.pixels(),
                List.of(constant),
                List.of(),
                java.util.Optional.empty()));

    FrameworkLines line = FrameworkLines.of(statistics).get(0);

    assertThat(line.code()).isEqualTo("transforms.Normalize(mean=[0.2], std=[1.0])");
    assertThat(line.note()).endsWith(" Constant, so divided by 1: gray.");
  }

  @Test
  void noImagesHaveNoLines() {
    assertThat(FrameworkLines.of(of(new Random(1), Channels.RGB, 0, true, List.of(), RGB)))
        .isEmpty();
  }

  /**
   * Pixels from the histograms of one channel, in any order, normalised by the line that was
   * pasted: mean 0 and standard deviation 1 to what float32 sums of them can tell.
   */
  @ParameterizedTest
  @CsvSource({
    "torchvision, 3, 8",
    "torchvision, 1, 8",
    "torchvision, 3, 16",
    "tensorflow, 3, 8",
    "tensorflow, 1, 8",
    "tensorflow, 3, 16",
    "albumentations, 3, 8",
    "albumentations, 3, 16"
  })
  void aLineThatIsPastedNormalises(String module, int channels, int depth) throws Exception {
    String python = System.getenv("SYNCNORM_PYTHON");
    assumeTrue(python != null, "SYNCNORM_PYTHON is not set: it names a Python with " + module);
    assumeTrue(
        run(
                python,
                "import importlib.util as u, sys; sys.exit(not u.find_spec('%s'))"
                    .formatted(module))
            == 0,
        "the Python of SYNCNORM_PYTHON has no " + module);
    PixelKind kind = new PixelKind(channels, depth);
    DataSetStatistics statistics =
        of(
            new Random(depth),
            channels == 1 ? Channels.GRAY : Channels.RGB,
            40,
            true,
            List.of(),
            kind);
    Files.write(folder.resolve("stats.json"), StatisticsFile.toJson(statistics));
    int line = List.of("torchvision", "tensorflow", "albumentations").indexOf(module);
    String script =
        Files.readString(Path.of("src/test/python/normalise_by_line.py"))
            + "\ncheck(%s, '%s', %d)\n"
                .formatted(quoted(FrameworkLines.of(statistics).get(line).code()), module, depth);

    assertThat(run(python, script)).isZero();
  }

  private static String quoted(String code) {
    return '"' + code + '"';
  }

  private int run(String python, String script) throws Exception {
    Process process =
        new ProcessBuilder(python, "-c", script)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0 && !printed.isEmpty()) {
      throw new AssertionError(printed);
    }
    return code;
  }

  private static float[] values(String code, String name) {
    Matcher list = Pattern.compile("\\b" + name + "=\\[([^]]*)]").matcher(code);
    assertThat(list.find()).as(code).isTrue();
    String[] numbers = list.group(1).toLowerCase(Locale.ROOT).split(", ");
    float[] values = new float[numbers.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(numbers[i]);
    }
    return values;
  }
}
