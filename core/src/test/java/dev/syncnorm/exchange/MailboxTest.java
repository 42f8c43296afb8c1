package dev.syncnorm.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.syncnorm.exchange.Mailbox.Delivery;
import dev.syncnorm.exchange.Message.Reply;
import dev.syncnorm.exchange.Message.ReplyKind;
import dev.syncnorm.exchange.Message.Request;
import dev.syncnorm.exchange.Message.RequestKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MailboxTest {

  private static final long RUN = 42;
  private static final SumId FIRST = new SumId(1, 0);
  private static final SumId SECOND = new SumId(1, 1);
  private static final SumId THIRD = new SumId(1, 2);
  private static final byte[] NOTHING = {};

  private final AtomicLong clock = new AtomicLong(1_000);
  private final SharedBytesInMemory shared = new SharedBytesInMemory();
  private final Mailbox mailbox = new Mailbox(RUN, shared, clock::get);

  @BeforeEach
  void open() {
    assertThat(mailbox.open(2, new byte[] {7})).isEqualTo(1);
  }

  @Test
  void aJoiningWorkerGetsTheState() {
    Reply reply = poll(1, 0, SumId.JOIN);

    assertThat(reply.kind()).isEqualTo(ReplyKind.PIECE);
    assertThat(reply.payload()).containsExactly(7);
  }

  @Test
  void aContributionIsDeliveredAndItsResultPolled() throws Exception {
    assertThat(put(1, 1, FIRST, 0, 1, new byte[] {1, 2}).kind()).isEqualTo(ReplyKind.WAIT);
    assertThat(poll(1, 1, FIRST).kind()).isEqualTo(ReplyKind.WAIT);

    Delivery.Contribution delivery = (Delivery.Contribution) take().orElseThrow();
    mailbox.publish(FIRST, new byte[] {3});

    assertThat(delivery.worker()).isEqualTo(1);
    assertThat(delivery.id()).isEqualTo(FIRST);
    assertThat(delivery.content()).containsExactly(1, 2);
    assertThat(delivery.arrivedNanos()).isEqualTo(1_000);
    assertThat(poll(1, 1, FIRST).payload()).containsExactly(3);
  }

  @Test
  void thePutOfTheLastContributionIsAnsweredWithTheResultOfWhoeverAttends() {
    mailbox.attend(this::publishTheSecondOfTwo);

    assertThat(put(1, 0, FIRST, 0, 1, new byte[] {1}).kind()).isEqualTo(ReplyKind.WAIT);
    Reply last = put(1, 1, FIRST, 0, 1, new byte[] {2});

    assertThat(last.kind()).isEqualTo(ReplyKind.PIECE);
    assertThat(last.payload()).containsExactly(1, 2);
    assertThat(poll(1, 0, FIRST).payload()).containsExactly(1, 2);
  }

  @Test
  void aPutThatIsSentAgainBecauseItsReplyWasLostIsAnsweredWithTheSameResult() {
    mailbox.attend(this::publishTheSecondOfTwo);
    put(1, 0, FIRST, 0, 1, new byte[] {1});
    put(1, 1, FIRST, 0, 1, new byte[] {2});

    Reply again = put(1, 1, FIRST, 0, 1, new byte[] {2});

    assertThat(again.kind()).isEqualTo(ReplyKind.PIECE);
    assertThat(again.payload()).containsExactly(1, 2);
    assertThat(take()).as("delivered once more").isEmpty();
  }

  private final List<Byte> received = new ArrayList<>();

  private void publishTheSecondOfTwo() {
    received.add(((Delivery.Contribution) take().orElseThrow()).content()[0]);
    if (received.size() == 2) {
      mailbox.publish(FIRST, new byte[] {received.get(0), received.get(1)});
    }
  }

  @Test
  void whoeverAttendsIsCalledForWholeContributionsAndFailuresOnly() {
    int[] calls = {0};
    mailbox.attend(() -> calls[0]++);

    poll(1, 0, FIRST);
    answer(request(RequestKind.ALIVE, 1, 0, SumId.JOIN, 0, 1, NOTHING));
    put(1, 0, FIRST, 0, 2, new byte[] {1});
    put(7, 0, FIRST, 0, 1, new byte[] {1}); // a generation that is not open yet
    assertThat(calls[0]).isZero();
    put(1, 0, FIRST, 1, 2, new byte[] {2});
    assertThat(calls[0]).isEqualTo(1);
    answer(request(RequestKind.FAIL, 1, 0, SumId.JOIN, 0, 1, NOTHING));
    assertThat(calls[0]).isEqualTo(2);
    mailbox.close("over");
    put(1, 1, FIRST, 0, 1, new byte[] {1});
    assertThat(calls[0]).isEqualTo(2);
  }

  @Test
  void whoeverAttendsDoesNotHoldUpOtherAnswers() throws Exception {
    CountDownLatch attending = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    mailbox.attend(
        () -> {
          attending.countDown();
          await(goOn);
        });
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<Reply> slow = thread.submit(() -> put(1, 0, FIRST, 0, 1, new byte[] {1}));
      await(attending);
      assertThat(poll(1, 1, FIRST).kind()).isEqualTo(ReplyKind.WAIT);
      goOn.countDown();
      assertThat(slow.get(30, TimeUnit.SECONDS).kind()).isEqualTo(ReplyKind.WAIT);
    } finally {
      goOn.countDown();
      thread.shutdownNow();
    }
  }

  @Test
  void waitingEndsWithTheResultOrWithTheGenerationAndDoesNotBeginIfItIsThere() throws Exception {
    waitingEndsBy(() -> mailbox.publish(FIRST, NOTHING), FIRST);
    mailbox.await(FIRST, TimeUnit.MINUTES.toNanos(10));
    mailbox.await(SumId.JOIN, TimeUnit.MINUTES.toNanos(10));
    waitingEndsBy(() -> mailbox.close("over"), SECOND);
    mailbox.await(THIRD, TimeUnit.MINUTES.toNanos(10));
  }

  @Test
  void waitingForAResultThatDoesNotComeEndsWithTheTime() throws Exception {
    long begin = System.nanoTime();
    mailbox.await(FIRST, TimeUnit.MILLISECONDS.toNanos(20));
    assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(15));
  }

  private void waitingEndsBy(Runnable news, SumId awaited) throws Exception {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<?> waiting =
          thread.submit(
              () -> {
                mailbox.await(awaited, TimeUnit.MINUTES.toNanos(10));
                return null;
              });
      Thread.sleep(20); // long enough for most runs to see the wait and not only its beginning
      assertThat(waiting.isDone()).isFalse();
      news.run();
      waiting.get(30, TimeUnit.SECONDS);
    } finally {
      thread.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aContributionInPiecesComesTogetherInAnyOrderAndWithAnyPieceTwice() throws Exception {
    byte[] whole = randomBytes(2 * Mailbox.PIECE_BYTES + 12_345);
    int count = Pieces.count(whole.length, Mailbox.PIECE_BYTES);
    assertThat(count).isEqualTo(3);
    for (long seed = 0; seed < 20; seed++) {
      mailbox.open(2, NOTHING);
      List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 0, 1, 2));
      Collections.shuffle(order, new Random(seed));
      for (int piece : order) {
        put(mailboxGeneration(seed), 0, FIRST, piece, 3, piece(whole, piece));
      }
      assertThat(((Delivery.Contribution) take().orElseThrow()).content())
          .as("order %s", order)
          .isEqualTo(whole);
    }
  }

  private static int mailboxGeneration(long openedAfterTheFirst) {
    return (int) openedAfterTheFirst + 2;
  }

  @Test
  void piecesOfTwoWorkersDoNotMix() throws Exception {
    put(1, 0, FIRST, 0, 2, new byte[] {1});
    put(1, 1, FIRST, 1, 2, new byte[] {4});
    assertThat(take()).isEmpty();
    put(1, 1, FIRST, 0, 2, new byte[] {3});

    Delivery.Contribution delivery = (Delivery.Contribution) take().orElseThrow();
    assertThat(delivery.worker()).isEqualTo(1);
    assertThat(delivery.content()).containsExactly(3, 4);
    assertThat(take()).isEmpty();
  }

  @Test
  void whatComesAfterItsSumWasPublishedIsDropped() throws Exception {
    mailbox.publish(SECOND, NOTHING);

    put(1, 0, FIRST, 0, 1, new byte[] {1});
    put(1, 0, SECOND, 0, 1, new byte[] {1});

    assertThat(take()).isEmpty();
  }

  @Test
  void aContributionThatChangesItsNumberOfPiecesIsRefused() {
    put(1, 0, FIRST, 0, 2, new byte[] {1});

    assertThatIllegalArgumentException()
        .isThrownBy(() -> put(1, 0, FIRST, 0, 3, new byte[] {1}))
        .withMessageContaining("2 pieces");
  }

  @Test
  void aWorkerThatTheGenerationDoesNotHaveIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> poll(1, 2, SumId.JOIN))
        .withMessageContaining("worker 2");
    assertThatIllegalArgumentException().isThrownBy(() -> poll(1, -1, SumId.JOIN));
  }

  @Test
  void aResultAboveTheLimitIsSharedAndOneAtTheLimitIsSent() {
    byte[] small = new byte[Mailbox.SHARE_ABOVE_BYTES];
    byte[] large = randomBytes(Mailbox.SHARE_ABOVE_BYTES + 1);
    mailbox.publish(FIRST, small);
    mailbox.publish(SECOND, large);

    assertThat(poll(1, 0, FIRST).kind()).isEqualTo(ReplyKind.PIECE);
    Reply reply = poll(1, 0, SECOND);
    assertThat(reply.kind()).isEqualTo(ReplyKind.SHARED);
    assertThat(shared.fetch(reply.payload())).isSameAs(large);
    assertThat(shared.values).hasSize(1);
  }

  @Test
  void aLargeJoiningStateIsShared() {
    mailbox.open(1, new byte[Mailbox.SHARE_ABOVE_BYTES + 1]);

    assertThat(poll(2, 0, SumId.JOIN).kind()).isEqualTo(ReplyKind.SHARED);
  }

  @Test
  void sharingALargeResultDoesNotHoldUpAnswers() throws Exception {
    CountDownLatch sharing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    SharedBytes slow =
        new SharedBytes() {
          @Override
          public byte[] share(byte[] value) {
            sharing.countDown();
            try {
              assertThat(goOn.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return NOTHING;
          }

          @Override
          public byte[] fetch(byte[] handle) {
            return NOTHING;
          }
        };
    Mailbox sharer = new Mailbox(RUN, slow, clock::get);
    sharer.open(1, NOTHING);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<?> publishing =
          threads.submit(() -> sharer.publish(FIRST, new byte[Mailbox.SHARE_ABOVE_BYTES + 1]));
      assertThat(sharing.await(60, TimeUnit.SECONDS)).isTrue();
      byte[] alive = request(RequestKind.ALIVE, 1, 0, SumId.JOIN, 0, 1, NOTHING).encode();
      Future<byte[]> answer = threads.submit(() -> sharer.answer(alive));
      assertThat(Reply.decode(answer.get(30, TimeUnit.SECONDS)).kind())
          .isEqualTo(ReplyKind.ACKNOWLEDGED);
      goOn.countDown();
      publishing.get(30, TimeUnit.SECONDS);
    } finally {
      goOn.countDown();
      threads.shutdownNow();
    }
  }

  @Test
  void theLastTwoResultsAreKeptAndWhoeverAsksForAnOlderOneIsStopped() {
    mailbox.publish(FIRST, new byte[] {1});
    assertThat(poll(1, 0, SumId.JOIN).kind()).isEqualTo(ReplyKind.PIECE);
    mailbox.publish(SECOND, new byte[] {2});
    mailbox.publish(THIRD, new byte[] {3});

    assertThat(poll(1, 0, SumId.JOIN).kind()).isEqualTo(ReplyKind.STOP);
    assertThat(poll(1, 0, FIRST).text()).contains("sum 0 of step 1").contains("not kept");
    assertThat(poll(1, 0, SECOND).payload()).containsExactly(2);
    assertThat(poll(1, 0, THIRD).payload()).containsExactly(3);
    assertThat(poll(1, 0, new SumId(2, 0)).kind()).isEqualTo(ReplyKind.WAIT);
  }

  @Test
  void anOlderGenerationAndAnotherRunAreStopped() throws Exception {
    mailbox.open(1, new byte[] {8});

    for (RequestKind kind : RequestKind.values()) {
      assertThat(answer(request(kind, 1, 0, FIRST, 0, 1, NOTHING)).kind())
          .as("%s of the older generation", kind)
          .isEqualTo(ReplyKind.STOP);
      Request other = new Request(kind, RUN + 1, 2, 0, FIRST, 0, 1, NOTHING);
      assertThat(answer(other).kind()).as("%s of another run", kind).isEqualTo(ReplyKind.STOP);
    }
    assertThat(take()).isEmpty();
    assertThat(poll(2, 0, SumId.JOIN).payload()).containsExactly(8);
  }

  @Test
  void aGenerationThatIsNotOpenYetWaits() throws Exception {
    Mailbox unopened = new Mailbox(RUN, shared, clock::get);
    Request early = request(RequestKind.POLL, 1, 0, SumId.JOIN, 0, 1, NOTHING);

    assertThat(Reply.decode(unopened.answer(early.encode())).kind()).isEqualTo(ReplyKind.WAIT);
    assertThat(poll(2, 0, SumId.JOIN).kind()).isEqualTo(ReplyKind.WAIT);
  }

  @Test
  void openingForgetsWhatTheGenerationBeforeHadPut() throws Exception {
    put(1, 0, FIRST, 0, 1, new byte[] {1});
    put(1, 1, FIRST, 0, 2, new byte[] {1});

    mailbox.open(2, NOTHING);
    put(2, 1, FIRST, 1, 2, new byte[] {2});

    assertThat(take()).isEmpty();
  }

  @Test
  void aClosedMailboxStopsEveryoneWithItsReasonUntilItIsOpenedAgain() {
    mailbox.close("enough");
    assertThat(poll(1, 0, SumId.JOIN).text()).isEqualTo("enough");

    mailbox.open(1, new byte[] {9});

    assertThat(poll(2, 0, SumId.JOIN).payload()).containsExactly(9);
  }

  @Test
  void aFailureIsDeliveredWithItsMessage() throws Exception {
    byte[] message = "a.png is no image".getBytes(StandardCharsets.UTF_8);

    answer(request(RequestKind.FAIL, 1, 1, SumId.JOIN, 0, 1, message));

    assertThat(take()).contains(new Delivery.Failure(1, "a.png is no image"));
  }

  @Test
  void silenceIsMeasuredFromTheLastRequestOfTheWorkerInTheOpenGeneration() {
    clock.addAndGet(500);
    assertThat(mailbox.silentNanos(0)).isEqualTo(500);
    poll(1, 0, FIRST);
    clock.addAndGet(30);
    assertThat(mailbox.silentNanos(0)).isEqualTo(30);
    assertThat(mailbox.silentNanos(1)).isEqualTo(530);

    mailbox.open(2, NOTHING);
    clock.addAndGet(4);
    poll(1, 1, FIRST); // a zombie of the generation before
    assertThat(mailbox.silentNanos(1)).isEqualTo(4);
  }

  @Test
  void piecesAreCountedAndCutUpToTheLargestArray() {
    assertThat(Pieces.count(0, 10)).isEqualTo(1);
    assertThat(Pieces.count(10, 10)).isEqualTo(1);
    assertThat(Pieces.count(11, 10)).isEqualTo(2);
    assertThat(Pieces.count(Integer.MAX_VALUE, Mailbox.PIECE_BYTES)).isEqualTo(1024);
    assertThat(Pieces.cut(new byte[] {1, 2, 3}, 1, 2)).containsExactly(3);
    assertThat(Pieces.cut(NOTHING, 0, 2)).isEmpty();
  }

  private Optional<Delivery> take() {
    return mailbox.take();
  }

  private Reply poll(int generation, int worker, SumId id) {
    return answer(request(RequestKind.POLL, generation, worker, id, 0, 1, NOTHING));
  }

  private Reply put(int generation, int worker, SumId id, int piece, int pieces, byte[] content) {
    return answer(request(RequestKind.PUT, generation, worker, id, piece, pieces, content));
  }

  private Reply answer(Request request) {
    return Reply.decode(mailbox.answer(request.encode()));
  }

  private static Request request(
      RequestKind kind, int generation, int worker, SumId id, int piece, int pieces, byte[] body) {
    return new Request(kind, RUN, generation, worker, id, piece, pieces, body);
  }

  private static byte[] piece(byte[] whole, int piece) {
    return Pieces.cut(whole, piece, Mailbox.PIECE_BYTES);
  }

  private static byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
