package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.syncnorm.training.Contribution.NonFinite;
import dev.syncnorm.training.TreeReducer.Node;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContributionTest {

  private static final Contribution TWO_NODES =
      new Contribution(
          Optional.of(new NonFinite(6, 2)),
          List.of(
              new Node(2, 1, new double[] {1.5, Double.NaN, -0.0}),
              new Node(0, 8, new double[] {Double.MIN_VALUE, Double.NEGATIVE_INFINITY, 3})));

  @Test
  void aContributionReadsBackBitForBit() {
    Contribution read = Contribution.decode(TWO_NODES.encode(), 3);

    assertThat(read.nonFinite()).isEqualTo(TWO_NODES.nonFinite());
    assertThat(read.nodes()).hasSameSizeAs(TWO_NODES.nodes());
    for (int n = 0; n < 2; n++) {
      Node node = read.nodes().get(n);
      Node expected = TWO_NODES.nodes().get(n);
      assertThat(node.level()).isEqualTo(expected.level());
      assertThat(node.index()).isEqualTo(expected.index());
      assertThat(bits(node)).isEqualTo(bits(expected));
    }
  }

  private static long[] bits(Node node) {
    return Arrays.stream(node.values()).mapToLong(Double::doubleToRawLongBits).toArray();
  }

  @Test
  void aWorkerWithoutImagesContributesNothing() {
    Contribution read =
        Contribution.decode(new Contribution(Optional.empty(), List.of()).encode(), 3);

    assertThat(read.nonFinite()).isEmpty();
    assertThat(read.nodes()).isEmpty();
  }

  @Test
  void everyOtherLengthIsRefused() {
    byte[] whole = TWO_NODES.encode();
    for (int length = 0; length < whole.length + 40; length++) {
      byte[] other = Arrays.copyOf(whole, length);
      if (length != whole.length) {
        assertThatIllegalArgumentException().isThrownBy(() -> Contribution.decode(other, 3));
      }
    }
    assertThatIllegalArgumentException().isThrownBy(() -> Contribution.decode(whole, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> Contribution.decode(whole, 9));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1, 3, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void aNumberOfNodesThatIsNotThatOfTheRestIsRefusedBeforeRoomIsMade(int nodes) {
    byte[] bytes = TWO_NODES.encode();
    ByteBuffer.wrap(bytes).putInt(8, nodes);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Contribution.decode(bytes, 3))
        .withMessageContaining("" + nodes);
  }

  @Test
  void damagedContributionsAreReadOrRefusedButNeverEndOtherwise() {
    long seed = 77;
    Random random = new Random(seed);
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = TWO_NODES.encode();
      for (int damages = random.nextInt(4); damages >= 0; damages--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      byte[] damaged = random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(200)) : bytes;
      try {
        Contribution.decode(damaged, 3);
      } catch (IllegalArgumentException e) {
        // Refused, as it may be.
      } catch (RuntimeException e) {
        throw new AssertionError("seed %d, contribution %d".formatted(seed, i), e);
      }
    }
  }
}
