package dev.syncnorm.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every cause of a rejection as the scan gives it, on files made here. */
class ImageScanTest {

  private static final BufferedImage PICTURE = ImageFiles.picture(60, 40, 7);
  private static final byte[] BASELINE = ImageFiles.jpeg(PICTURE, false);
  private static final byte[] PROGRESSIVE = ImageFiles.jpeg(PICTURE, true);
  private static final byte[] PNG = ImageFiles.encode(PICTURE, "png");

  static Stream<Arguments> good() {
    return Stream.of(
        Arguments.of("baseline JPEG", BASELINE),
        Arguments.of("progressive JPEG", PROGRESSIVE),
        Arguments.of("JPEG with trailing bytes", ImageFiles.concat(BASELINE, new byte[100])),
        Arguments.of("JPEG with a thumbnail", withThumbnail(BASELINE)),
        Arguments.of("PNG", PNG));
  }

  static Stream<Arguments> bad() {
    return Stream.of(
        bad("no bytes", BadImageCause.EMPTY, new byte[0]),
        bad("text", BadImageCause.NOT_AN_IMAGE, "hello".getBytes(StandardCharsets.UTF_8)),
        bad("baseline JPEG cut off", BadImageCause.TRUNCATED, cut(BASELINE)),
        bad("progressive JPEG cut off", BadImageCause.TRUNCATED, cut(PROGRESSIVE)),
        bad(
            "JPEG cut off, with trailing bytes",
            BadImageCause.TRUNCATED,
            ImageFiles.concat(cut(BASELINE), new byte[100])),
        bad(
            "JPEG cut off behind a whole thumbnail",
            BadImageCause.TRUNCATED,
            cut(withThumbnail(BASELINE))),
        bad("PNG cut off", BadImageCause.TRUNCATED, cut(PNG)),
        bad("bomb", BadImageCause.TOO_LARGE, ImageFiles.withHeight(PNG, 3_000_000)),
        bad(
            "GIF",
            BadImageCause.UNSUPPORTED,
            "GIF89a and more".getBytes(StandardCharsets.ISO_8859_1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("good")
  void aGoodFileIsAccepted(String name, byte[] file) throws Exception {
    Scanned scanned = scan(path -> file);

    String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file));
    assertThat(scanned)
        .isEqualTo(new Scanned.Good(new Image("a/b", 0, file.length, sha256, 60, 40)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad")
  void aBadFileHasItsCause(String name, BadImageCause cause, byte[] file) {
    Rejection rejection = ((Scanned.Bad) scan(path -> file)).rejection();

    assertThat(rejection.path()).isEqualTo("a/b");
    assertThat(rejection.cause()).isEqualTo(cause.label());
    assertThat(rejection.message()).isNotBlank().hasLineCount(1);
  }

  @Test
  void whatCanNotBeReadIsUnreadableForAReason() {
    Map<IOException, String> messages =
        Map.of(
            new FileNotFoundException("a/b does not exist"),
            "FileNotFoundException: a/b does not exist",
            new AccessDeniedException("a/b"),
            "AccessDeniedException: a/b",
            new IOException("Input/output error\n\tat somewhere"),
            "IOException: Input/output error");
    messages.forEach(
        (failure, message) ->
            assertThat(
                    scan(
                        path -> {
                          throw failure;
                        }))
                .isEqualTo(new Scanned.Bad(new Rejection("a/b", "unreadable", message))));
  }

  private static Arguments bad(String name, BadImageCause cause, byte[] file) {
    return Arguments.of(name, cause, file);
  }

  private static Scanned scan(ByteSource source) {
    return new ImageScan(source, new ImageDecoder()::decode).scan("a/b");
  }

  private static byte[] cut(byte[] file) {
    return Arrays.copyOf(file, file.length - 40);
  }

  /** An APP1 segment that holds a whole JPEG file, as EXIF thumbnails do. */
  private static byte[] withThumbnail(byte[] jpeg) {
    byte[] thumbnail = ImageFiles.jpeg(ImageFiles.picture(8, 8, 9), false);
    return ImageFiles.withSegment(
        jpeg, 0xe1, ImageFiles.concat("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1), thumbnail));
  }
}
