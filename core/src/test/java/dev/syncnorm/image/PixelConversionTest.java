package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
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

  /** Every byte in every channel, each of which has its own numbers. */
  private static DecodedImage everyByte() {
    byte[] bgr = new byte[3 * 256];
    for (int i = 0; i < bgr.length; i++) {
      bgr[i] = (byte) (i / 3 + i % 3);
    }
    return new DecodedImage(64, 4, bgr);
  }

  @Test
  void meanAndStdFollowTheOrderOfThePlanes() {
    float[] planar = new float[6];
    List<Double> mean = List.of(100.0, 50.0, 20.0);
    List<Double> std = List.of(2.0, 5.0, 10.0);
    new PixelConversion(ChannelOrder.BGR, 1, mean, std).toPlanar(two, planar, 0);
    assertThat(planar).containsExactly(-45, 77.5f, -6, -10, 1, 10.8f);
    new PixelConversion(ChannelOrder.RGB, 1, mean, std).toPlanar(two, planar, 0);
    assertThat(planar).containsExactly(-35, 14, -6, -10, -1, 23.5f);
  }

  /** Against exact arithmetic: the rounding to float32, and four of 2^-53 that come before it. */
  @ParameterizedTest
  @ValueSource(floats = {1, 255, 127.5f, 0.017f, 1e6f})
  void normalisedValuesAreRoundedOnce(float scale) {
    Random random = new Random(20261124);
    float[] planar = new float[3 * 256];
    for (int time = 0; time < 20; time++) {
      List<Double> mean = random.doubles(3, 0, 255 / scale).boxed().toList();
      List<Double> std = random.doubles(3, 1e-3, 0.5).map(v -> v * 255 / scale).boxed().toList();
      new PixelConversion(ChannelOrder.BGR, scale, mean, std).toPlanar(everyByte(), planar, 0);
      for (int i = 0; i < planar.length; i++) {
        int c = i / 256;
        BigDecimal quotient =
            new BigDecimal(everyByte().bgr()[3 * (i % 256) + c] & 0xff)
                .divide(new BigDecimal(scale), MathContext.DECIMAL128);
        double exact =
            quotient
                .subtract(new BigDecimal(mean.get(c)))
                .divide(new BigDecimal(std.get(c)), MathContext.DECIMAL128)
                .doubleValue();
        double before = 4 * 255 / scale / std.get(c) * 0x1p-53;
        assertThat((double) planar[i])
            .as("byte %s, scale %s, mean %s, std %s", i % 256, scale, mean.get(c), std.get(c))
            .isCloseTo(exact, within(0.5 * Math.ulp((float) exact) + before));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {1, 255, 127.5f, 0.017f, 1e6f, 1e20f})
  void everyNormalisedByteSurvivesTheWayThereAndBack(float scale) {
    Random random = new Random(20261125);
    double greatest = 255 / (double) scale;
    float[] planar = new float[3 * 256];
    for (int time = 0; time < 50; time++) {
      List<Double> mean = List.of(0.0, greatest, random.nextDouble() * greatest);
      List<Double> std =
          random.doubles(3).map(v -> StrictMath.pow(10, -8 * v) * greatest).boxed().toList();
      for (ChannelOrder order : ChannelOrder.values()) {
        PixelConversion conversion = new PixelConversion(order, scale, mean, std);
        conversion.toPlanar(everyByte(), planar, 0);
        assertThat(conversion.toImage(planar, 0, 64, 4).bgr())
            .as("mean %s, std %s", mean, std)
            .isEqualTo(everyByte().bgr());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {1, 255, 127.5f, 3, 0.017f, 1e6f})
  void meanZeroAndStdOneChangeNoBit(float scale) {
    float[] planar = new float[3 * 256];
    PixelConversion conversion =
        new PixelConversion(
            ChannelOrder.BGR, scale, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));
    conversion.toPlanar(everyByte(), planar, 0);
    Random random = new Random(5);
    byte[] expected = new byte[3 * 256];
    float[] values = new float[3 * 256];
    for (int i = 0; i < planar.length; i++) {
      int channel = i / 256;
      int at = 3 * (i % 256) + channel;
      assertThat(planar[i]).isEqualTo((everyByte().bgr()[at] & 0xff) / scale);
      values[i] = (random.nextInt(512) - 100 + (random.nextBoolean() ? 0.5f : 0)) / scale;
      float product = values[i] * scale;
      expected[at] = (byte) Math.max(0, Math.min(255, Math.floor((double) product + 0.5)));
    }
    assertThat(conversion.toImage(values, 0, 64, 4).bgr()).isEqualTo(expected);
  }

  @Test
  void normalisedValuesAreClippedToBytes() {
    float[] planar = {
      -2,
      -2.01f,
      0, // blue: 0.5 + 0.25 value
      2,
      2.01f,
      1e38f, // green
      Float.NaN,
      Float.NEGATIVE_INFINITY,
      1 // red
    };
    DecodedImage image =
        new PixelConversion(
                ChannelOrder.BGR, 255, List.of(0.5, 0.5, 0.5), List.of(0.25, 0.25, 0.25))
            .toImage(planar, 0, 3, 1);
    assertThat(image.bgr()).isEqualTo(ImageFiles.bytes(0, 255, 0, 0, 255, 0, 128, 255, 191));
  }

  @Test
  void numbersByWhichBytesWouldBeLostAreRefused() {
    List<Double> good = List.of(0.5, 0.5, 0.5);
    for (double mean : new double[] {-0.1, 1.01, Double.NaN}) {
      assertThatThrownBy(
              () -> new PixelConversion(ChannelOrder.RGB, 255, List.of(0.5, 0.5, mean), good))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (double std : new double[] {0, -1, 1.01, 1e-39, Double.NaN}) {
      assertThatThrownBy(
              () -> new PixelConversion(ChannelOrder.RGB, 255, good, List.of(0.5, std, 0.5)))
          .isInstanceOf(IllegalArgumentException.class);
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
