package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictDecoderTest {
  private static final long SEED = 20261125;

  private final ImageDecoder plain = new ImageDecoder();
  private final ImageDecoder strict = plain.strict();

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void wholeFilesAreAcceptedWithTheSamePixels(boolean progressive) throws Exception {
    for (int type : new int[] {BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_BYTE_GRAY}) {
      byte[] file = ImageFiles.jpeg(ImageFiles.picture(90, 70, 1, type), progressive);
      assertThat(strict.decode(file).bgr()).isEqualTo(plain.decode(file).bgr());
    }
    assertThatCode(() -> strict.decode(ImageFiles.encode(ImageFiles.picture(9, 7, 1), "png")))
        .doesNotThrowAnyException();
  }

  /**
   * Bytes inside the scans, changed, which OpenCV decodes without a word. Most of it leads to codes
   * that are none, or to a scan that is too long or too short, and libjpeg warns; what happens to
   * be a scan of other pixels is not known to be damage.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void damageInsideAScanIsCorrupt(boolean progressive) {
    byte[] file = ImageFiles.jpeg(ImageFiles.picture(300, 200, 2), progressive);
    Random random = new Random(SEED);
    int silent = 0;
    int found = 0;
    for (int i = 0; i < 100; i++) {
      byte[] damaged = file.clone();
      int from = file.length / 3 + random.nextInt(file.length / 3);
      for (int k = from; k < from + 60; k++) {
        if (damaged[k] != (byte) 0xff && damaged[k - 1] != (byte) 0xff) {
          damaged[k] = (byte) random.nextInt(255);
        }
      }
      if (accepts(plain, damaged)) {
        silent++;
        if (!accepts(strict, damaged)) {
          found++;
        }
      }
    }
    assertThat(silent).as("seed %d", SEED).isGreaterThan(60);
    assertThat(found).as("of %d, seed %d", silent, SEED).isGreaterThan(silent / 2);
  }

  private static boolean accepts(ImageDecoder decoder, byte[] file) {
    try {
      decoder.decode(file);
      return true;
    } catch (BadImageException e) {
      assertThat(e.getMessage().lines()).hasSize(1);
      return false;
    }
  }

  @Test
  void theWarningIsPassedOn() {
    byte[] file = ImageFiles.jpeg(ImageFiles.picture(300, 200, 2), false);
    int at = file.length / 2;
    byte[] cut = ImageFiles.concat(java.util.Arrays.copyOf(file, at), ImageFiles.bytes(0xff, 0xd9));
    BadImages.assertRejected(strict, cut, BadImageCause.CORRUPT)
        .startsWith("a second decoder warns: Corrupt JPEG data: premature end of data segment");
  }
}
