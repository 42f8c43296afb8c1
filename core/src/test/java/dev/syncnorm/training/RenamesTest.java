package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.training.Renames.Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenamesTest {

  @TempDir private Path folder;

  @Test
  void renamesOfTheCommandLineAndOfAFileAreReadTogether() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("names"),
            """
            # PyTorch's name = ours

            bn1.weight = bn1.gamma   # the scale
            bn1.bias=bn1.beta
            """);

    Renames renames =
        Renames.read(List.of("stem.weight=conv1.weight"), Optional.of(StoredFile.local(file)));

    assertThat(renames.entries())
        .containsExactly(
            new Entry("--rename stem.weight=conv1.weight", "stem.weight", "conv1.weight"),
            new Entry(file + ":3: bn1.weight = bn1.gamma", "bn1.weight", "bn1.gamma"),
            new Entry(file + ":4: bn1.bias=bn1.beta", "bn1.bias", "bn1.beta"));
  }

  @Test
  void allMistakesAreToldWithTheirPlace() throws Exception {
    Path file = Files.writeString(folder.resolve("names"), "a=d\n=\nx=c\n");

    ConfigurationException e =
        catchThrowableOfType(
            ConfigurationException.class,
            () ->
                Renames.read(
                    List.of("a=b", "b", "e=c", "=f"), Optional.of(StoredFile.local(file))));

    assertThat(e.mistakes())
        .containsExactly(
            "--rename b: expected FROM=TO, the name in the file and that in the network",
            "--rename =f: expected FROM=TO, the name in the file and that in the network",
            file + ":2: =: expected FROM=TO, the name in the file and that in the network",
            file + ":1: a=d: a is renamed before, by --rename a=b; a tensor has one new name",
            file
                + ":3: x=c: c is given before, by --rename e=c; a tensor of the network has one source");
  }

  @Test
  void aFileThatIsNotThereIsTold() {
    ConfigurationException e =
        catchThrowableOfType(
            ConfigurationException.class,
            () -> Renames.read(List.of(), Optional.of(StoredFile.local(folder.resolve("none")))));

    assertThat(e.mistakes())
        .containsExactly(
            "--rename-file is %s/none, which can't be read: expected a text file with one FROM=TO a line"
                .formatted(folder));
  }
}
