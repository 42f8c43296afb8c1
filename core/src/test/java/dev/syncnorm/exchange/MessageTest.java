package dev.syncnorm.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.syncnorm.exchange.Message.Reply;
import dev.syncnorm.exchange.Message.ReplyKind;
import dev.syncnorm.exchange.Message.Request;
import dev.syncnorm.exchange.Message.RequestKind;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageTest {

  /** Where a request has its number of pieces. */
  private static final int PIECES_AT = 37;

  private static final int PAYLOAD_LENGTH_AT = 41;

  @ParameterizedTest
  @EnumSource(RequestKind.class)
  void aRequestReadsBackAsItWas(RequestKind kind) {
    Request request =
        new Request(kind, -5L, 7, 3, new SumId(1L << 40, 6), 2, 9, new byte[] {1, -1, 0});

    Request read = Request.decode(request.encode());

    assertThat(read).usingRecursiveComparison().isEqualTo(request);
  }

  @ParameterizedTest
  @EnumSource(ReplyKind.class)
  void aReplyReadsBackAsItWas(ReplyKind kind) {
    Reply reply = new Reply(kind, 1, 2, new byte[] {4, 5});

    assertThat(Reply.decode(reply.encode())).usingRecursiveComparison().isEqualTo(reply);
  }

  @Test
  void aStopCarriesItsReason() {
    assertThat(Reply.decode(Reply.stop("vorüber").encode()).text()).isEqualTo("vorüber");
  }

  @Test
  void everyTruncationAndEveryAppendedByteIsRefused() {
    byte[] whole = request().encode();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatIllegalArgumentException().isThrownBy(() -> Request.decode(cut));
      assertThatIllegalArgumentException().isThrownBy(() -> Reply.decode(cut));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Request.decode(Arrays.copyOf(whole, whole.length + 1)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void aNumberOfPiecesThatNoArrayHasIsRefused(int pieces) {
    byte[] bytes = request().encode();
    ByteBuffer.wrap(bytes).putInt(PIECES_AT, pieces);

    assertThatIllegalArgumentException().isThrownBy(() -> Request.decode(bytes));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 4, Integer.MAX_VALUE})
  void aPayloadLengthThatIsNotThatOfTheRestIsRefusedBeforeRoomIsMade(int length) {
    byte[] bytes = request().encode();
    ByteBuffer.wrap(bytes).putInt(PAYLOAD_LENGTH_AT, length);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Request.decode(bytes))
        .withMessageContaining("header says " + length);
  }

  @Test
  void damagedMessagesAreReadOrRefusedButNeverEndOtherwise() {
    long seed = 20240607;
    Random random = new Random(seed);
    byte[][] wholes = {
      request().encode(), new Reply(ReplyKind.PIECE, 0, 3, new byte[] {1, 2, 3}).encode()
    };
    Mailbox mailbox = new Mailbox(-5, new SharedBytesInMemory(), () -> 0);
    mailbox.open(9, new byte[8]);
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = wholes[i % 2].clone();
      for (int damages = random.nextInt(4); damages >= 0; damages--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      if (random.nextInt(8) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(2 * bytes.length));
      }
      try {
        readAll(mailbox, bytes);
      } catch (RuntimeException e) {
        throw new AssertionError("seed %d, message %d".formatted(seed, i), e);
      }
    }
  }

  private static void readAll(Mailbox mailbox, byte[] bytes) {
    try {
      Reply.decode(bytes);
    } catch (IllegalArgumentException e) {
      // Refused, as it may be.
    }
    try {
      mailbox.answer(bytes);
    } catch (IllegalArgumentException e) {
      // Refused, as it may be.
    }
  }

  private static Request request() {
    return new Request(
        RequestKind.PUT, -5, 1, 3, new SumId(2, 1), 0, 1, new byte[] {1, 2, 3, 4, 5});
  }
}
