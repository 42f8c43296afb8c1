package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.ImageFolder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every mistake of {@code stats} gives its line and its exit code, and writes nothing. */
class StatsErrorsTest {

  @TempDir private Path folder;
  private ImageFolder files;

  /**
   * A command line and what it must lead to.
   *
   * @param arguments with FOLDER for the test's folder
   * @param lines as {@link ExpectedLines} has them
   */
  record Row(String name, int exitCode, List<String> arguments, List<String> lines) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> rows() {
    return Stream.concat(usage(), Stream.concat(inputs(), merging()));
  }

  private static Stream<Row> usage() {
    return Stream.of(
        wrong(
            "no input",
            "",
            "there is no INPUT; give folders, files, globs, archives or Parquet files, or --merge"
                + " FILE..."),
        wrong(
            "an unknown option",
            "FOLDER/good --outptu x",
            "Unknown option: '--outptu'",
            "see syncnorm stats --help"),
        wrong(
            "channels that are none",
            "FOLDER/good --channels bgr",
            "Invalid value for option '--channels': expected one of [RGB, GRAY, NATIVE]"
                + " (case-insensitive) but was 'bgr'",
            "see syncnorm stats --help"),
        wrong(
            "a size that is none",
            "FOLDER/good --resize 224",
            "--resize is 224, expected a height and a width such as 224x224, of at most 178,956,970 pixels"),
        wrong(
            "a crop that is larger",
            "FOLDER/good --resize 8x8 --crop 4x9",
            "--crop is 4x9, more than the --resize of 8x8; it is cut out of the resized image"),
        wrong(
            "no time to decode",
            "FOLDER/good --decode-timeout 0",
            "--decode-timeout is 0, expected seconds above 0 and up to 86400"),
        wrong(
            "no pixels",
            "FOLDER/good --max-pixels 0",
            "--max-pixels is 0, expected 1 to 715827861"),
        wrong(
            "a quarantine without its folder",
            "FOLDER/good --on-bad quarantine",
            "--on-bad is quarantine, but there is no folder; give one with --quarantine DIR"),
        wrong(
            "a quarantine for nothing",
            "FOLDER/good --quarantine FOLDER/bad",
            "--quarantine is FOLDER/bad, but --on-bad is skip; set --on-bad quarantine or leave the"
                + " folder out"),
        wrong(
            "a master that is none",
            "FOLDER/good --master sprak://x",
            "--master is sprak://x; this process runs local or local[N], bin/syncnorm and"
                + " spark-submit run clusters"),
        wrong(
            "an output that is another file",
            "FOLDER/good -o FOLDER/good/1.png",
            "-o FOLDER/good/1.png is there already, and not with statistics of these inputs and"
                + " pixels; remove it or choose another name"),
        wrong(
            "an output where nothing can be looked at",
            "FOLDER/good -o nosuch://host/s.json",
            "-o nosuch://host/s.json can't be looked at: No FileSystem for scheme \"nosuch\"; choose"
                + " another place"),
        wrong(
            "an output that is a folder",
            "FOLDER/good -o FOLDER",
            "-o is FOLDER, which is a folder; give a file"),
        wrong("an output without a name", "FOLDER/good -o=", "-o is empty, expected a path"),
        wrong(
            "an output that is to be a folder",
            "FOLDER/good -o FOLDER/new/",
            "-o is FOLDER/new/, which names a folder; give a file"),
        wrong(
            "a quarantine below a file",
            "FOLDER/good --on-bad quarantine --quarantine FOLDER/good/1.png/bad",
            "--quarantine FOLDER/good/1.png/bad can't be written: FOLDER/good/1.png is no folder;"
                + " choose another folder"),
        wrong(
            "a quarantine that is a file",
            "FOLDER/good --on-bad quarantine --quarantine FOLDER/good/1.png",
            "--quarantine FOLDER/good/1.png can't be written: FOLDER/good/1.png is no folder; choose"
                + " another folder"),
        wrong(
            "an output below a file",
            "FOLDER/good -o FOLDER/good/1.png/stats.json",
            "-o FOLDER/good/1.png/stats.json can't be written: FOLDER/good/1.png is no folder; choose"
                + " another place"),
        wrong(
            "several mistakes",
            "FOLDER/good --resize x --crop y --decode-timeout -1 -o FOLDER --on-bad quarantine",
            "--resize is x, expected a height and a width such as 224x224, of at most 178,956,970 pixels",
            "--crop is y, expected a height and a width such as 224x224, of at most 178,956,970 pixels",
            "--decode-timeout is -1, expected seconds above 0 and up to 86400",
            "--on-bad is quarantine, but there is no folder; give one with --quarantine DIR",
            "-o is FOLDER, which is a folder; give a file"));
  }

  private static Stream<Row> inputs() {
    return Stream.of(
        failed("an input that is not there", "FOLDER/no", "<...>FOLDER/no<...>"),
        failed(
            "inputs that are not there", "FOLDER/no FOLDER/nor", "<...>/no<...>", "<...>/nor<...>"),
        failed(
            "a bad image that is to fail",
            "FOLDER/mixed --on-bad fail",
            "FOLDER/mixed/b.jpg is not-an-image: the first bytes are not those of a JPEG, PNG, WebP,"
                + " BMP or TIFF file; replace or remove it, or leave it out with --on-bad skip"),
        failed(
            "nothing but bad images",
            "FOLDER/mixed/b.jpg",
            "no image of FOLDER/mixed/b.jpg could be measured: all 1 were rejected (1 not-an-image);"
                + " the first is FOLDER/mixed/b.jpg: the first bytes are not those of a JPEG, PNG, WebP,"
                + " BMP or TIFF file"),
        failed(
            "a quarantine among the images",
            "FOLDER/mixed --on-bad quarantine --quarantine FOLDER/mixed/bad",
            "--quarantine FOLDER/mixed/bad lies in FOLDER/mixed, where the next run would measure it;"
                + " choose a folder outside"));
  }

  private static Stream<Row> merging() {
    return Stream.of(
        wrong(
            "nowhere to merge to", "--merge FOLDER/a.json", "--merge needs -o, the file to write"),
        wrong(
            "merging and measuring",
            "FOLDER/good -o FOLDER/s.json --resize 8x8 --merge FOLDER/a.json",
            "--merge reads no images, but there is also FOLDER/good; measure it by itself first",
            "--resize is of no use with --merge, which reads no images"),
        failed(
            "files that are no statistics",
            "-o FOLDER/s.json --merge FOLDER/no.json FOLDER/mixed/b.jpg",
            "FOLDER/no.json does not exist; expected a file that `syncnorm stats INPUT... -o"
                + " stats.json` writes",
            "FOLDER/mixed/b.jpg<...>"),
        failed(
            "a folder instead of its statistics",
            "-o FOLDER/s.json --merge FOLDER/good",
            "FOLDER/good is a folder; expected a file that `syncnorm stats INPUT... -o stats.json`"
                + " writes"));
  }

  private static Row wrong(String name, String arguments, String... lines) {
    return new Row(name, Main.WRONG_USAGE, words(arguments), List.of(lines));
  }

  private static Row failed(String name, String arguments, String... lines) {
    return new Row(name, Main.FAILED, words(arguments), List.of(lines));
  }

  private static List<String> words(String arguments) {
    return Stream.of(arguments.split(" ")).filter(word -> !word.isEmpty()).toList();
  }

  @BeforeEach
  void makeFiles() {
    files =
        new ImageFolder(folder)
            .png("good/1.png", 9, 9)
            .png("mixed/a.png", 8, 8)
            .file("mixed/b.jpg", "hello".getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void aMistakeGivesItsLineAndItsExitCodeAndWritesNothing(Row row) {
    List<String> before = files.names();
    List<String> arguments = new ArrayList<>(List.of("stats"));
    row.arguments().forEach(word -> arguments.add(word.replace("FOLDER", folder.toString())));

    Command command = Command.run(arguments);

    assertThat(command.exitCode()).as(command.error()).isEqualTo(row.exitCode());
    ExpectedLines.check(row.lines(), command.error().lines().toList(), folder);
    assertThat(command.output()).isEmpty();
    assertThat(files.names()).isEqualTo(before);
  }
}
