package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.testing.ImageFiles;
import dev.syncnorm.testing.Samples;
import dev.syncnorm.testing.Samples.TiffLayout;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MutatedImagesTest {
  /** More files for a long run by hand: {@code -Dsyncnorm.mutations=100000}. */
  private static final int COUNT = Integer.getInteger("syncnorm.mutations", 2_000);

  private static final int OF_EACH = Integer.getInteger("syncnorm.mutations", 5_000);

  private static final long SEED = Long.getLong("syncnorm.seed", 20261123);

  /** Small, so that no mutation of a size makes the test slow. */
  private final ImageDecoder decoder = new ImageDecoder(1_000_000);

  /** What a mutation may do to the process, a crash or a hang, would end or time out the test. */
  @Test
  @Timeout(600)
  void damagedFilesAreDecodedOrRejectedAndNothingElse() {
    List<byte[]> files = files();
    Random random = new Random(SEED);
    Map<BadImageCause, Integer> rejected = new EnumMap<>(BadImageCause.class);
    int decoded = 0;
    for (int i = 0; i < COUNT; i++) {
      byte[] mutated = mutate(files.get(i % files.size()), random);
      try {
        DecodedImage image = decoder.decode(mutated);
        assertThat((long) image.width() * image.height()).isLessThanOrEqualTo(1_000_000);
        decoded++;
      } catch (BadImageException e) {
        rejected.merge(e.kind(), 1, Integer::sum);
        assertThat(e.getMessage().lines()).as("seed %d, file %d", SEED, i).hasSize(1);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + SEED + ", file " + i, e);
      }
    }
    // The mutations reach the decoders and every check.
    assertThat(decoded).as("rejected %s", rejected).isBetween(COUNT / 10, COUNT * 9 / 10);
    assertThat(rejected)
        .containsKeys(
            BadImageCause.NOT_AN_IMAGE,
            BadImageCause.TRUNCATED,
            BadImageCause.CORRUPT,
            BadImageCause.TOO_LARGE,
            BadImageCause.UNSUPPORTED);
  }

  /** What statistics do with files: into native memory, all depths, with and without a resize. */
  @ParameterizedTest
  @ValueSource(
      strings = {"jpeg", "progressive", "png", "png16", "palette", "webp", "bmp", "tiff", "tiff16"})
  @Timeout(300)
  void everyDamagedFileIsReadOrRejected(String format) {
    byte[] file = file(format);
    Random random = new Random(SEED);
    Optional<Extent> small = Optional.of(new Extent(9, 11));
    List<PixelReader> readers =
        List.of(
            new PixelReader(decoder, PixelSettings.WHOLE_RGB),
            new PixelReader(
                decoder, new PixelSettings(Channels.NATIVE, Optional.empty(), Optional.empty())),
            new PixelReader(decoder, new PixelSettings(Channels.GRAY, small, Optional.empty())),
            new PixelReader(decoder, new PixelSettings(Channels.RGB, Optional.empty(), small)));
    int read = 0;
    int rejected = 0;
    for (int i = 0; i < OF_EACH; i++) {
      byte[] mutated = mutate(file, random);
      try {
        Pixels pixels = readers.get(i % readers.size()).read(mutated);
        assertThat(pixels.count()).isBetween(1, 1_000_000);
        assertThat(pixels.bytes()).isLessThanOrEqualTo(pixels.samples().capacity());
        pixels.samples().get((int) pixels.bytes() - 1);
        read++;
      } catch (BadImageException e) {
        rejected++;
        assertThat(e.getMessage().lines()).as("seed %d, file %d", SEED, i).hasSize(1);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + SEED + ", file " + i, e);
      }
    }
    readers.forEach(PixelReader::close);
    assertThat(read + rejected).isEqualTo(OF_EACH);
    // Of a PNG file nearly all: a flipped bit shows in the checksum of its compressed stream.
    assertThat(read).as("seed %d", SEED).isPositive();
    assertThat(rejected).as("seed %d", SEED).isPositive();
  }

  private static byte[] file(String format) {
    BufferedImage picture = ImageFiles.picture(48, 40, 1);
    return switch (format) {
      case "jpeg" -> ImageFiles.jpeg(picture, false);
      case "progressive" -> ImageFiles.jpeg(picture, true);
      case "png" -> Samples.random(48, 40, 4, 8, 1).png();
      case "png16" -> Samples.random(48, 40, 3, 16, 1).png();
      case "palette" ->
          ImageFiles.encode(ImageFiles.picture(48, 40, 1, BufferedImage.TYPE_BYTE_INDEXED), "png");
      case "webp" -> ImageFiles.lossyWebp(ImageFiles.pixels(picture));
      case "bmp" -> ImageFiles.encode(picture, "bmp");
      case "tiff" -> ImageFiles.encodeByOpenCv(ImageFiles.pixels(picture), ".tiff");
      case "tiff16" -> Samples.random(48, 40, 3, 16, 1).tiff(TiffLayout.of(3));
      default -> throw new IllegalArgumentException(format);
    };
  }

  private static List<byte[]> files() {
    BufferedImage picture = ImageFiles.picture(48, 40, 1);
    BufferedImage palette = ImageFiles.picture(48, 40, 1, BufferedImage.TYPE_BYTE_INDEXED);
    DecodedImage pixels = ImageFiles.pixels(picture);
    return List.of(
        ImageFiles.jpeg(picture, false),
        ImageFiles.jpeg(picture, true),
        ImageFiles.encode(picture, "png"),
        ImageFiles.encode(palette, "png"),
        ImageFiles.encode(picture, "bmp"),
        ImageFiles.encode(palette, "bmp"),
        ImageFiles.encode(picture, "tiff"),
        ImageFiles.encode(palette, "tiff"),
        ImageFiles.encodeByOpenCv(pixels, ".tiff"), // LZW
        ImageFiles.encodeByOpenCv(pixels, ".webp"),
        ImageFiles.lossyWebp(pixels));
  }

  /** One to four bytes changed, half of them near the start; sometimes cut or a part doubled. */
  private static byte[] mutate(byte[] file, Random random) {
    byte[] mutated = file.clone();
    for (int n = random.nextInt(4); n >= 0; n--) {
      int range = random.nextBoolean() ? Math.min(200, file.length) : file.length;
      int at = random.nextInt(range);
      mutated[at] =
          random.nextBoolean()
              ? (byte) random.nextInt(256)
              : (byte) (mutated[at] ^ 1 << random.nextInt(8));
    }
    if (random.nextInt(3) > 0) {
      mendChecksums(mutated);
    }
    int from = random.nextInt(file.length);
    return switch (random.nextInt(12)) {
      case 0 -> Arrays.copyOf(mutated, from);
      case 1 ->
          ImageFiles.concat(
              Arrays.copyOf(mutated, from), Arrays.copyOfRange(mutated, from / 2, file.length));
      default -> mutated;
    };
  }

  /** Lets mutations of a PNG file through to its decoder, behind the checksums. */
  private static void mendChecksums(byte[] file) {
    ByteBuffer buffer = ByteBuffer.wrap(file);
    if (buffer.getInt(0) != 0x89504e47) {
      return;
    }
    int at = 8;
    while (at + 12 <= file.length) {
      int length = buffer.getInt(at);
      if (length < 0 || length > file.length - at - 12) {
        return;
      }
      CRC32 crc = new CRC32();
      crc.update(file, at + 4, length + 4);
      buffer.putInt(at + 8 + length, (int) crc.getValue());
      at += 12 + length;
    }
  }
}
