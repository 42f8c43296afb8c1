package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.Rejection;
import dev.syncnorm.spark.testing.Tars;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarImagesTest {

  private static final byte[] FIRST = bytes(1, 700);
  private static final byte[] SECOND = bytes(2, 1024);

  @TempDir private Path folder;
  private PassedOver passedOver;

  @ParameterizedTest
  @ValueSource(strings = {"shard.tar", "shard.tar.gz", "shard.TGZ"})
  void membersAreImagesButForLabelsHiddenNamesAndFolders(String name) throws IOException {
    byte[] tar =
        new Tars()
            .member("./cats/", TarConstants.LF_DIR, "")
            .file("./cats/0001.jpg", FIRST)
            .file("./cats/0001.cls", bytes(3, 2))
            .file("cats/._0001.jpg", bytes(3, 9))
            .file("__MACOSX/x.jpg", bytes(3, 9))
            .file("cats/_SUCCESS", new byte[0])
            .member("_folder/", TarConstants.LF_DIR, "")
            .file("_folder/x.jpg", bytes(3, 9))
            .file(".a/x.jpg", bytes(3, 9))
            .file("cats/_DSC1.JPG", SECOND)
            .file("0002", SECOND)
            .file("empty.png", new byte[0])
            .bytes();

    List<EncodedImage> images = read(name, name.equals("shard.tar") ? tar : Tars.gzip(tar));

    String archive = folder.resolve("set/" + name).toString();
    assertThat(images)
        .extracting(EncodedImage::path)
        .containsExactly(
            archive + "!cats/0001.jpg",
            archive + "!cats/_DSC1.JPG",
            archive + "!0002",
            archive + "!empty.png");
    assertThat(images)
        .extracting(EncodedImage::name)
        .containsExactly(
            "set/" + name + "!cats/0001.jpg",
            "set/" + name + "!cats/_DSC1.JPG",
            "set/" + name + "!0002",
            "set/" + name + "!empty.png");
    assertThat(images)
        .extracting(EncodedImage::parent)
        .containsExactly("cats", "cats", "set", "set");
    assertThat(images)
        .extracting(EncodedImage::bytes)
        .containsExactly(FIRST, SECOND, SECOND, new byte[0]);
    assertThat(images).allMatch(image -> image.rejection().isEmpty());
    assertThat(passedOver).isEqualTo(new PassedOver(1, 5));
  }

  @Test
  void longAndForeignNamesAreWhole() throws IOException {
    String name = "klasse/" + "ä".repeat(200) + ".png";
    assertThat(read("a.tar", new Tars().file(name, FIRST).bytes()))
        .extracting(EncodedImage::name)
        .containsExactly("set/a.tar!" + name);
  }

  @Test
  void namesLeadOutOfNoFolderAndFitOnALine() throws IOException {
    byte[] tar = new Tars().file("/../../etc/x\n.png", FIRST).file("a/../b.png", SECOND).bytes();
    assertThat(read("a.tar", tar))
        .extracting(EncodedImage::name)
        .containsExactly("set/a.tar!%2E%2E/%2E%2E/etc/x%0A.png", "set/a.tar!a/%2E%2E/b.png");
  }

  @Test
  void linksAndDevicesAreUnsupported() throws IOException {
    byte[] tar =
        new Tars()
            .file("a.png", FIRST)
            .member("b.png", TarConstants.LF_SYMLINK, "../a.png")
            .member("c.png", TarConstants.LF_LINK, "a.png")
            .member("d.png", TarConstants.LF_FIFO, "")
            .member("labels.txt", TarConstants.LF_SYMLINK, "x")
            .bytes();

    List<EncodedImage> images = read("a.tar", tar);

    assertThat(rejections(images))
        .extracting(Rejection::cause)
        .containsExactly("unsupported", "unsupported", "unsupported");
    assertThat(rejections(images))
        .extracting(Rejection::message)
        .containsExactly(
            "it is a link to %2E%2E/a.png; store the file itself in the archive",
            "it is a link to a.png; store the file itself in the archive",
            "it is no file but a member of type '6'");
    assertThat(images.get(0).bytes()).isEqualTo(FIRST);
  }

  @Test
  void anArchiveThatBreaksOffAnywhereGivesWhatComesBeforeAndOneRejection() throws IOException {
    byte[] tar = new Tars().file("a.png", FIRST).file("b.png", SECOND).bytes();
    int firstEnd = 512 + 700;
    int secondEnd = 512 + 1024 + 512 + 1024;
    for (int length = 0; length < secondEnd + 512; length += length < 16 ? 1 : 101) {
      List<EncodedImage> images = read("a.tar", Arrays.copyOf(tar, length));

      int whole = length < firstEnd ? 0 : length < secondEnd ? 1 : 2;
      assertThat(images).as("cut to %d", length).hasSize(whole + 1);
      assertThat(images.subList(0, whole)).allMatch(image -> image.rejection().isEmpty());
      Rejection rejection = rejections(images).get(0);
      assertThat(rejection.path()).isEqualTo(folder.resolve("set/a.tar").toString());
      assertThat(rejection.cause()).as("cut to %d", length).isEqualTo("truncated");
    }
    assertThat(read("a.tar", Arrays.copyOf(tar, secondEnd + 512))).hasSize(2);
  }

  @Test
  void aCompressedArchiveThatBreaksOffIsTruncatedAndADamagedOneCorrupt() throws IOException {
    byte[] packed =
        Tars.gzip(new Tars().file("a.png", FIRST).file("b.png", bytes(5, 300_000)).bytes());

    List<EncodedImage> cut = read("a.tgz", Arrays.copyOf(packed, packed.length - 50_000));
    assertThat(cut).hasSize(2);
    assertThat(cut.get(0).bytes()).isEqualTo(FIRST);
    assertThat(rejections(cut).get(0).cause()).isEqualTo("truncated");
    assertThat(rejections(cut).get(0).message()).contains("b.png");

    byte[] wrongSum = packed.clone();
    wrongSum[packed.length - 6] ^= 1;
    List<EncodedImage> damaged = read("a.tgz", wrongSum);
    assertThat(rejections(damaged)).extracting(Rejection::cause).containsExactly("corrupt");
    assertThat(damaged).hasSize(3);
  }

  @Test
  void gzipMembersInARowAreOneArchive() throws IOException {
    byte[] tar = new Tars().file("a.png", FIRST).file("b.png", SECOND).bytes();
    byte[] one = Tars.gzip(Arrays.copyOf(tar, 900));
    byte[] two = Tars.gzip(Arrays.copyOfRange(tar, 900, tar.length));
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, both, one.length, two.length);

    assertThat(read("a.tgz", both)).extracting(EncodedImage::bytes).containsExactly(FIRST, SECOND);
  }

  @Test
  void aWrongHeaderIsCorrupt() throws IOException {
    byte[] tar = new Tars().file("a.png", FIRST).file("b.png", SECOND).bytes();
    tar[512 + 1024 + 3] ^= 1; // the name of b.png

    List<EncodedImage> images = read("a.tar", tar);

    assertThat(images).hasSize(2);
    assertThat(rejections(images).get(0).cause()).isEqualTo("corrupt");
    assertThat(rejections(images).get(0).message()).contains("wrong check sum");
  }

  @Test
  void archivesThatWereJoinedAreCorrupt() throws IOException {
    byte[] one = new Tars().file("a.png", FIRST).bytes();
    byte[] small = Arrays.copyOf(one, 512 + 1024 + 1024); // without the filling
    for (byte[] start : List.of(one, small)) {
      byte[] both = Arrays.copyOf(start, start.length + one.length);
      System.arraycopy(one, 0, both, start.length, one.length);

      List<EncodedImage> images = read("a.tar", both);

      assertThat(images).hasSize(2);
      assertThat(rejections(images).get(0).message()).contains("goes on behind its end mark");
    }
  }

  @Test
  void headersThatPromiseGigabytesTakeNoMemory() throws IOException {
    // The size of a.png becomes 300 MB, with a right check sum.
    byte[] tar = new Tars().file("a.png", FIRST).bytes();
    size(tar, 300_000_000);
    List<EncodedImage> images = read("a.tar", tar);
    assertThat(rejections(images)).hasSize(1);
    assertThat(images).hasSize(1);

    size(tar, 3_000_000_000L);
    images = read("a.tar", tar);
    assertThat(rejections(images).get(0).cause()).isEqualTo("too-large");
    assertThat(rejections(images).get(1).cause()).isEqualTo("truncated");

    // A long name of 100 MB.
    tar = new Tars().file("a.png", new byte[100_000_000]).bytes();
    tar[156] = 'L';
    size(tar, 100_000_000);
    images = read("a.tgz", Tars.gzip(tar));
    assertThat(rejections(images)).hasSize(1);
    assertThat(rejections(images).get(0).message())
        .contains("headers have more than 4194304 bytes");
  }

  @Test
  void aFileThatIsNoArchiveIsCorrupt() throws IOException {
    assertThat(rejections(read("a.tar", bytes(9, 5000))))
        .extracting(Rejection::cause)
        .containsExactly("corrupt");
    assertThat(rejections(read("a.tgz", bytes(9, 5000))))
        .extracting(Rejection::cause)
        .containsExactly("corrupt");
  }

  @Test
  void anArchiveThatCanNotBeOpenedIsUnreadable() {
    Rejection rejection = rejections(images("none.tar", 5)).get(0);

    assertThat(rejection.cause()).isEqualTo("unreadable");
    assertThat(rejection.message()).isEqualTo("there is no such file (on here)");
  }

  private static void size(byte[] tar, long size) {
    byte[] octal = "%011o\0".formatted(size).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(octal, 0, tar, 124, 12);
    Arrays.fill(tar, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += tar[i] & 0xff;
    }
    byte[] check = "%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(check, 0, tar, 148, 8);
  }

  private List<EncodedImage> read(String name, byte[] archive) throws IOException {
    Files.createDirectories(folder.resolve("set"));
    Files.write(folder.resolve("set/" + name), archive);
    return images(name, archive.length);
  }

  private List<EncodedImage> images(String name, long length) {
    String path = folder.resolve("set/" + name).toString();
    StoredImages archive =
        new StoredImages(
            path, folder.toString().length() + 1, length, FileKind.of(name), 0, length);
    List<EncodedImage> images = new ArrayList<>();
    try (TarImages tar =
        new TarImages(archive, new ImageStore(new HadoopFiles(new Configuration())), "here")) {
      tar.forEachRemaining(images::add);
      passedOver = tar.passedOver();
    }
    return images;
  }

  private static List<Rejection> rejections(List<EncodedImage> images) {
    return images.stream().flatMap(image -> image.rejection().stream()).toList();
  }

  private static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
