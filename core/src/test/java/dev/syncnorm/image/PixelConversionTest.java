package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PixelConversionTest {
  /** Two rows of one pixel: (blue 10, green 20, red 30) and (255, 0, 128). */
  private final DecodedImage two =
      new DecodedImage(1, 2, ImageFiles.bytes(10, 20, 30, 255, 0, 128));

  @Test
  void planesAreInTheOrderAskedFor() {
    float[] planar = new float[6];
    new PixelConversion(ChannelOrder.BGR, 1).toPlanar(two, planar, 0);
    assertThat(planar).containsExactly(10, 255, 20, 0, 30, 128);
    new PixelConversion(ChannelOrder.RGB, 1).toPlanar(two, planar, 0);
    assertThat(planar).containsExactly(30, 128, 20, 0, 10, 255);
  }

  @Test
  void valuesAreTheFloatQuotientWrittenFromTheOffsetOn() {
    float[] planar = new float[9];
    new PixelConversion(ChannelOrder.BGR, 255).toPlanar(two, planar, 2);
    assertThat(planar)
        .containsExactly(0, 0, 10f / 255f, 1, 20f / 255f, 0, 30f / 255f, 128f / 255f, 0);
  }

  @Test
  void anArrayThatIsTooSmallIsLeftAlone() {
    PixelConversion conversion = new PixelConversion(ChannelOrder.BGR, 1);
    float[] planar = new float[6];
    assertThatThrownBy(() -> conversion.toPlanar(two, planar, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(planar).containsOnly(0);
    assertThatThrownBy(() -> conversion.toImage(planar, 0, 3, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void valuesAreRoundedHalfUpAndClipped() {
    float[] planar = {
      -7,
      0.49f,
      0.5f, // blue
      1.5f,
      2.5f,
      254.5f, // green
      255.4f,
      1e30f,
      Float.NaN // red
    };
    DecodedImage image = new PixelConversion(ChannelOrder.BGR, 1).toImage(planar, 0, 3, 1);
    assertThat(image.bgr()).isEqualTo(ImageFiles.bytes(0, 2, 255, 0, 3, 255, 1, 255, 0));
  }

  @ParameterizedTest
  @ValueSource(floats = {1, 255, 127.5f, 3, 0.017f, 1e6f})
  void everyByteSurvivesTheWayThereAndBack(float scale) {
    byte[] bgr = new byte[3 * 256];
    for (int i = 0; i < bgr.length; i++) {
      bgr[i] = (byte) (i / 3 + i % 3);
    }
    DecodedImage image = new DecodedImage(64, 4, bgr);
    for (ChannelOrder order : ChannelOrder.values()) {
      PixelConversion conversion = new PixelConversion(order, scale);
      float[] planar = new float[bgr.length + 5];
      conversion.toPlanar(image, planar, 5);
      assertThat(conversion.toImage(planar, 5, 64, 4).bgr()).isEqualTo(bgr);
    }
  }

  @Test
  void aScaleThatIsNoPositiveNumberIsRefused() {
    for (float scale : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new PixelConversion(ChannelOrder.RGB, scale))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the scale is " + scale + "; expected a number above 0");
    }
  }

  /** Read back by the JDK, which shares no code with the encoder. */
  @Test
  void anEncodedPngFileHasThePixels() throws IOException {
    byte[] bgr = new byte[3 * 31 * 17];
    new Random(3).nextBytes(bgr);
    byte[] file = PngEncoder.encode(new DecodedImage(31, 17, bgr));
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(file));
    assertThat(ImageFiles.pixels(picture).bgr()).isEqualTo(bgr);
  }
}
