package dev.syncnorm.image;

import static dev.syncnorm.image.BadImages.assertRejected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.testing.ImageFiles;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
  private static final Path DATA = Path.of("../data");

  private final ImageDecoder decoder = new ImageDecoder();

  @ParameterizedTest
  @CsvSource({
    "train/input/astronaut.png, PNG, 512, 512, 3",
    "train/label/astronaut.png, PNG, 512, 512, 1",
    "train/input/coffee.png, PNG, 600, 400, 3",
    "train/input/chelsea.png, PNG, 451, 300, 3",
    "train/input/hubble.jpg, JPEG, 640, 558, 3",
    "test/input/rocket.jpg, JPEG, 640, 427, 3"
  })
  void theSamplePhotographsHaveTheSizesOfTheirReadme(
      String file, ImageFormat format, int width, int height, int channels) throws Exception {
    byte[] bytes = Files.readAllBytes(DATA.resolve(file));
    assertThat(ImageHeader.read(bytes))
        .isEqualTo(new ImageHeader(format, width, height, channels, 8));
    DecodedImage image = decoder.decode(bytes);
    assertThat(image.width()).isEqualTo(width);
    assertThat(image.height()).isEqualTo(height);
  }

  /** The JDK's PNG decoder shares no code with OpenCV's; PNG is lossless, so nothing may differ. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "input/astronaut",
        "input/coffee",
        "input/chelsea",
        "label/coffee",
        "label/hubble"
      })
  void aPngFileHasThePixelsThatTheJdkSees(String name) throws Exception {
    Path file = DATA.resolve("train/" + name + ".png");
    BufferedImage picture = ImageIO.read(file.toFile());
    DecodedImage image = decoder.decode(Files.readAllBytes(file));
    boolean grey = picture.getRaster().getNumBands() == 1;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        for (int channel = 0; channel < 3; channel++) {
          int expected = picture.getRaster().getSample(x, y, grey ? 0 : 2 - channel);
          int actual = image.bgr()[3 * (y * image.width() + x) + channel] & 0xff;
          if (actual != expected) {
            assertThat(actual).as("%s at %d, %d, %d", name, x, y, channel).isEqualTo(expected);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"png, PNG", "bmp, BMP", "tiff, TIFF"})
  void losslessFormatsKeepEveryPixel(String ending, ImageFormat format) throws Exception {
    BufferedImage picture = ImageFiles.picture(37, 23, 1);
    byte[] file = ImageFiles.encode(picture, ending);
    assertThat(ImageHeader.read(file)).isEqualTo(new ImageHeader(format, 37, 23, 3, 8));
    assertThat(decoder.decode(file).bgr()).isEqualTo(ImageFiles.pixels(picture).bgr());
  }

  @Test
  void aWebpFileIsDecoded() throws Exception {
    DecodedImage picture = ImageFiles.pixels(ImageFiles.picture(37, 23, 1));
    byte[] file = ImageFiles.encodeByOpenCv(picture, ".webp"); // quality above 100: lossless
    assertThat(ImageHeader.read(file)).isEqualTo(new ImageHeader(ImageFormat.WEBP, 37, 23, 3, 8));
    assertThat(decoder.decode(file).bgr()).isEqualTo(picture.bgr());
  }

  @Test
  void alphaIsDroppedNotBlended() throws Exception {
    BufferedImage picture = ImageFiles.picture(19, 11, 2, BufferedImage.TYPE_INT_ARGB);
    byte[] file = ImageFiles.encode(picture, "png");
    assertThat(ImageHeader.read(file).channels()).isEqualTo(4);
    assertThat(decoder.decode(file).bgr()).isEqualTo(ImageFiles.pixels(picture).bgr());
  }

  @Test
  void sixteenBitsAreCutToTheUpperEight() throws Exception {
    BufferedImage picture = new BufferedImage(256, 2, BufferedImage.TYPE_USHORT_GRAY);
    for (int x = 0; x < 256; x++) {
      picture.getRaster().setSample(x, 0, 0, x << 8);
      picture.getRaster().setSample(x, 1, 0, x << 8 | 0xff);
    }
    byte[] file = ImageFiles.encode(picture, "png");
    assertThat(ImageHeader.read(file)).isEqualTo(new ImageHeader(ImageFormat.PNG, 256, 2, 1, 16));
    byte[] bgr = decoder.decode(file).bgr();
    for (int i = 0; i < bgr.length; i++) {
      assertThat(bgr[i] & 0xff).isEqualTo(i / 3 % 256);
    }
  }

  @Test
  void paletteAndBlackAndWhiteFilesAreDecoded() throws Exception {
    for (int type : new int[] {BufferedImage.TYPE_BYTE_INDEXED, BufferedImage.TYPE_BYTE_BINARY}) {
      BufferedImage picture = ImageFiles.picture(33, 9, 3, type);
      for (String ending : new String[] {"png", "bmp", "tiff"}) {
        byte[] file = ImageFiles.encode(picture, ending);
        assertThat(decoder.decode(file).bgr())
            .as("%s of type %d", ending, type)
            .isEqualTo(ImageFiles.pixels(picture).bgr());
      }
    }
  }

  /** Orientation 6: the stored picture is to be turned a quarter clockwise. */
  @Test
  void theExifOrientationIsApplied() throws Exception {
    byte[] upright = ImageFiles.jpeg(ImageFiles.picture(48, 32, 4), false);
    byte[] exif =
        ImageFiles.concat(
            "Exif\0\0MM\0*".getBytes(StandardCharsets.ISO_8859_1),
            ImageFiles.bytes(0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0));
    byte[] turned = ImageFiles.withSegment(upright, 0xe1, exif);

    assertThat(ImageHeader.read(turned).width()).isEqualTo(48);
    DecodedImage before = decoder.decode(upright);
    DecodedImage after = decoder.decode(turned);
    assertThat(after.width()).isEqualTo(32);
    assertThat(after.height()).isEqualTo(48);
    for (int y = 0; y < 48; y++) {
      for (int x = 0; x < 32; x++) {
        int source = 3 * ((31 - x) * 48 + y);
        int target = 3 * (y * 32 + x);
        for (int channel = 0; channel < 3; channel++) {
          assertThat(after.bgr()[target + channel]).isEqualTo(before.bgr()[source + channel]);
        }
      }
    }
  }

  @Test
  void whatIsNoImageIsNamed() {
    assertRejected(new byte[0], BadImageCause.EMPTY).isEqualTo("the file has no bytes");
    for (String text :
        new String[] {"x", "Hello, world\n", "\0\0\0\0", "BMW is a car, not a bitmap"}) {
      assertRejected(text.getBytes(StandardCharsets.ISO_8859_1), BadImageCause.NOT_AN_IMAGE);
    }
  }

  @Test
  void knownFormatsThatAreNotReadAreUnsupported() {
    for (String start : new String[] {"GIF89a", "8BPS\0\1", "\0\0\0\u0018ftypavif", "II+\0\b\0"}) {
      assertRejected(start.getBytes(StandardCharsets.ISO_8859_1), BadImageCause.UNSUPPORTED)
          .contains("JPEG, PNG, WebP, BMP and TIFF are");
    }
  }

  @Test
  void theLimitOfPixelsIsThatOfTheHeader() throws Exception {
    byte[] file = ImageFiles.encode(ImageFiles.picture(40, 30, 5), "png");
    assertThat(new ImageDecoder(1200).decode(file).width()).isEqualTo(40);
    assertRejected(new ImageDecoder(1199), file, BadImageCause.TOO_LARGE)
        .isEqualTo("the header says 40x30, 1200 pixels; the limit is 1199");
  }

  @Test
  void aLimitThatOpenCvWouldUndercutIsRefused() {
    String name = "OPENCV_IO_MAX_IMAGE_PIXELS";
    assertThat(new ImageDecoder(1000, Map.of(name, "1000")).maximumPixels()).isEqualTo(1000);
    assertThatThrownBy(() -> new ImageDecoder(1000, Map.of(name, "999")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the environment has OPENCV_IO_MAX_IMAGE_PIXELS=999, less than the limit of 1000"
                + " pixels; unset it");
    assertThatThrownBy(() -> new ImageDecoder(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ImageDecoder(1L << 30))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aBufferIsReusedFromImageToImage() throws Exception {
    BufferedImage large = ImageFiles.picture(50, 40, 7);
    BufferedImage small = ImageFiles.picture(20, 10, 8);
    PixelBuffer pixels = new PixelBuffer();
    decoder.decode(ImageFiles.encode(large, "png"), pixels);
    byte[] array = pixels.bgr();
    assertThat(array).isEqualTo(ImageFiles.pixels(large).bgr());

    decoder.decode(ImageFiles.encode(small, "png"), pixels);
    assertThat(pixels.bgr()).isSameAs(array).startsWith(ImageFiles.pixels(small).bgr());
    assertThat(pixels.width()).isEqualTo(20);
    assertThat(pixels.height()).isEqualTo(10);
    assertThatThrownBy(() -> decoder.decode(new byte[0], pixels))
        .isInstanceOf(BadImageException.class);
    assertThat(pixels.width()).isEqualTo(20);
  }

  /** JavaCPP counts what has been taken and not given back; the collector has no part in it. */
  @Test
  void everyCallGivesItsNativeMemoryBack() throws Exception {
    BufferedImage picture = ImageFiles.picture(64, 64, 6);
    byte[] file = ImageFiles.encode(picture, "png");
    byte[] broken = ImageFiles.withHeight(file, 128);
    long before = Pointer.totalCount();
    for (int i = 0; i < 10; i++) {
      DecodedImage image = decoder.decode(file);
      PngEncoder.encode(Resize.bilinear(image, 40, 50));
      assertRejected(decoder, broken, BadImageCause.CORRUPT).startsWith("OpenCV cannot decode");
      assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
  }

  @Test
  void threadsDecodeSideBySide() {
    byte[] file = ImageFiles.jpeg(ImageFiles.picture(200, 150, 9), true);
    byte[][] pixels = new byte[64][];
    IntStream.range(0, pixels.length).parallel().forEach(i -> pixels[i] = decodeUnchecked(file));
    assertThat(List.of(pixels)).allSatisfy(each -> assertThat(each).isEqualTo(pixels[0]));
  }

  private byte[] decodeUnchecked(byte[] file) {
    try {
      return decoder.decode(file).bgr();
    } catch (BadImageException e) {
      throw new AssertionError(e);
    }
  }
}
