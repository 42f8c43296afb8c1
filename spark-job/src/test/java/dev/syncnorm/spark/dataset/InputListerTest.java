package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.data.DataException;
import dev.syncnorm.spark.testing.HdfsLikeFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem;
import dev.syncnorm.spark.testing.MemoryFileSystem.Store;
import dev.syncnorm.spark.testing.ObjectStoreFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class InputListerTest {

  @TempDir private Path folder;

  @Test
  void aFolderIsListedWithAllBelowButHiddenNames() throws Exception {
    files("a.png", "b/c.JPG", "b/d e/100%/x:y.png", ".h.png", "_x/y.png", "_x/z.png", "b/.t/z.png");

    ListedInputs listed = list(folder + "/");

    assertThat(names(listed)).containsExactly("a.png", "b/c.JPG", "b/d e/100%/x:y.png");
    assertThat(listed.passedOver()).isEqualTo(new PassedOver(0, 3));
  }

  @Test
  void underscoresOfCamerasHideNothingButThoseOfJobsDo() throws Exception {
    files(
        "d/_DSC0001.JPG",
        "d/_MG_1.png",
        "d/_s.tar",
        "d/_s.tgz",
        "d/_SUCCESS",
        "d/_x.parquet",
        "d/_labels.txt",
        "d/_g.gz",
        "d/._DSC0001.JPG",
        "d/_folder.jpg/a.jpg");

    List<String> shown = List.of("_DSC0001.JPG", "_MG_1.png", "_s.tar", "_s.tgz");
    for (String input : List.of("/d", "/d/*", "/*/*")) {
      ListedInputs listed = list(folder + input);
      assertThat(names(listed)).as(input).containsExactlyElementsOf(shown);
      assertThat(listed.passedOver()).as(input).isEqualTo(new PassedOver(0, 6));
    }
    ListedInputs photos = list(folder + "/d/*.[jJ]*", folder.toString());
    assertThat(names(photos))
        .containsExactly("_DSC0001.JPG", "d/_MG_1.png", "d/_s.tar", "d/_s.tgz");
    assertThat(photos.passedOver()).isEqualTo(new PassedOver(0, 6));
  }

  @Test
  void aPatternTakesHiddenNamesOnlyIfItBeginsLikeThem() throws Exception {
    files(
        "a/.b/c.png",
        "a/_b/d.png",
        "a/b/.e.png",
        "a/b/h.png",
        ".a/b/f.png",
        ".DS_Store",
        "b/_c/g.png");

    ListedInputs visible = list(folder + "/*/*/*", folder + "/b/_*/*.png");
    assertThat(names(visible)).containsExactly("h.png", "g.png");
    assertThat(visible.passedOver()).isEqualTo(new PassedOver(0, 5));
    assertThat(names(list(folder + "/.*/b", folder + "/a/_b", folder + "/a/.*/?.png")))
        .containsExactly("f.png", "c.png", "d.png");
    ListedInputs dotted = list(folder + "/a/b/.?.png");
    assertThat(stored(dotted)).extracting(StoredImages::length).containsExactly(3L);
    assertThat(dotted.passedOver()).isEqualTo(PassedOver.NONE);
  }

  @Test
  void aPatternPassesFoldersWithColonsAndWhatIsNoFolder() throws Exception {
    files("a:b/x.png", "c/x.png", "file", "e/sub", "f/sub/x.png", "g/100% #1/x.png");

    assertThat(names(list(folder + "/*/*.png"))).containsExactly("x.png", "x.png");
    assertThat(names(list(folder + "/*/sub/*.png"))).containsExactly("x.png");
    assertThat(names(list(folder + "/*/sub/x.png"))).containsExactly("x.png");
    assertThat(names(list(folder + "/g/*#?/x.png"))).containsExactly("x.png");
    assertThat(names(list(folder + "/{f/sub,c}/*.png"))).containsExactly("x.png", "x.png");
  }

  @Test
  void companionsAreCountedAndAllOtherFilesAreImages() throws Exception {
    files(
        "a.jpg",
        "a.txt",
        "A.JSON",
        "b/0.cls",
        "README.md",
        "strange.xyz",
        "noending",
        "s.tar",
        "t.Tar.Gz",
        "p.parquet",
        "x.gz");

    ListedInputs listed = list(folder.toString());

    assertThat(names(listed))
        .containsExactly(
            "a.jpg", "noending", "p.parquet", "s.tar", "strange.xyz", "t.Tar.Gz", "x.gz");
    assertThat(listed.passedOver()).isEqualTo(new PassedOver(4, 0));
    assertThat(stored(listed))
        .extracting(StoredImages::kind)
        .containsExactly(
            FileKind.IMAGE,
            FileKind.IMAGE,
            FileKind.PARQUET,
            FileKind.TAR,
            FileKind.IMAGE,
            FileKind.TAR_GZ,
            FileKind.IMAGE);
  }

  @Test
  void aFileThatIsNamedIsAnImageWhateverItsEnding() throws Exception {
    files("labels.txt");

    ListedInputs listed = list(folder + "/labels.txt");

    assertThat(names(listed)).containsExactly("labels.txt");
    assertThat(stored(listed)).extracting(StoredImages::length).containsExactly(3L);
    assertThat(listed.passedOver()).isEqualTo(PassedOver.NONE);
  }

  @Test
  void patternsMatchOneLevelEach() throws Exception {
    files("x1/a.jpg", "x1/a.txt", "x1/b.png", "x2/a.jpg", "x2/sub/c.jpg", "y/a.jpg", "x3/.h.jpg");

    assertThat(names(list(folder + "/x*/*.jpg"))).containsExactly("a.jpg", "a.jpg");
    assertThat(names(list(folder + "/x[1-2]")))
        .containsExactly("a.jpg", "b.png", "a.jpg", "sub/c.jpg");
    assertThat(names(list(folder + "/{x1/b.png,y}"))).containsExactly("b.png", "a.jpg");
    assertThat(names(list(folder + "/?/a.{jpg,png}"))).containsExactly("a.jpg");
    assertThat(names(list(folder + "/*/sub"))).containsExactly("c.jpg");
  }

  @Test
  void aNameWithPatternCharactersIsTakenAsItIs() throws Exception {
    files("img[1].png", "img1.png");

    assertThat(names(list(folder + "/img[1].png"))).containsExactly("img[1].png");
  }

  @Test
  void aFileThatTwoInputsReachIsCountedOnceByTheFirst() throws Exception {
    files("b/c.png", "b/d.png", "b/l.txt", "e.png");

    assertThat(
            names(list(folder + "/b", folder.toString(), folder + "/b/c.png", folder + "/x/../b")))
        .containsExactly("e.png", "c.png", "d.png");
    assertThat(names(list(folder.toString(), folder + "/b")))
        .containsExactly("e.png", "b/c.png", "b/d.png");
    assertThat(list(folder.toString(), folder + "/b").passedOver()).isEqualTo(new PassedOver(1, 0));
    assertThat(names(list(folder + "/b/c.png", folder + "/b"))).containsExactly("c.png", "d.png");
  }

  @Test
  void linksAreFollowedButNotInCircles() throws Exception {
    files("data/a.png", "data/sub/b.png", "elsewhere/c.png");
    Files.createSymbolicLink(folder.resolve("data/sub/up"), folder.resolve("data"));
    Files.createSymbolicLink(folder.resolve("data/self"), Path.of("self"));
    Files.createSymbolicLink(folder.resolve("data/more"), folder.resolve("elsewhere"));
    Files.createSymbolicLink(folder.resolve("elsewhere/back"), folder.resolve("data"));
    Files.createSymbolicLink(folder.resolve("data/twice"), folder.resolve("data/sub"));
    Files.createSymbolicLink(folder.resolve("alias"), folder.resolve("data"));
    assertThat(names(list(folder + "/alias/*.png", folder + "/data/a.png")))
        .containsExactly("a.png");

    List<String> expected = List.of("a.png", "self", "more/c.png", "sub/b.png");
    assertThat(names(list(folder + "/data"))).containsExactlyElementsOf(expected);
    assertThat(names(list(folder + "/data", folder + "/alias")))
        .containsExactlyElementsOf(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hdfslike://lister", "keys://lister"})
  void otherFileSystemsAreListedAlike(String uri) throws Exception {
    Store store = MemoryFileSystem.store(uri);
    for (String file :
        List.of(
            "a.png",
            "c/1/x/y.png",
            "c/2/_h/z.png",
            "c/2/_h/y/z.png",
            "c/2/x.png",
            "c/2/.h.png",
            "c/2/l.txt")) {
      HdfsLikeFileSystem.put(store, "/data/" + file, new byte[5]);
      if (uri.startsWith("keys")) {
        store.entries().values().removeIf(content -> content == Store.FOLDER);
      }
    }

    ListedInputs listed = list(uri + "/data");

    assertThat(names(listed)).containsExactly("a.png", "c/1/x/y.png", "c/2/x.png");
    assertThat(listed.passedOver()).isEqualTo(new PassedOver(1, 2));
    assertThat(listed.bytes()).isEqualTo(15);
    assertThat(stored(listed).get(0).path()).isEqualTo(uri + "/data/a.png");
    assertThat(names(list(uri + "/data/*/2"))).containsExactly("x.png");
    ListedInputs matched = list(uri + "/d*/?/2/*");
    assertThat(names(matched)).containsExactly("x.png");
    assertThat(matched.passedOver()).isEqualTo(new PassedOver(1, 2));
    assertThat(stored(matched).get(0).path()).isEqualTo(uri + "/data/c/2/x.png");
  }

  @Test
  void everyMistakeIsToldAtOnce() throws Exception {
    files("notes/a.txt", "hidden/.a.png", "good/a.png");
    Files.createDirectories(folder.resolve("empty"));

    DataException failure =
        catchThrowableOfType(
            DataException.class,
            () ->
                list(
                    folder + "/none",
                    folder + "/good",
                    folder + "/good/*.jpg",
                    folder + "/**/*.png",
                    folder + "/notes",
                    folder + "/hidden",
                    folder + "/empty",
                    " ",
                    "nosuch://x/y"));

    assertThat(failure.problems()).hasSize(8);
    assertThat(failure.problems().get(0))
        .isEqualTo(
            folder + "/none does not exist; expected a folder of images, a file or a pattern");
    assertThat(failure.problems().get(1)).startsWith(folder + "/good/*.jpg matches nothing;");
    assertThat(failure.problems().get(2))
        .contains("/**/*.png has **, which Hadoop's patterns don't know");
    assertThat(failure.problems().get(3)).startsWith(folder + "/notes has no images: its 1 files");
    assertThat(failure.problems().get(4))
        .isEqualTo(
            folder
                + "/hidden has no images; 1 of its names begin with a dot or an underscore and are left out, unless one is named as an input");
    assertThat(failure.problems().get(5)).startsWith(folder + "/empty has no images;");
    assertThat(failure.problems().get(6)).startsWith("an input is empty");
    assertThat(failure.problems().get(7))
        .startsWith("nosuch://x/y is no path that can be opened: ");
  }

  @Test
  void foldersThatCanNotBeListedOrVanishAreNamed() {
    Store store = MemoryFileSystem.store("hdfslike://refusing");
    HdfsLikeFileSystem.put(store, "/data/a/1.png", new byte[5]);
    HdfsLikeFileSystem.put(store, "/data/b/2.png", new byte[5]);
    HdfsLikeFileSystem.put(store, "/data/c/3.png", new byte[5]);
    store.refuse("/data/b", true);
    store.refuse("/data/c", false);

    DataException failure =
        catchThrowableOfType(DataException.class, () -> list("hdfslike://refusing/data"));

    assertThat(failure.problems())
        .containsExactlyInAnyOrder(
            "hdfslike://refusing/data/b can't be listed: permission denied: user=test, access=READ, /data/b; its images would be missing, make it readable or name inputs without it",
            "hdfslike://refusing/data/c vanished while hdfslike://refusing/data was listed; list a data set that nothing changes");
  }

  private void files(String... names) throws IOException {
    for (String name : names) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.write(file, new byte[3]);
    }
  }

  private static ListedInputs list(String... inputs) throws DataException {
    return InputLister.list(configuration(), List.of(inputs));
  }

  private static List<StoredImages> stored(ListedInputs listed) {
    List<StoredImages> files = new ArrayList<>();
    listed.folders().forEach(f -> f.files().forEach(files::add));
    return files;
  }

  private static List<String> names(ListedInputs listed) {
    return stored(listed).stream().map(StoredImages::name).toList();
  }

  private static Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.setClass("fs.hdfslike.impl", HdfsLikeFileSystem.class, FileSystem.class);
    configuration.setClass("fs.keys.impl", ObjectStoreFileSystem.class, FileSystem.class);
    return configuration;
  }
}
