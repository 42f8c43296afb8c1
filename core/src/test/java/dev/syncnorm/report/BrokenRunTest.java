package dev.syncnorm.report;

import static dev.syncnorm.report.SampleRun.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.storage.LocalFolder;
import dev.syncnorm.storage.StoredFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can't be shown is named in one line, and a page from before stays. */
class BrokenRunTest {

  @TempDir private Path temporary;

  @Test
  void aFolderThatIsNoRunIsNamed() throws IOException {
    Path empty = Files.createDirectory(temporary.resolve("empty"));
    Path file = Files.writeString(temporary.resolve("file"), "x");
    assertFails(empty, empty + " is not a run folder: it has no config.conf");
    assertFails(file, file + " is no folder");
    assertFails(temporary.resolve("none"), "none does not exist");
  }

  @Test
  void aRunWithoutHistoryIsNamed() throws IOException {
    Path run = SampleRun.create(temporary.resolve("run")).folder();
    assertFails(run, "history.jsonl has no history yet");
    Files.createFile(run.resolve("history.jsonl"));
    assertFails(run, "history.jsonl has no history yet");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"step\":2,                         | is not JSON",
        "7                                    | is no JSON object",
        "``                                   | is no JSON object",
        "{\"epoch\":1}                        | step is missing, expected a whole number",
        "{\"step\":1.5}                       | step is 1.5, expected a whole number",
        "{\"step\":0}                         | step is 0, expected 1 or more",
        "{\"step\":99999999999999999999}      | step is 99999999999999999999, expected a whole number",
        "{\"step\":2,\"epoch\":1,\"loss\":\"NaN\"} | loss is \"NaN\", expected a number",
        "{\"step\":2,\"epoch\":1,\"loss\":1e999} | loss is Infinity, expected a number",
        "{\"step\":2,\"epoch\":1,\"loss\":1,\"seconds\":-1} | seconds is -1.0, expected 0 or more",
        "{\"step\":1,\"epoch\":1,\"loss\":1,\"seconds\":1,\"images\":4} | step is 1 after step 1, expected a later one",
        "{\"step\":2,\"batchNorm\":{\"bn1\":{\"movingMean\":[1]}}} | batchNorm.bn1 has 1 means and 0 variances",
        "{\"step\":2,\"batchNorm\":{\"bn1\":{\"movingMean\":[\"a\"]}}} | batchNorm.bn1.movingMean[0] is \"a\", expected a number",
      })
  void aBrokenRowIsNamedByItsLine(String broken, String message) throws IOException {
    SampleRun run = SampleRun.create(temporary.resolve("run")).history(row(1, 1, 1, 1), broken);
    assertFails(run.folder(), "history.jsonl:2: " + message);
  }

  @Test
  void rowsWithOtherBatchNormsOrChannelsAreNamed() throws IOException {
    SampleRun layers = SampleRun.create(temporary.resolve("layers"));
    layers.history(row(1, 1, 1, "bn1", "[1]", "[1]"), row(2, 2, 1, "bn2", "[1]", "[1]"));
    assertFails(
        layers.folder(), "history.jsonl:2: has the batch norms [bn2], the rows before it [bn1]");
    SampleRun channels = SampleRun.create(temporary.resolve("channels"));
    channels.history(row(1, 1, 1, "bn1", "[1]", "[1]"), row(2, 2, 1, "bn1", "[1,2]", "[1,2]"));
    assertFails(
        channels.folder(), "history.jsonl:2: batchNorm.bn1 has 2 channels, the rows before it 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "not json             | is no index of a data set",
        "[]                   | it does not begin with an object",
        "{\"images\":[]}      | it has 0 images and the digest ''",
        "{\"images\":[{\"width\":1,\"height\":2}]} | length of image 1 is no whole number",
        "{\"images\":[{\"width\":4611686018427387904,\"height\":4,\"length\":1}]} | image 1 is",
        "{\"images\":7}       | images is no array",
      })
  void aBrokenIndexIsNamed(String index, String message) throws IOException {
    SampleRun run = SampleRun.create(temporary.resolve("run")).history(row(1, 1, 1, 1));
    Files.writeString(run.folder().resolve("index.json"), index);
    assertFails(run.folder(), message);
  }

  @Test
  void aPictureThatIsNoneIsNamed() throws IOException {
    SampleRun run = SampleRun.create(temporary.resolve("run")).history(row(1, 1, 1, 1));
    Files.writeString(run.folder().resolve("images/after.png"), "\"><script>");
    assertFails(run.folder(), "after.png is no PNG picture");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() throws IOException {
    SampleRun run = SampleRun.create(temporary.resolve("run")).history(row(1, 1, 1, 1));
    assertThatThrownBy(
            () -> RunReport.write(new LocalFolder(run.folder()), StoredFile.local(temporary)))
        .isInstanceOf(ReportException.class)
        .hasMessageContaining("is a folder; give the name of a file with -o");
    assertThatThrownBy(
            () ->
                RunReport.write(
                    new LocalFolder(run.folder()),
                    StoredFile.local(run.folder().resolve("history.jsonl/where.html"))))
        .isInstanceOf(ReportException.class)
        .hasMessageContaining("history.jsonl/where.html can't be written");
  }

  private void assertFails(Path run, String message) throws IOException {
    Path output = Files.writeString(temporary.resolve("old.html"), "the page from before");
    assertThatThrownBy(() -> RunReport.write(new LocalFolder(run), StoredFile.local(output)))
        .isInstanceOf(ReportException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
    assertThat(output).hasContent("the page from before");
  }
}
