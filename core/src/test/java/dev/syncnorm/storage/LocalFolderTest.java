package dev.syncnorm.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.storage.Folder.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFolderTest extends FolderContract {

  @TempDir private Path temporary;

  @Override
  protected Folder unused() {
    return again();
  }

  @Override
  protected Folder again() {
    return new LocalFolder(temporary.resolve("deep/folder"));
  }

  @Test
  void aFolderBehindALinkIsAFolder() throws IOException {
    Files.createDirectory(temporary.resolve("real"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), temporary.resolve("real"));
    Folder folder = new LocalFolder(link);

    folder.makeFolder("");
    write(folder, "a", "1");

    assertThat(temporary.resolve("real/a")).hasContent("1");
  }

  @Test
  void aFileIsToldAsItWasWritten() throws IOException {
    assertThat(StoredFile.local(Path.of("a.conf")).path()).isEqualTo("a.conf");
    assertThat(StoredFile.local(Path.of("conf/a.conf")).path()).isEqualTo("conf/a.conf");
    assertThat(StoredFile.local(Path.of("/")).kind()).isEqualTo(Kind.FOLDER);
    assertThat(StoredFile.local(Path.of("conf/a.conf")).relative("b/c.conf").path())
        .isEqualTo("conf/b/c.conf");
    assertThat(StoredFile.local(Path.of("x/a.conf")).relative("b/c").relative("d").path())
        .isEqualTo("x/b/d");
  }
}
