package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.statistics.Contents.Content;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ContentsTest {

  private static final long SEED = 7;

  @Test
  void theDigestIsThatOfTheSortedLinesHoweverFilesAreGrouped() throws NoSuchAlgorithmException {
    Random random = new Random(SEED);
    List<Content> files = new ArrayList<>();
    // U+FF5E is before U+10000 in UTF-8, but behind it in Java's order of chars.
    for (String name : List.of("b", "a", "a/b", "a.b", "", "\uff5e", "\ud800\udc00", "é", "a")) {
      byte[] hash = new byte[32];
      random.nextBytes(hash);
      files.add(new Content(name, hash));
    }
    files.add(files.get(0));
    String expected = digestOfLines(files);

    for (int round = 0; round < 20; round++) {
      Collections.shuffle(files, random);
      int cut = random.nextInt(files.size() + 1);
      Contents parts =
          Contents.all(
              List.of(
                  Contents.of(files.subList(0, cut)),
                  Contents.NONE,
                  Contents.of(files.subList(cut, files.size()))));
      assertThat(parts.digest()).as("seed %d", SEED).isEqualTo(expected);
      assertThat(parts.size()).isEqualTo(files.size());
    }
  }

  @Test
  void noFilesHaveTheDigestOfNoBytes() {
    assertThat(Contents.NONE.digest())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assertThat(Contents.NONE.size()).isZero();
  }

  private static String digestOfLines(List<Content> files) throws NoSuchAlgorithmException {
    List<byte[]> lines = new ArrayList<>();
    for (Content file : files) {
      String line = file.name() + "\0" + HexFormat.of().formatHex(file.sha256()) + "\n";
      lines.add(line.getBytes(StandardCharsets.UTF_8));
    }
    lines.sort(Comparator.comparing(line -> line, Arrays::compareUnsigned));
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    lines.forEach(digest::update);
    return HexFormat.of().formatHex(digest.digest());
  }
}
