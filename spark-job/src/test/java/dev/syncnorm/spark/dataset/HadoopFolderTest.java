package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem.Store;
import dev.syncnorm.spark.testing.ObjectStoreFileSystem;
import dev.syncnorm.storage.Folder;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.FolderContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same folder on file systems of three kinds. */
class HadoopFolderTest {

  private static final AtomicInteger NAMES = new AtomicInteger();

  @TempDir private Path shared;

  /** What holds on the file systems in memory, which can crash. */
  abstract static class OnStore extends FolderContract {

    private final String uri;

    OnStore(String scheme) {
      this.uri = scheme + "://folder" + NAMES.incrementAndGet();
    }

    @Override
    protected Folder unused() {
      return again();
    }

    @Override
    protected Folder again() {
      return folder(new AtomicLong());
    }

    private Folder folder(AtomicLong nanos) {
      return new HadoopFolder(configuration(), uri + "/deep/folder/", nanos::get);
    }

    private Store store() {
      return MemoryFileSystem.store(uri);
    }

    @Test
    void theRootIsAFolderLikeOthers() throws IOException {
      Folder root = new HadoopFolder(configuration(), uri + "/");
      root.makeFolder("");
      write(root, "rows", "old");
      write(root, "rows", "new");

      assertThat(text(new HadoopFolder(configuration(), uri), "rows")).isEqualTo("new");
      assertThat(root.list("")).containsExactly("rows");
      assertThat(root.path("rows")).isEqualTo(uri + "/rows");
    }

    @Test
    void aCrashAtAnyMomentLeavesTheOldFileOrTheNewOne() throws IOException {
      int crashes = 0;
      boolean crashed = true;
      while (crashed) {
        store().entries().clear();
        write(again(), "rows", "old");
        store().crashAfter(crashes);
        writeOrCrash("rows", "new, and longer");
        crashed = store().recover();

        assertThat(text(again(), "rows"))
            .as("after %d changes", crashes)
            .isIn("old", "new, and longer");
        assertThat(again().size("rows")).isEqualTo(text(again(), "rows").length());
        write(again(), "rows", "newer");
        assertThat(text(again(), "rows")).isEqualTo("newer");
        write(again(), "rows", "newest");
        assertThat(text(again(), "rows")).isEqualTo("newest");
        again().delete("rows");
        assertThat(again().kind("rows")).isEqualTo(Kind.NOTHING);
        crashes++;
      }
      assertThat(crashes).isGreaterThan(3);
    }

    @Test
    void aCrashDuringTheFirstWriteLeavesNoFileOrAWholeOne() throws IOException {
      int crashes = 0;
      boolean crashed = true;
      while (crashed) {
        store().entries().clear();
        store().crashAfter(crashes);
        writeOrCrash("index", "whole");
        crashed = store().recover();

        if (again().kind("index") == Kind.FILE) {
          assertThat(text(again(), "index")).isEqualTo("whole");
        }
        write(again(), "index", "again");
        assertThat(text(again(), "index")).isEqualTo("again");
        crashes++;
      }
      assertThat(crashes).isGreaterThan(2);
    }

    private void writeOrCrash(String name, String text) {
      try {
        write(again(), name, text);
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("crashed");
      }
    }

    @Test
    void rowsThatNobodySyncsAreThereAfterAMinute() throws IOException {
      AtomicLong nanos = new AtomicLong(TimeUnit.HOURS.toNanos(-1));
      Folder folder = folder(nanos);
      for (int second = 0; second < 61; second++) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        folder.append("rows", "x".getBytes(StandardCharsets.UTF_8));
      }
      assertThat(again().kind("rows")).isEqualTo(Kind.NOTHING);

      nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
      folder.append("rows", "x".getBytes(StandardCharsets.UTF_8));

      assertThat(text(again(), "rows")).hasSize(62);
    }
  }

  @Nested
  class LikeHdfs extends OnStore {
    LikeHdfs() {
      super(HdfsLikeFileSystem.SCHEME);
    }
  }

  @Nested
  class LikeS3 extends OnStore {
    LikeS3() {
      super(ObjectStoreFileSystem.SCHEME);
    }
  }

  /** A mount that all machines see, as docs/formats.md has it. */
  @Nested
  class SharedMount extends FolderContract {

    private final String mount = "shared" + NAMES.incrementAndGet(); // Hadoop caches file systems

    @Override
    protected Folder unused() {
      return again();
    }

    @Override
    protected Folder again() {
      Configuration configuration = configuration();
      configuration.set(
          "fs.viewfs.mounttable." + mount + ".link./shared", shared.toUri().toString());
      return new HadoopFolder(configuration, "viewfs://" + mount + "/shared/folder");
    }
  }

  private static Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.set("fs.hdfslike.impl", HdfsLikeFileSystem.class.getName());
    configuration.set("fs.keys.impl", ObjectStoreFileSystem.class.getName());
    return configuration;
  }
}
