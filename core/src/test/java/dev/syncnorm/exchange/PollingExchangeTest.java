package dev.syncnorm.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.exchange.Message.Reply;
import dev.syncnorm.exchange.Message.ReplyKind;
import dev.syncnorm.exchange.Message.Request;
import dev.syncnorm.exchange.Message.RequestKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PollingExchangeTest {

  private static final SumId ID = new SumId(3, 1);
  private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  /** A worker's clock moves only while it pauses. */
  private static final class VirtualTime implements PollingExchange.Waiting {
    private final List<Long> pauses = new ArrayList<>();
    private long nanos = 5;
    private boolean killed;

    @Override
    public void pause(long pauseNanos) {
      pauses.add(pauseNanos);
      nanos += pauseNanos;
    }

    @Override
    public boolean killed() {
      return killed;
    }
  }

  private final VirtualTime time = new VirtualTime();
  private final SharedBytesInMemory shared = new SharedBytesInMemory();
  private final List<Request> asked = new ArrayList<>();

  @Test
  void aSumPutsItsContributionThenPollsForTheResult() throws Exception {
    byte[] result =
        exchange(
                1,
                request ->
                    request.kind() == RequestKind.PUT
                        ? Reply.of(ReplyKind.WAIT)
                        : new Reply(ReplyKind.PIECE, 0, 1, new byte[] {6}))
            .sum(ID, new byte[] {1, 2});

    assertThat(result).containsExactly(6);
    assertThat(asked).extracting(Request::kind).containsExactly(RequestKind.PUT, RequestKind.POLL);
    assertThat(asked.get(0).payload()).containsExactly(1, 2);
    assertThat(asked).allSatisfy(r -> assertThat(r.id()).isEqualTo(ID));
    assertThat(asked).allSatisfy(r -> assertThat(r.generation()).isEqualTo(2));
  }

  @Test
  void aPutThatIsAnsweredWithTheResultNeedsNoPollAndNoPause() throws Exception {
    byte[] result =
        exchange(2, request -> new Reply(ReplyKind.PIECE, 0, 1, new byte[] {6}))
            .sum(ID, new byte[] {1});

    assertThat(result).containsExactly(6);
    assertThat(asked).extracting(Request::kind).containsExactly(RequestKind.PUT);
    assertThat(time.pauses).isEmpty();
  }

  @Test
  void ofAResultInPiecesThatBeginsWithTheAnswerToThePutTheOthersAreAskedFor() throws Exception {
    byte[] result =
        exchange(
                2,
                request -> {
                  int piece = request.kind() == RequestKind.PUT ? 0 : request.piece();
                  return new Reply(ReplyKind.PIECE, piece, 3, new byte[] {(byte) piece});
                })
            .sum(ID, new byte[] {1});

    assertThat(result).containsExactly(0, 1, 2);
    assertThat(asked)
        .extracting(Request::kind)
        .containsExactly(RequestKind.PUT, RequestKind.POLL, RequestKind.POLL);
    assertThat(time.pauses).isEmpty();
  }

  @Test
  void aPutWhoseReplyWithTheResultIsLostIsSentAgainAndBringsIt() throws Exception {
    Mailbox mailbox = new Mailbox(1, shared, () -> time.nanos);
    mailbox.open(1, new byte[0]);
    mailbox.open(1, new byte[0]);
    List<byte[]> taken = new ArrayList<>();
    mailbox.attend(
        () -> {
          taken.add(take(mailbox));
          mailbox.publish(ID, new byte[] {9});
        });
    PollingExchange exchange =
        exchange(
            1,
            request -> {
              Reply reply = Reply.decode(mailbox.answer(request.encode()));
              if (asked.size() == 1) {
                throw new IOException("the reply is lost");
              }
              return reply;
            });

    assertThat(exchange.sum(ID, new byte[] {4})).containsExactly(9);

    assertThat(asked).extracting(Request::kind).containsExactly(RequestKind.PUT, RequestKind.PUT);
    assertThat(taken).hasSize(1);
  }

  @Test
  void whoeverWaitsLongForTheSameSumEachTimePollsOnlyWhenItIsNearlyDue() throws Exception {
    SumWaits waits = new SumWaits();
    PollingExchange exchange = exchange(2, waits);
    waits.nanos = 10 * MILLISECOND;
    int first = polls(exchange, 1);
    for (int step = 2; step <= 8; step++) {
      polls(exchange, step);
    }

    assertThat(first).isGreaterThan(12);
    assertThat(polls(exchange, 9)).isLessThan(first / 2);
    assertThat(time.nanos - waits.since)
        .as("when it was found")
        .isBetween(10 * MILLISECOND, 11 * MILLISECOND);

    waits.nanos = 0;
    polls(exchange, 10); // found once as late as it was expected
    waits.nanos = MILLISECOND;
    polls(exchange, 11);
    assertThat(time.nanos - waits.since)
        .as("when it was found after one that came early")
        .isBetween(MILLISECOND, MILLISECOND * 3 / 2);
  }

  /** How many polls a step's sum takes. */
  private int polls(PollingExchange exchange, long step) throws StoppedException {
    int before = asked.size();
    exchange.sum(new SumId(step, 1), new byte[0]);
    return asked.size() - before - 1;
  }

  /** Results that are there so long after their put. */
  private final class SumWaits implements Driver {
    private long nanos;
    private long since;

    @Override
    public Reply answer(Request request) {
      if (request.kind() == RequestKind.PUT) {
        since = time.nanos;
        return Reply.of(ReplyKind.WAIT);
      }
      return time.nanos - since < nanos
          ? Reply.of(ReplyKind.WAIT)
          : new Reply(ReplyKind.PIECE, 0, 1, new byte[0]);
    }
  }

  @Test
  void aLargeContributionGoesInPiecesThatTheMailboxPutsTogether() throws Exception {
    byte[] large = randomBytes(3 * Mailbox.PIECE_BYTES + 1);
    Mailbox mailbox = new Mailbox(1, shared, () -> time.nanos);
    mailbox.open(1, new byte[0]);
    mailbox.open(1, new byte[0]);
    PollingExchange exchange =
        exchange(
            1,
            request -> {
              Reply reply = Reply.decode(mailbox.answer(request.encode()));
              if (request.kind() == RequestKind.POLL && reply.kind() == ReplyKind.WAIT) {
                mailbox.publish(ID, take(mailbox));
              }
              return reply;
            });

    byte[] result = exchange.sum(ID, large);

    assertThat(asked).filteredOn(r -> r.kind() == RequestKind.PUT).hasSize(4);
    assertThat(result).isEqualTo(large);
    assertThat(shared.fetched).as("a large result is shared").isEqualTo(1);
  }

  @Test
  void aResultInPiecesIsAskedForPieceByPiece() throws Exception {
    byte[] result =
        exchange(
                1,
                request ->
                    new Reply(
                        ReplyKind.PIECE, request.piece(), 3, new byte[] {(byte) request.piece()}))
            .join();

    assertThat(result).containsExactly(0, 1, 2);
    assertThat(asked).hasSize(3);
  }

  @Test
  void aLostRequestIsSentAgain() throws Exception {
    int[] losses = {5};
    PollingExchange exchange =
        exchange(
            1,
            request -> {
              if (losses[0]-- > 0) {
                throw new IOException("lost");
              }
              return new Reply(ReplyKind.PIECE, 0, 1, new byte[] {1});
            });

    assertThat(exchange.join()).containsExactly(1);
    assertThat(asked).hasSize(6);
  }

  @Test
  void requestsThatKeepFailingAreGivenUpAfterTheTimeForThat() {
    PollingExchange exchange =
        exchange(
            1,
            request -> {
              throw new IOException("connection refused");
            });

    assertThatThrownBy(exchange::join)
        .isInstanceOf(StoppedException.class)
        .hasMessageContaining("connection refused");
    assertThat(time.nanos).isBetween(GIVE_UP_NANOS, GIVE_UP_NANOS + 20 * MILLISECOND);
  }

  @Test
  void waitingForOthersIsNeverGivenUp() throws Exception {
    long enough = 1_000 * GIVE_UP_NANOS;
    PollingExchange exchange =
        exchange(
            5_000,
            request ->
                time.nanos < enough
                    ? Reply.of(ReplyKind.WAIT)
                    : new Reply(ReplyKind.PIECE, 0, 1, new byte[0]));

    assertThat(exchange.join()).isEmpty();
  }

  @Test
  void aStopEndsASumWithTheReasonOfTheDriver() {
    assertThatThrownBy(() -> exchange(1, r -> Reply.stop("over")).sum(ID, new byte[1]))
        .isInstanceOf(StoppedException.class)
        .hasMessage("over");
  }

  @Test
  void aKilledTaskAsksNothingMore() {
    PollingExchange exchange =
        exchange(
            1,
            request -> {
              time.killed = asked.size() == 7;
              return Reply.of(ReplyKind.WAIT);
            });

    assertThatThrownBy(exchange::join)
        .isInstanceOf(StoppedException.class)
        .hasMessageContaining("killed");
    assertThat(asked).hasSize(7);
  }

  @Test
  void anInterruptEndsTheWaitAndStaysVisible() {
    PollingExchange.Waiting interrupted =
        new PollingExchange.Waiting() {
          @Override
          public void pause(long nanos) throws InterruptedException {
            throw new InterruptedException();
          }

          @Override
          public boolean killed() {
            return false;
          }
        };
    PollingExchange exchange =
        new PollingExchange(
            r -> Reply.of(ReplyKind.WAIT).encode(), shared, interrupted, () -> 0, 1, 2, 0, 1, 1);

    assertThatThrownBy(exchange::join).isInstanceOf(StoppedException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void theSharedValueThatIsGoneStopsTheWorker() {
    SharedBytes gone =
        new SharedBytes() {
          @Override
          public byte[] share(byte[] value) {
            return new byte[0];
          }

          @Override
          public byte[] fetch(byte[] handle) throws IOException {
            throw new IOException("gone");
          }
        };
    PollingExchange exchange =
        new PollingExchange(
            r -> new Reply(ReplyKind.SHARED, 0, 1, new byte[0]).encode(),
            gone,
            time,
            () -> time.nanos,
            1,
            2,
            0,
            1,
            GIVE_UP_NANOS);

    assertThatThrownBy(exchange::join)
        .isInstanceOf(StoppedException.class)
        .hasMessageContaining("gone");
  }

  @Test
  void thePauseGrowsByAQuarterFromTheShortestToTheLongestAndStartsAnewWithTheNextSum()
      throws Exception {
    int[] waits = {40};
    PollingExchange exchange =
        exchange(
            4,
            request ->
                waits[0]-- > 0
                    ? Reply.of(ReplyKind.WAIT)
                    : new Reply(ReplyKind.PIECE, 0, 1, new byte[0]));
    exchange.join();

    assertThat(time.pauses.get(0)).isEqualTo(MILLISECOND / 5); // 4 workers / 5000 s / 4
    for (int i = 1; i < 40; i++) {
      long before = time.pauses.get(i - 1);
      assertThat(time.pauses.get(i)).isEqualTo(Math.min(5 * MILLISECOND, before * 5 / 4));
    }
    waits[0] = 2;
    exchange.join();
    assertThat(time.pauses.get(40)).isEqualTo(MILLISECOND / 5);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 25, 26, 60, 100, 300, 1_000})
  void allWorkersTogetherPollAboutFiveThousandTimesASecondAtMost(int workers) throws Exception {
    double seconds = 20;
    PollingExchange exchange =
        exchange(
            workers,
            request ->
                time.nanos < seconds * 1e9
                    ? Reply.of(ReplyKind.WAIT)
                    : new Reply(ReplyKind.PIECE, 0, 1, new byte[0]));
    exchange.join();

    // A tenth more: the first few polls of a sum come faster.
    assertThat(asked.size() * workers / seconds).isLessThan(5_500);
  }

  @Test
  void signsOfLifeAreSentEveryTwoSecondsAtMostAndOnlyWhenNothingElseWas() throws Exception {
    PollingExchange exchange =
        exchange(1, request -> new Reply(ReplyKind.PIECE, 0, 1, new byte[0]));
    for (int image = 0; image < 1_000; image++) {
      time.nanos += 10 * MILLISECOND;
      exchange.progress();
    }
    assertThat(asked).hasSize(5).extracting(Request::kind).containsOnly(RequestKind.ALIVE);

    time.nanos += 1_900 * MILLISECOND;
    exchange.join();
    time.nanos += 1_900 * MILLISECOND;
    exchange.progress();
    assertThat(asked).hasSize(6);
  }

  @Test
  void aLostSignOfLifeAndAFailureThatNobodyHearsDoNotThrow() {
    PollingExchange exchange =
        exchange(
            1,
            request -> {
              throw new IOException("lost");
            });
    time.nanos += 3_000 * MILLISECOND;

    assertThatCode(exchange::progress).doesNotThrowAnyException();
    assertThatCode(() -> exchange.fail("a.png is gone")).doesNotThrowAnyException();
    assertThat(asked.get(asked.size() - 1).payload()).asString().isEqualTo("a.png is gone");
  }

  /** Answers decoded requests. */
  private interface Driver {
    /** The reply to one request. */
    Reply answer(Request request) throws IOException;
  }

  private PollingExchange exchange(int workers, Driver driver) {
    Link link =
        bytes -> {
          Request request = Request.decode(bytes);
          asked.add(request);
          byte[] reply = driver.answer(request).encode();
          Arrays.fill(bytes, (byte) 0); // the request must be fresh each time
          return reply;
        };
    return new PollingExchange(
        link, shared, time, () -> time.nanos, 1, 2, 0, workers, GIVE_UP_NANOS);
  }

  private static byte[] take(Mailbox mailbox) {
    return ((Mailbox.Delivery.Contribution) mailbox.take().orElseThrow()).content();
  }

  private static byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    new Random(2).nextBytes(bytes);
    return bytes;
  }
}
