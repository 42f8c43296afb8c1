package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem.Store;
import dev.syncnorm.spark.testing.ObjectStoreFileSystem;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HadoopFilesTest {

  private static final String SHOWN_1 = "data/a.png";
  private static final String SHOWN_2 = "data/deep er/100%/b:c.png";
  private static final String SHOWN_3 = "data/deep er/_DSC0001.JPG";
  private static final List<String> HIDDEN =
      List.of(
          "data/.hidden.png",
          "data/_temporary/0/c.png",
          "data/deep er/.trash/d.png",
          "data/deep er/_SUCCESS");
  private static final List<String> ALL =
      Stream.concat(Stream.of(SHOWN_1, SHOWN_2, SHOWN_3), HIDDEN.stream()).toList();

  @TempDir private Path folder;

  @Test
  void localFilesHavePlainPaths() throws IOException {
    for (String file : ALL) {
      Files.createDirectories(folder.resolve(file).getParent());
      Files.write(folder.resolve(file), content(file));
    }

    HadoopFiles files = new HadoopFiles(configuration());

    assertThat(files.list(folder.resolve("data").toString()))
        .containsExactlyInAnyOrder(
            folder.resolve(SHOWN_1).toString(),
            folder.resolve(SHOWN_2).toString(),
            folder.resolve(SHOWN_3).toString());
    assertThat(files.read(folder.resolve(SHOWN_2).toString())).isEqualTo(content(SHOWN_2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hdfslike://list", "keys://list"})
  void filesAreListedAndReadWithTheirWholeUri(String uri) throws IOException {
    Store store = filled(uri);

    HadoopFiles files = new HadoopFiles(configuration());

    assertThat(files.list(uri + "/data"))
        .containsExactlyInAnyOrder(uri + "/" + SHOWN_1, uri + "/" + SHOWN_2, uri + "/" + SHOWN_3);
    assertThat(files.read(uri + "/" + SHOWN_2)).isEqualTo(content(SHOWN_2));
    assertThat(store.calls("open")).isEqualTo(1);
    assertThatThrownBy(() -> files.list(uri + "/none")).isInstanceOf(FileNotFoundException.class);
    assertThatThrownBy(() -> files.list(uri + "/" + SHOWN_1)).hasMessage("it is no folder");
    assertThatThrownBy(() -> files.read(uri + "/none")).isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void aDataSetBelowAHiddenFolderIsNotHidden() throws IOException {
    Files.createDirectories(folder.resolve(".cache/data"));
    Files.write(folder.resolve(".cache/data/a.png"), new byte[1]);
    MemoryFileSystem.store("keys://below").entries().put("/_x/data/a.png", new byte[1]);

    HadoopFiles files = new HadoopFiles(configuration());

    assertThat(files.list(folder.resolve(".cache/data").toString()))
        .containsExactly(folder.resolve(".cache/data/a.png").toString());
    assertThat(files.list("keys://below/_x/data/")).containsExactly("keys://below/_x/data/a.png");
  }

  @Test
  void aSchemeThatNothingOpensIsAnIoError() {
    HadoopFiles files = new HadoopFiles(configuration());

    assertThatThrownBy(() -> files.read("unknown://x/a.png")).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> files.qualified("unknown://x")).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"no.such.FileSystem", "dev.syncnorm.spark.dataset.HadoopFilesTest$Lacking"})
  void aFileSystemWhoseJarsAreMissingIsNamedWithWhereToReadOn(String type) {
    Configuration configuration = configuration();
    configuration.set("fs.lacking.impl", type);
    HadoopFiles files = new HadoopFiles(configuration);

    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> files.read("lacking://x/a.png"), () -> files.qualified("lacking://x/a.png"))) {
      assertThatThrownBy(call)
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(
              "the class path of this process lacks jars of the file system that opens lacking://x/a.png (")
          .hasMessageContaining("no.such.")
          .hasMessageEndingWith("); docs/inputs.md says how they are added");
    }
  }

  /** As hadoop-aws without the AWS SDK. */
  public static final class Lacking extends RawLocalFileSystem {
    /** Fails as the JVM does. */
    public Lacking() {
      throw new NoClassDefFoundError("no.such.Sdk");
    }
  }

  @Test
  void anObjectStoreIsListedInOneCall() throws IOException {
    Store store = filled("keys://calls");

    new HadoopFiles(configuration()).list("keys://calls/data");

    assertThat(store.calls("listFiles")).isEqualTo(1);
    assertThat(store.calls("listStatus")).isZero();
  }

  @Test
  void aHiddenFolderThatCanNotBeListedDoesNoHarm() throws IOException {
    String uri = "hdfslike://closed";
    filled(uri).refuse("/data/_temporary/0", true);

    assertThat(new HadoopFiles(configuration()).list(uri + "/data"))
        .containsExactlyInAnyOrder(uri + "/" + SHOWN_1, uri + "/" + SHOWN_2, uri + "/" + SHOWN_3);
  }

  private static Store filled(String uri) {
    Store store = MemoryFileSystem.store(uri);
    for (String file : ALL) {
      if (uri.startsWith("keys:")) {
        store.entries().put("/" + file, content(file));
      } else {
        HdfsLikeFileSystem.put(store, "/" + file, content(file));
      }
    }
    return store;
  }

  /** More than one block of 4 KiB, another for each file. */
  private static byte[] content(String file) {
    byte[] content = new byte[10_000];
    new Random(file.hashCode()).nextBytes(content);
    return content;
  }

  private static Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.setClass("fs.hdfslike.impl", HdfsLikeFileSystem.class, FileSystem.class);
    configuration.setClass("fs.keys.impl", ObjectStoreFileSystem.class, FileSystem.class);
    return configuration;
  }
}
