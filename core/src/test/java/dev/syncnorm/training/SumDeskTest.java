package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.exchange.PollingExchange;
import dev.syncnorm.exchange.StoppedException;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.testing.TinyTraining;
import dev.syncnorm.training.SumDesk.News;
import dev.syncnorm.training.TreeReducer.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SumDeskTest {

  /** Two steps of five sums, of images 0-3 and 4-5. */
  private final TinyTraining training = TinyTraining.general(6, 4, 1, false);

  private final int sums = training.plan().phases().size();
  private final Coordinator coordinator = training.coordinator();
  private final Mailbox mailbox = new Mailbox(1, InProcessWorkers.sharedMemory(), System::nanoTime);

  /** What a worker's waiting gives others the time for. */
  private Runnable meanwhile =
      () -> {
        throw new AssertionError("the worker had to wait");
      };

  @Test
  void aSmallSumIsTheAnswerToItsLastPutAndNeedsNoThreadOfTheDriver() throws Exception {
    SumDesk desk = new SumDesk(coordinator, mailbox);
    int generation = desk.open(1);

    for (int sum = 0; sum < sums; sum++) {
      assertThat(put(generation, new SumId(1, sum))).isNotEmpty();
    }

    assertThat(coordinator.state().step()).isEqualTo(1);
    News.Committed news = (News.Committed) desk.work().orElseThrow();
    assertThat(news.step().step()).isEqualTo(1);
    assertThat(news.sums())
        .hasSize(sums)
        .first()
        .extracting(SumDesk.Sum::name)
        .isEqualTo("moments of bn1");
    assertThat(news.sums()).extracting(SumDesk.Sum::waitNanos).containsOnly(0L);
  }

  @Test
  void aLargeSumIsLeftToTheThreadOfTheDriver() throws Exception {
    SumDesk desk = new SumDesk(coordinator, mailbox, mailbox::publish, 0);
    int generation = desk.open(1);
    List<Optional<News>> worked = new ArrayList<>();
    meanwhile = () -> worked.add(desk.work());

    assertThat(put(generation, new SumId(1, 0))).isNotEmpty();

    assertThat(worked).containsExactly(Optional.empty());
    assertThat(desk.await(0)).as("the driver's thread was called").isTrue();
    assertThat(coordinator.expected()).isEqualTo(new SumId(1, 1));
  }

  @Test
  void nothingIsTakenAfterACommitUntilItHasBeenSeenTo() throws Exception {
    SumDesk desk = new SumDesk(coordinator, mailbox);
    int generation = desk.open(1);
    commit(generation, 1);
    assertThat(desk.await(0)).as("the driver's thread was called").isTrue();
    SumId next = new SumId(2, 0);
    List<SumId> expected = new ArrayList<>();
    meanwhile =
        () -> {
          assertThat(((News.Committed) desk.work().orElseThrow()).step().step()).isEqualTo(1);
          expected.add(coordinator.expected());
          desk.seenTo();
          assertThat(desk.work()).isEmpty();
        };

    assertThat(put(generation, next)).isNotEmpty();

    assertThat(expected).as("what the sum waited for").containsExactly(next);
    assertThat(coordinator.expected()).isEqualTo(new SumId(2, 1));
  }

  @Test
  void aCommitThatCameWhenTheGenerationWasGivenUpIsNotLost() throws Exception {
    SumDesk desk = new SumDesk(coordinator, mailbox);
    int generation = desk.open(1);
    commit(generation, 1);

    Optional<News.Committed> last = desk.close("over");

    assertThat(last.orElseThrow().step().step()).isEqualTo(1);
    assertThat(desk.close("over")).isEmpty();
    assertThat(desk.open(1)).isEqualTo(2);
    commit(2, 2);
    assertThat(coordinator.finished()).isTrue();
  }

  @Test
  void aFailureOfAGenerationThatWasGivenUpConcernsNobody() throws Exception {
    SumDesk desk = new SumDesk(coordinator, mailbox);
    exchange(desk.open(1)).fail("interrupted");

    assertThat(desk.close("over")).isEmpty();
    desk.open(1);
    assertThat(desk.work()).isEmpty();
  }

  @Test
  void whatCantBeUsedIsTheDriversNewsAndNotTheTransportsException() throws Exception {
    SumDesk desk = new SumDesk(coordinator, mailbox);
    int generation = desk.open(1);
    SumId id = new SumId(1, 0);
    List<Optional<News>> news = new ArrayList<>();
    meanwhile =
        () -> {
          news.add(desk.work());
          desk.close("given up");
        };

    assertThatThrownBy(() -> exchange(generation).sum(id, new byte[5]))
        .isInstanceOf(StoppedException.class)
        .hasMessage("given up");

    News.Refused refused = (News.Refused) news.get(0).orElseThrow();
    assertThat(refused.contribution().id()).isEqualTo(id);
    assertThat(refused.cause()).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whoBringsAContributionWhileAnotherIsAddedDoesNotWaitAndItIsNotForgotten() throws Exception {
    CountDownLatch publishing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    SumDesk desk =
        new SumDesk(
            coordinator,
            mailbox,
            (id, result) -> {
              publishing.countDown();
              await(goOn);
              mailbox.publish(id, result);
            },
            SumDesk.AT_ONCE_VALUES);
    int generation = desk.open(1);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      meanwhile = goOn::countDown;
      Future<byte[]> slow = other.submit(() -> put(generation, new SumId(1, 0)));
      await(publishing);
      // The same contribution once more, whose reply is lost: it comes while the sum is published.
      assertThat(put(generation, new SumId(1, 0))).isEqualTo(slow.get(30, TimeUnit.SECONDS));
    } finally {
      goOn.countDown();
      other.shutdownNow();
    }
    desk.work();
    assertThat(mailbox.hasDelivery()).isFalse();
    assertThat(coordinator.expected()).isEqualTo(new SumId(1, 1));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void commit(int generation, long step) throws StoppedException {
    for (int sum = 0; sum < sums; sum++) {
      put(generation, new SumId(step, sum));
    }
  }

  private byte[] put(int generation, SumId id) throws StoppedException {
    return exchange(generation).sum(id, contribution(id));
  }

  private PollingExchange exchange(int generation) {
    PollingExchange.Waiting waiting =
        new PollingExchange.Waiting() {
          @Override
          public void pause(long nanos) {
            meanwhile.run();
          }

          @Override
          public boolean killed() {
            return false;
          }
        };
    return new PollingExchange(
        mailbox::answer, mailbox.shared(), waiting, System::nanoTime, 1, generation, 0, 1, 1);
  }

  /** That of the only worker: the root of the tree, of ones. */
  private byte[] contribution(SumId id) {
    SumLayout layout = training.plan().phases().get(id.sum()).sum();
    int images = training.schedule().batch(id.step()).length;
    TreeReducer reducer = new TreeReducer(layout, images, new Range(0, images));
    for (int image = 0; image < images; image++) {
      double[] values = new double[layout.length()];
      Arrays.fill(values, 1);
      reducer.add(0, image, values);
    }
    List<Node> nodes = reducer.nodes();
    return new Contribution(Optional.empty(), nodes).encode();
  }
}
