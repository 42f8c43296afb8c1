package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

  private static final Path FULL = Path.of("/dev/full");

  @TempDir private Path folder;

  @Test
  void aFullDiskIsAnIoExceptionAndNothingStays() throws IOException {
    assumeThat(FULL).exists();
    // Hadoop writes through the link, and deletes the link.
    Path link = Files.createSymbolicLink(folder.resolve("copy"), FULL);
    RawLocalFileSystem fileSystem = new RawLocalFileSystem();
    fileSystem.initialize(URI.create("file:///"), new Configuration(false));

    assertThatThrownBy(
            () ->
                WholeFile.write(
                    fileSystem,
                    new org.apache.hadoop.fs.Path(link.toString()),
                    out -> out.write(new byte[10])))
        .isInstanceOf(IOException.class)
        .hasMessage("No space left on device");
    assertThat(Files.isSymbolicLink(link)).isFalse();
    assertThat(FULL).exists();
  }
}
