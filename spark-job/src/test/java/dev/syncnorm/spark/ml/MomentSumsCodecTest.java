package dev.syncnorm.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.statistics.ChannelSums;
import dev.syncnorm.statistics.PixelSums;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The bytes of sums between tasks. */
class MomentSumsCodecTest {

  @Test
  void everythingComesBack() {
    MomentSums sums = everything();

    MomentSums back = MomentSumsCodec.decode(MomentSumsCodec.encode(sums));

    assertThat(back.rejected())
        .isEqualTo(Map.of(BadImageCause.CORRUPT, 3L, BadImageCause.TIMED_OUT, Long.MAX_VALUE - 1));
    assertThat(back.sums()).usingRecursiveComparison().isEqualTo(sums.sums());
    assertThat(MomentSumsCodec.encode(back)).isEqualTo(MomentSumsCodec.encode(sums));
  }

  @Test
  void sumsOfNothingAreThreeBytes() {
    byte[] bytes = MomentSumsCodec.encode(new MomentSums());

    assertThat(bytes).hasSize(3);
    assertThat(MomentSumsCodec.decode(bytes).sums()).isEmpty();
  }

  @Test
  void sumsWithoutHistogramsAreSmall() {
    MomentSums sums = new MomentSums();
    sums.accept(GrayImage.withChannels(new PixelKind(4, 16)));

    assertThat(MomentSumsCodec.encode(sums)).hasSizeLessThan(200);
  }

  @Test
  void bytesThatEndEarlyOrLateAreRefused() {
    byte[] bytes = MomentSumsCodec.encode(everything());
    for (int length = 0; length < bytes.length; length += length < 400 ? 1 : 97) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> MomentSumsCodec.decode(cut))
          .as("%d bytes", length)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith(length + " bytes that are no sums of image_moments: ");
    }
    assertThatThrownBy(() -> MomentSumsCodec.decode(Arrays.copyOf(bytes, bytes.length + 1)))
        .hasMessageContaining("1 bytes too many");
  }

  @Test
  void anotherVersionIsRefused() {
    byte[] bytes = MomentSumsCodec.encode(everything());
    bytes[0] = 2;

    assertThatThrownBy(() -> MomentSumsCodec.decode(bytes))
        .hasMessageContaining("version 2 instead of 1");
  }

  @Test
  void mutatedBytesNeverDoWorseThanBeingRefused() {
    byte[] bytes = MomentSumsCodec.encode(everything());
    Random random = new Random(6);
    for (int i = 0; i < 2000; i++) {
      byte[] mutated = bytes.clone();
      mutated[random.nextInt(i % 2 == 0 ? 200 : bytes.length)] = (byte) random.nextInt(256);
      try {
        MomentSumsCodec.decode(mutated);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageNotContaining("null");
      }
    }
  }

  /** Two kinds, one with histograms whose counts take one to nine bytes, and two causes. */
  private static MomentSums everything() {
    MomentSums sums = new MomentSums();
    long[] histogram = new long[256];
    for (int value = 0; value < 63; value++) {
      histogram[value] = (1L << value) - 1;
    }
    BigInteger large = BigInteger.ONE.shiftLeft(100);
    sums.add(
        new PixelSums(
            new PixelKind(1, 8),
            Long.MAX_VALUE - 1,
            large,
            List.of(new ChannelSums(large, large.negate(), BigInteger.TEN, 0, 255)),
            List.of(),
            Optional.of(new long[][] {histogram})));
    sums.accept(GrayImage.withChannels(new PixelKind(4, 16)));
    sums.reject(BadImageCause.CORRUPT, 3);
    sums.reject(BadImageCause.TIMED_OUT, Long.MAX_VALUE - 1);
    return sums;
  }
}
