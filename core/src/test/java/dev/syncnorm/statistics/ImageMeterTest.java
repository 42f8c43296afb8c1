package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.BadImageException;
import dev.syncnorm.image.DecodedImage;
import dev.syncnorm.image.ImageDecoder;
import dev.syncnorm.image.NativeMemoryException;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.image.Resize;
import dev.syncnorm.testing.ImageFiles;
import dev.syncnorm.testing.Samples;
import dev.syncnorm.testing.Samples.TiffLayout;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageMeterTest {
  private static final Optional<Extent> NONE = Optional.empty();

  private final ImageDecoder decoder = new ImageDecoder();

  private ImageSums measure(Channels channels, byte[] file) {
    return measure(new PixelSettings(channels, NONE, NONE), file);
  }

  private ImageSums measure(PixelSettings settings, byte[] file) {
    try (ImageMeter meter = new ImageMeter(decoder, settings, true)) {
      return meter.measure(file);
    } catch (BadImageException e) {
      throw new AssertionError(e);
    }
  }

  private BadImageException rejection(PixelSettings settings, byte[] file) {
    try (ImageMeter meter = new ImageMeter(decoder, settings, true)) {
      return catchThrowableOfType(BadImageException.class, () -> meter.measure(file));
    }
  }

  /** Samples whose channel c is that of another one's channel map[c]. */
  private static Samples mapped(Samples samples, int... map) {
    int[] values = new int[samples.width() * samples.height() * map.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = samples.values()[i / map.length * samples.channels() + map[i % map.length]];
    }
    return new Samples(samples.width(), samples.height(), map.length, samples.bits(), values);
  }

  private static Samples cropped(Samples samples, int height, int width) {
    int top = (samples.height() - height) / 2;
    int left = (samples.width() - width) / 2;
    int channels = samples.channels();
    int[] values = new int[height * width * channels];
    for (int i = 0; i < values.length; i++) {
      int x = left + i / channels % width;
      int y = top + i / channels / width;
      values[i] = samples.values()[(y * samples.width() + x) * channels + i % channels];
    }
    return new Samples(width, height, channels, samples.bits(), values);
  }

  private static Samples rgb(DecodedImage image) {
    int[] values = new int[image.bgr().length];
    Arrays.setAll(values, i -> image.bgr()[i - i % 3 + 2 - i % 3] & 0xff);
    return new Samples(image.width(), image.height(), 3, 8, values);
  }

  @ParameterizedTest
  @CsvSource({"1, 8", "2, 8", "3, 8", "4, 8", "1, 16", "2, 16", "3, 16", "4, 16"})
  void everyKindOfPngIsSummedExactly(int channels, int bits) {
    int[][] rgb = {{0, 0, 0}, {0, 0, 0}, {0, 1, 2}, {0, 1, 2}};
    int[] all = IntStream.range(0, channels).toArray();
    for (int width : new int[] {1, 2, 63, 64, 65, 129, 500}) {
      for (int height : new int[] {1, 2, 37}) {
        Samples samples = Samples.random(width, height, channels, bits, 31L * width + height);
        byte[] png = samples.png();
        ExactOracle.assertSums(measure(Channels.RGB, png), mapped(samples, rgb[channels - 1]));
        ExactOracle.assertSums(measure(Channels.NATIVE, png), mapped(samples, all));
        if (channels < 3) {
          ExactOracle.assertSums(measure(Channels.GRAY, png), mapped(samples, 0));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void greyOfFewerBitsIsSpreadOverEight(int bits) {
    Samples samples = Samples.random(37, 21, 1, bits, bits);
    int[] spread = Arrays.stream(samples.values()).map(v -> v * 255 / ((1 << bits) - 1)).toArray();
    Samples expected = new Samples(37, 21, 1, 8, spread);
    ExactOracle.assertSums(measure(Channels.NATIVE, samples.png()), expected);
    ExactOracle.assertSums(measure(Channels.RGB, samples.png()), mapped(expected, 0, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void aPaletteIsItsColours(int bits) {
    Samples indices = Samples.random(41, 23, 1, bits, bits);
    Samples palette = Samples.random(1 << bits, 1, 3, 8, 99);
    byte[] colours = ImageFiles.bytes(palette.values());
    int[] values = new int[3 * 41 * 23];
    Arrays.setAll(values, i -> palette.values()[3 * indices.values()[i / 3] + i % 3]);
    Samples expected = new Samples(41, 23, 3, 8, values);
    ExactOracle.assertSums(measure(Channels.RGB, indices.pngOfPalette(colours)), expected);
    ExactOracle.assertSums(measure(Channels.NATIVE, indices.pngOfPalette(colours)), expected);
  }

  @ParameterizedTest
  @CsvSource({"1, 8", "3, 8", "4, 8", "1, 16", "3, 16", "4, 16"})
  void everyKindOfTiffIsSummedExactly(int channels, int bits) {
    int[] rgb = channels == 1 ? new int[] {0, 0, 0} : new int[] {0, 1, 2};
    int[] all = IntStream.range(0, channels).toArray();
    Samples samples = Samples.random(67, 29, channels, bits, channels);
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      byte[] tiff = samples.tiff(new TiffLayout(order, false, channels < 3 ? 1 : 2, 2));
      ExactOracle.assertSums(measure(Channels.RGB, tiff), mapped(samples, rgb));
      ExactOracle.assertSums(measure(Channels.NATIVE, tiff), mapped(samples, all));
    }
  }

  /** Where alpha is not associated libtiff would multiply the colours by it. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void coloursOfATiffFileAreNotMultipliedByItsAlpha(int extraSample) {
    Samples samples = Samples.random(67, 29, 4, 8, 5);
    for (boolean planar : new boolean[] {false, true}) {
      for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
        byte[] tiff = samples.tiff(new TiffLayout(order, planar, 2, extraSample));
        ExactOracle.assertSums(measure(Channels.RGB, tiff), mapped(samples, 0, 1, 2));
      }
    }
  }

  @Test
  void layoutsOfTiffWhose16BitsWouldBeOthersAreUnsupported() {
    PixelSettings rgb = PixelSettings.WHOLE_RGB;
    byte[] planar =
        Samples.random(5, 4, 3, 16, 1).tiff(new TiffLayout(ByteOrder.LITTLE_ENDIAN, true, 2, 2));
    byte[] white =
        Samples.random(5, 4, 1, 16, 1).tiff(new TiffLayout(ByteOrder.LITTLE_ENDIAN, false, 0, 2));
    byte[] greyAlpha = Samples.random(5, 4, 2, 16, 1).tiff(TiffLayout.of(2));
    assertThat(rejection(rgb, planar).kind()).isEqualTo(BadImageCause.UNSUPPORTED);
    assertThat(rejection(rgb, planar)).hasMessageContaining("a plane for each channel");
    assertThat(rejection(rgb, white)).hasMessageContaining("0 for white");
    assertThat(rejection(rgb, greyAlpha))
        .hasMessage("a TIFF file of 2 channels of 16 bits, which OpenCV reads as 1 of 8");
  }

  @Test
  void otherFormatsAreSummedExactly() {
    BufferedImage picture = ImageFiles.picture(83, 41, 3);
    DecodedImage pixels = ImageFiles.pixels(picture);
    for (byte[] file :
        new byte[][] {
          ImageFiles.encode(picture, "png"),
          ImageFiles.encode(picture, "bmp"),
          ImageFiles.encode(picture, "tiff"),
          ImageFiles.encodeByOpenCv(pixels, ".webp"),
          ImageFiles.encodeByOpenCv(pixels, ".tiff")
        }) {
      ExactOracle.assertSums(measure(Channels.RGB, file), rgb(pixels));
      ExactOracle.assertSums(measure(Channels.NATIVE, file), rgb(pixels));
    }
  }

  /** A lossy file has the pixels that training decodes. */
  @Test
  void lossyFilesHaveThePixelsOfTheDecoder() throws BadImageException {
    BufferedImage picture = ImageFiles.picture(83, 41, 3);
    BufferedImage gray = ImageFiles.picture(83, 41, 3, BufferedImage.TYPE_BYTE_GRAY);
    for (byte[] file :
        new byte[][] {
          ImageFiles.jpeg(picture, false),
          ImageFiles.jpeg(picture, true),
          ImageFiles.lossyWebp(ImageFiles.pixels(picture)),
          ImageFiles.jpeg(gray, false),
          ImageFiles.jpeg(gray, true)
        }) {
      ExactOracle.assertSums(measure(Channels.RGB, file), rgb(decoder.decode(file)));
    }
    Samples grayOnly = mapped(rgb(decoder.decode(ImageFiles.jpeg(gray, false))), 0);
    ExactOracle.assertSums(measure(Channels.NATIVE, ImageFiles.jpeg(gray, false)), grayOnly);
    ExactOracle.assertSums(measure(Channels.GRAY, ImageFiles.jpeg(gray, false)), grayOnly);
  }

  /** ITU-R BT.601 to the nearest value: what OpenCV's fixed point may round otherwise is 1. */
  @ParameterizedTest
  @ValueSource(ints = {8, 16})
  void colourBecomesGreyByItsLuma(int bits) {
    for (int seed = 0; seed < 50; seed++) {
      Samples samples = Samples.random(1, 1, 3, bits, seed);
      int[] v = samples.values();
      double luma = 0.299 * v[0] + 0.587 * v[1] + 0.114 * v[2];
      assertThat((double) measure(Channels.GRAY, samples.png()).sums()[0])
          .isBetween(luma - 1, luma + 1);
    }
    Samples white = new Samples(1, 1, 3, bits, new int[] {200, 200, 200});
    assertThat(measure(Channels.GRAY, white.png()).sums()).containsExactly(200);
  }

  @Test
  void aResizeIsThatOfTraining() throws BadImageException {
    PixelSettings settings = new PixelSettings(Channels.RGB, Optional.of(new Extent(40, 31)), NONE);
    BufferedImage gray = ImageFiles.picture(83, 41, 3, BufferedImage.TYPE_BYTE_GRAY);
    for (byte[] file :
        new byte[][] {
          ImageFiles.jpeg(ImageFiles.picture(83, 41, 3), false),
          ImageFiles.jpeg(gray, false),
          Samples.random(83, 41, 4, 8, 1).png(),
          Samples.random(31, 40, 3, 8, 1).png()
        }) {
      DecodedImage resized = Resize.bilinear(decoder.decode(file), 31, 40);
      ExactOracle.assertSums(measure(settings, file), rgb(resized));
    }
  }

  @ParameterizedTest
  @EnumSource(Channels.class)
  void theCropIsTheMiddle(Channels channels) {
    Samples samples = Samples.random(84, 41, 4, 16, 1);
    for (int[] extent : new int[][] {{20, 31}, {41, 84}, {1, 1}, {40, 83}}) {
      Optional<Extent> crop = Optional.of(new Extent(extent[0], extent[1]));
      ImageSums sums = measure(new PixelSettings(channels, NONE, crop), samples.png());
      Samples cropped = cropped(samples, extent[0], extent[1]);
      switch (channels) {
        case RGB -> ExactOracle.assertSums(sums, mapped(cropped, 0, 1, 2));
        case NATIVE -> ExactOracle.assertSums(sums, cropped);
        case GRAY ->
            assertThat(sums)
                .usingRecursiveComparison()
                .isEqualTo(measure(channels, mapped(cropped, 0, 1, 2).png()));
      }
    }
  }

  @Test
  void memoryThatRanOutIsNoFaultOfTheImage() {
    // 3 PB, more than a process has addresses for.
    PixelSettings settings =
        new PixelSettings(Channels.RGB, Optional.of(new Extent(10_000_000, 100_000_000)), NONE);
    byte[] file = Samples.random(20, 10, 3, 8, 1).png();
    try (ImageMeter meter = new ImageMeter(decoder, settings, true)) {
      assertThatThrownBy(() -> meter.measure(file))
          .isInstanceOf(NativeMemoryException.class)
          .hasMessageContaining("OpenCV had not enough for a PNG file of 20x10 pixels");
    }
  }

  @Test
  void anImageSmallerThanTheCropIsUnsupported() {
    PixelSettings settings = new PixelSettings(Channels.RGB, NONE, Optional.of(new Extent(20, 30)));
    for (int[] size : new int[][] {{29, 20}, {30, 19}}) {
      BadImageException bad = rejection(settings, Samples.random(size[0], size[1], 3, 8, 1).png());
      assertThat(bad.kind()).isEqualTo(BadImageCause.UNSUPPORTED);
      assertThat(bad).hasMessageContaining("is smaller than the crop of 20x30");
    }
  }

  /** Orientation 6, a quarter clockwise: the same sums as stored, but another crop and resize. */
  @Test
  void theExifOrientationMattersWhereAnImageIsCroppedOrResized() throws BadImageException {
    byte[] upright = ImageFiles.jpeg(ImageFiles.picture(48, 32, 4), false);
    byte[] exif =
        ImageFiles.concat(
            "Exif\0\0MM\0*".getBytes(StandardCharsets.ISO_8859_1),
            ImageFiles.bytes(0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0));
    byte[] turned = ImageFiles.withSegment(upright, 0xe1, exif);
    Samples pixels = rgb(decoder.decode(turned));
    assertThat(pixels.width()).isEqualTo(32);

    ImageSums whole = measure(Channels.RGB, turned);
    assertThat(whole.width()).isEqualTo(48);
    ExactOracle.assertSums(whole, rgb(decoder.decode(upright)));
    PixelSettings crop = new PixelSettings(Channels.RGB, NONE, Optional.of(new Extent(44, 10)));
    ExactOracle.assertSums(measure(crop, turned), cropped(pixels, 44, 10));
    PixelSettings resize = new PixelSettings(Channels.RGB, Optional.of(new Extent(20, 10)), NONE);
    ExactOracle.assertSums(
        measure(resize, turned), rgb(Resize.bilinear(decoder.decode(turned), 10, 20)));
  }

  @Test
  void oneMeterMeasuresImagesOfAllSizesAndKindsInTurn() throws BadImageException {
    PixelSettings settings = new PixelSettings(Channels.NATIVE, NONE, NONE);
    try (ImageMeter meter = new ImageMeter(decoder, settings, false)) {
      for (int i = 0; i < 200; i++) {
        Samples samples =
            Samples.random(1 + i * 7 % 90, 1 + i * 11 % 60, 1 + i % 4, i % 3 == 0 ? 16 : 8, i);
        ExactOracle.assertSums(meter.measure(samples.png()), samples);
        assertThatThrownBy(() -> meter.measure(new byte[] {1, 2, 3}))
            .isInstanceOf(BadImageException.class);
      }
    }
  }

  @Test
  void closingGivesAllNativeMemoryBack() throws BadImageException {
    byte[] file = ImageFiles.jpeg(ImageFiles.picture(64, 64, 6), false);
    PixelSettings settings =
        new PixelSettings(
            Channels.GRAY, Optional.of(new Extent(40, 50)), Optional.of(new Extent(30, 30)));
    long before = Pointer.totalCount();
    for (int i = 0; i < 5; i++) {
      try (ImageMeter meter = new ImageMeter(decoder, settings, true)) {
        meter.measure(file);
        long open = Pointer.totalCount();
        meter.measure(file);
        assertThat(Pointer.totalCount()).isEqualTo(open);
      }
      assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
  }

  /** 48 KB of zeros, deflated, are 20000 by 20000 pixels; the limit is looked at first. */
  @Test
  void aBombIsTooLargeBeforeAnythingIsAllocated() {
    byte[] bomb = Samples.random(4, 4, 3, 8, 1).png();
    ByteBuffer.wrap(bomb).putInt(16, 20_000);
    bomb = ImageFiles.withHeight(bomb, 20_000);
    long before = Pointer.totalBytes();
    BadImageException bad = rejection(PixelSettings.WHOLE_RGB, bomb);
    assertThat(bad.kind()).isEqualTo(BadImageCause.TOO_LARGE);
    assertThat(bad)
        .hasMessage("the header says 20000x20000, 400000000 pixels; the limit is 178956970");
    assertThat(Pointer.totalBytes()).isLessThanOrEqualTo(before);
  }

  @Test
  void everyCauseOfABadFileIsTold() {
    byte[] jpeg = ImageFiles.jpeg(ImageFiles.picture(64, 64, 6), false);
    byte[] scans = manyScans(ImageFiles.jpeg(ImageFiles.picture(64, 64, 6), true));
    byte[] png = Samples.random(9, 9, 3, 16, 1).png();
    byte[] flipped = png.clone();
    flipped[60] ^= 1;
    assertCause(BadImageCause.EMPTY, new byte[0]);
    assertCause(BadImageCause.NOT_AN_IMAGE, "hello".getBytes(StandardCharsets.UTF_8));
    assertCause(BadImageCause.TRUNCATED, Arrays.copyOf(jpeg, jpeg.length / 2));
    assertCause(BadImageCause.TRUNCATED, Arrays.copyOf(png, png.length / 2));
    assertCause(BadImageCause.CORRUPT, flipped);
    assertCause(BadImageCause.TOO_LARGE, scans);
    assertCause(BadImageCause.UNSUPPORTED, "GIF89a".getBytes(StandardCharsets.UTF_8));
  }

  private void assertCause(BadImageCause cause, byte[] file) {
    BadImageException bad = rejection(PixelSettings.WHOLE_RGB, file);
    assertThat(bad).isNotNull();
    assertThat(bad.kind()).isEqualTo(cause);
    assertThat(bad.getMessage().lines()).hasSize(1);
  }

  /** The last scan thousands of times. */
  private static byte[] manyScans(byte[] progressive) {
    int last = 0;
    for (int i = 0; i + 1 < progressive.length; i++) {
      if (progressive[i] == (byte) 0xff && progressive[i + 1] == (byte) 0xda) {
        last = i;
      }
    }
    byte[] scan = Arrays.copyOfRange(progressive, last, progressive.length - 2);
    byte[][] parts = new byte[3002][];
    Arrays.fill(parts, scan);
    parts[0] = Arrays.copyOf(progressive, last);
    parts[3001] = ImageFiles.bytes(0xff, 0xd9);
    return ImageFiles.concat(parts);
  }
}
