package dev.syncnorm.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.Pixels;
import dev.syncnorm.testing.ChildJvm;
import dev.syncnorm.testing.Samples;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SumsPixelsTest {

  private static final long MOST_ALLOCATED_BYTES = 64 * 1024;

  @Test
  void thisJvmUsesVectors() {
    assertThat(SumsPixels.fastest()).isInstanceOf(VectorSums.class);
    assertThat(SumsHashes.hash(new VectorSums())).isEqualTo(SumsHashes.hash(new PlainSums()));
  }

  /** The width of the vectors, the processor's instructions, the compiler. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:MaxVectorSize=16",
        "-XX:MaxVectorSize=32",
        "-XX:MaxVectorSize=64",
        "-XX:UseAVX=2",
        "-XX:UseAVX=0",
        "-XX:-UseFMA",
        "-XX:TieredStopAtLevel=1"
      })
  void theJvmDoesNotShow(String option) {
    assertThat(ChildJvm.lastLine(SumsHashes.class, ChildJvm.VECTOR_MODULE, option))
        .isEqualTo(SumsHashes.hash(new PlainSums()));
  }

  @Test
  void sumsWithoutTheModuleAreTheSame() {
    assertThat(ChildJvm.lastLine(SumsHashes.class)).isEqualTo(SumsHashes.hash(new PlainSums()));
  }

  @Test
  void vectorsStayInRegisters() {
    String bytes = ChildJvm.lastLine(SumsAllocation.class, ChildJvm.VECTOR_MODULE);
    assertThat(Long.parseLong(bytes)).isLessThan(MOST_ALLOCATED_BYTES);
  }

  /** The limit is far from what a compiler allocates that knows nothing of vectors. */
  @Test
  void vectorsOutsideOfRegistersWouldShow() {
    String bytes =
        ChildJvm.lastLine(
            SumsAllocation.class,
            ChildJvm.VECTOR_MODULE,
            "-XX:TieredStopAtLevel=1",
            "-Dpatience=1");
    assertThat(Long.parseLong(bytes)).isGreaterThan(20 * MOST_ALLOCATED_BYTES);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4})
  void sumsAreThoseOfArbitraryPrecision(int channels) {
    for (int bits : new int[] {8, 16}) {
      for (int count : new int[] {1, 65, 400, 50_000}) {
        Samples samples = Samples.random(count, 1, channels, bits, count);
        ByteBuffer buffer =
            ByteBuffer.allocateDirect(count * channels * bits / 8).order(ByteOrder.nativeOrder());
        for (int value : samples.values()) {
          if (bits == 8) {
            buffer.put((byte) value);
          } else {
            buffer.putShort((short) value);
          }
        }
        int[] order = {0, 1, 2, 3};
        Pixels pixels =
            new Pixels(
                new dev.syncnorm.image.PixelKind(channels, bits),
                count,
                1,
                buffer,
                channels,
                java.util.Arrays.copyOf(order, channels));
        for (SumsPixels kernel : new SumsPixels[] {new PlainSums(), new VectorSums()}) {
          ExactOracle.assertSums(sums(kernel, pixels), samples);
          ExactOracle.assertSums(sumsFromCounts(kernel, pixels), samples);
        }
      }
    }
  }

  /** So many that sums in shorts and ints would overflow. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void manyOfTheGreatestSamplesAreSummed(int samples) {
    int count = 9_000_001;
    Pixels pixels = SumsHashes.pixels(samples, 8, count, 1);
    SampleSums sums = new SampleSums();
    sums.clear();
    new VectorSums().add(sums, pixels);
    SampleSums products = new SampleSums();
    products.clear();
    new VectorSums().addProducts(products, pixels);
    for (int a = 0; a < samples; a++) {
      assertThat(sums.sums[a]).isEqualTo(255L * count);
      for (int b = a; b < samples; b++) {
        assertThat(sums.product(a, b)).isEqualTo(255L * 255 * count);
        assertThat(products.product(a, b)).isEqualTo(a == b ? 0 : 255L * 255 * count);
      }
    }
  }

  private static ImageSums sums(SumsPixels kernel, Pixels pixels) {
    SampleSums sums = new SampleSums();
    sums.clear();
    kernel.add(sums, pixels);
    return ImageMeter.imageSums(pixels, sums, Optional.of(SampleCounts.of(pixels)));
  }

  private static ImageSums sumsFromCounts(SumsPixels kernel, Pixels pixels) {
    SampleSums sums = new SampleSums();
    sums.clear();
    int[][] counts = SampleCounts.of(pixels);
    sums.addMoments(counts);
    kernel.addProducts(sums, pixels);
    return ImageMeter.imageSums(pixels, sums, Optional.of(counts));
  }
}
