package dev.syncnorm.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.storage.Folder.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a folder does on any storage. */
public abstract class FolderContract {

  /** A folder that was never used. */
  protected abstract Folder unused();

  /** The same folder as another process would open it. */
  protected abstract Folder again();

  @Test
  void atFirstThereIsNothing() throws IOException {
    Folder folder = unused();

    assertThat(folder.kind("")).isEqualTo(Kind.NOTHING);
    assertThat(folder.kind("a")).isEqualTo(Kind.NOTHING);
    assertThat(folder.list("")).isEmpty();
    assertThat(folder.list("a/b")).isEmpty();
    assertThatThrownBy(() -> folder.open("a")).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> folder.size("a")).isInstanceOf(NoSuchFileException.class);
    folder.delete("a");
  }

  @Test
  void pathsAreThoseOfTheFolder() {
    Folder folder = unused();

    assertThat(folder.path("")).endsWith("/" + folder.name());
    assertThat(folder.path("a/b")).isEqualTo(folder.path("") + "/a/b");
  }

  @Test
  void whatIsWrittenIsReadByAnother() throws IOException {
    byte[] content = new byte[300_000];
    new Random(1).nextBytes(content);
    Folder folder = unused();
    folder.makeFolder("a/b");

    folder.write("a/b/whole", out -> out.write(content));
    folder.writeInPlace("a/b/part", out -> out.write(content));

    for (String name : new String[] {"a/b/whole", "a/b/part"}) {
      assertThat(again().read(name, content.length)).isEqualTo(content);
      assertThat(again().size(name)).isEqualTo(content.length);
      assertThat(again().kind(name)).isEqualTo(Kind.FILE);
    }
    assertThat(again().kind("a")).isEqualTo(Kind.FOLDER);
    assertThat(again().list("a")).containsExactly("b");
    assertThat(again().list("a/b")).containsExactly("part", "whole");
  }

  @Test
  void whatIsWrittenTakesThePlaceOfWhatWasThere() throws IOException {
    Folder folder = unused();
    folder.makeFolder("");

    for (int time = 1; time <= 3; time++) {
      write(folder, "whole", "whole " + time);
      folder.writeInPlace("part", out -> out.write('p'));

      assertThat(text(again(), "whole")).isEqualTo("whole " + time);
      assertThat(text(again(), "part")).isEqualTo("p");
      assertThat(again().list("")).containsExactly("part", "whole");
    }
  }

  @Test
  void aWriteThatFailsLeavesWhatWasThere() throws IOException {
    Folder folder = unused();
    folder.makeFolder("");
    write(folder, "old", "old");

    for (String name : new String[] {"old", "new"}) {
      assertThatThrownBy(
              () ->
                  folder.write(
                      name,
                      out -> {
                        out.write(new byte[100_000]);
                        throw new IOException("the disk is full");
                      }))
          .hasMessage("the disk is full");
    }

    assertThat(text(again(), "old")).isEqualTo("old");
    assertThat(again().kind("new")).isEqualTo(Kind.NOTHING);
    assertThat(again().list("")).containsExactly("old");
    write(folder, "old", "newer");
    write(folder, "new", "newest");
    assertThat(text(again(), "old")).isEqualTo("newer");
    assertThat(text(again(), "new")).isEqualTo("newest");
  }

  @Test
  void rowsAreThereInOrderAfterEachSync() throws IOException {
    Folder folder = unused();
    folder.makeFolder("");
    StringBuilder expected = new StringBuilder();
    for (int row = 0; row < 40; row++) {
      append(folder, "rows", row + "\n");
      append(folder, "other", "x");
      expected.append(row).append('\n');
      if (row % 7 == 3) {
        folder.sync("rows");
        assertThat(text(again(), "rows")).isEqualTo(expected.toString());
      }
    }

    folder.close();

    assertThat(text(again(), "rows")).isEqualTo(expected.toString());
    assertThat(text(again(), "other")).isEqualTo("x".repeat(40));
  }

  @Test
  void rowsFollowThoseOfAnEarlierWriter() throws IOException {
    Folder first = unused();
    first.makeFolder("");
    write(first, "rows", "1\n2\n");
    Folder second = again();
    append(second, "rows", "3\n");
    second.close();
    Folder third = again();
    write(third, "rows", "1\n");
    append(third, "rows", "two\n");
    third.sync("rows");

    assertThat(text(again(), "rows")).isEqualTo("1\ntwo\n");
  }

  @Test
  void aFileIsReadUpToALimit() throws IOException {
    Folder folder = unused();
    folder.makeFolder("");
    write(folder, "a", "12345");

    assertThat(folder.read("a", 5)).hasSize(5);
    assertThatThrownBy(() -> folder.read("a", 4))
        .isInstanceOf(IOException.class)
        .hasMessage("it has more than 4 bytes");
  }

  @Test
  void filesAndEmptyFoldersAreDeleted() throws IOException {
    Folder folder = unused();
    folder.makeFolder("a");
    write(folder, "a/b", "1");
    write(folder, "a/b", "2");

    folder.delete("a/b");
    assertThat(again().kind("a/b")).isEqualTo(Kind.NOTHING);
    folder.delete("a");
    assertThat(again().kind("a")).isEqualTo(Kind.NOTHING);
  }

  /** Writes a text as a whole file. */
  protected static void write(Folder folder, String name, String text) throws IOException {
    folder.write(name, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** The text of a file. */
  protected static String text(Folder folder, String name) throws IOException {
    return new String(folder.read(name, 1 << 20), StandardCharsets.UTF_8);
  }

  private static void append(Folder folder, String name, String text) throws IOException {
    folder.append(name, text.getBytes(StandardCharsets.UTF_8));
  }
}
