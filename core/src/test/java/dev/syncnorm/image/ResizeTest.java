package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResizeTest {

  /**
   * Against bilinear interpolation in double precision on noise, where every neighbour counts.
   *
   * <p>1 level: OpenCV rounds the weights to 1/2048, which is 255 / 4096 in each direction, and
   * drops up to 1/4 level twice before it rounds: less than 1.2 levels from the exact value, and so
   * at most one from the rounded one.
   */
  @ParameterizedTest
  @CsvSource({
    "40, 30, 64, 64",
    "64, 64, 40, 30",
    "64, 64, 32, 32",
    "33, 21, 99, 7",
    "7, 5, 512, 512",
    "100, 80, 1, 1",
    "1, 1, 9, 4",
    "1, 17, 5, 40",
    "600, 400, 512, 512"
  })
  void resizingIsBilinearBetweenPixelCentres(int width, int height, int newWidth, int newHeight) {
    DecodedImage image = noise(width, height);
    DecodedImage resized = Resize.bilinear(image, newWidth, newHeight);
    assertThat(resized.width()).isEqualTo(newWidth);
    assertThat(resized.height()).isEqualTo(newHeight);
    int worst = 0;
    for (int y = 0; y < newHeight; y++) {
      for (int x = 0; x < newWidth; x++) {
        for (int channel = 0; channel < 3; channel++) {
          double sourceX = (x + 0.5) * width / newWidth - 0.5;
          double sourceY = (y + 0.5) * height / newHeight - 0.5;
          long expected = Math.round(interpolated(image, sourceX, sourceY, channel));
          int actual = resized.bgr()[3 * (y * newWidth + x) + channel] & 0xff;
          worst = Math.max(worst, (int) Math.abs(actual - expected));
        }
      }
    }
    assertThat(worst).isLessThanOrEqualTo(1);
  }

  @Test
  void theSameSizeIsTheSameImage() {
    DecodedImage image = noise(12, 7);
    assertThat(Resize.bilinear(image, 12, 7)).isSameAs(image);
  }

  @Test
  void anEmptySizeIsRefused() {
    assertThatThrownBy(() -> Resize.bilinear(noise(2, 2), 0, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an image cannot be resized to 0x5 pixels");
  }

  private static double interpolated(DecodedImage image, double x, double y, int channel) {
    int left = (int) Math.floor(x);
    int top = (int) Math.floor(y);
    double right = x - left;
    double bottom = y - top;
    return (1 - bottom)
            * ((1 - right) * at(image, left, top, channel)
                + right * at(image, left + 1, top, channel))
        + bottom
            * ((1 - right) * at(image, left, top + 1, channel)
                + right * at(image, left + 1, top + 1, channel));
  }

  private static int at(DecodedImage image, int x, int y, int channel) {
    int column = Math.min(Math.max(x, 0), image.width() - 1);
    int row = Math.min(Math.max(y, 0), image.height() - 1);
    return image.bgr()[3 * (row * image.width() + column) + channel] & 0xff;
  }

  private static DecodedImage noise(int width, int height) {
    byte[] bgr = new byte[3 * width * height];
    new Random(width * 1000L + height).nextBytes(bgr);
    return new DecodedImage(width, height, bgr);
  }
}
