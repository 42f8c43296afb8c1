package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.exchange.SumId;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import dev.syncnorm.testing.TinyTraining;
import dev.syncnorm.training.Contribution.NonFinite;
import dev.syncnorm.training.Coordinator.Outcome;
import dev.syncnorm.training.TreeReducer.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CoordinatorTest {

  /** Images in batches of 4 and 2. */
  private final TinyTraining training = TinyTraining.general(6, 4, 1, false);

  private final Coordinator coordinator = training.coordinator();

  @Test
  void aStepTakesOneContributionOfEachWorkerToEachSumAndCommitsOnce() throws Exception {
    coordinator.begin(3);
    int sums = training.plan().phases().size();
    for (int sum = 0; sum < sums; sum++) {
      SumId id = new SumId(1, sum);
      assertThat(coordinator.expected()).isEqualTo(id);
      assertThat(coordinator.accept(2, id, part(2, 3, id))).isInstanceOf(Outcome.Waiting.class);
      assertThat(coordinator.missing()).containsExactly(0, 1);
      assertThat(coordinator.accept(0, id, part(0, 3, id))).isInstanceOf(Outcome.Waiting.class);
      assertThat(coordinator.state().step()).isZero();
      assertThat(coordinator.accept(1, id, part(1, 3, id)))
          .isInstanceOf(sum + 1 < sums ? Outcome.Summed.class : Outcome.Committed.class);
    }
    assertThat(coordinator.state().step()).isEqualTo(1);
    assertThat(coordinator.expected()).isEqualTo(new SumId(2, 0));
    assertThat(coordinator.finished()).isFalse();
  }

  @Test
  void aCommittedStepIsDescribed() throws Exception {
    coordinator.begin(1);
    Outcome.Committed first = step(coordinator, 1, 1, 0);
    Outcome.Committed second = step(coordinator, 1, 2, 0);

    assertThat(first.step().images()).isEqualTo(4);
    assertThat(first.step().endsEpoch()).isFalse();
    assertThat(second.step().images()).isEqualTo(2);
    assertThat(second.step().endsEpoch()).isTrue();
    assertThat(second.step().epoch()).isEqualTo(1);
    assertThat(second.result()).isEqualTo(coordinator.state().encodeForWorkers(Optional.empty()));
    assertThat(coordinator.finished()).isTrue();
  }

  @Test
  void duplicatesChangeNothing() throws Exception {
    byte[] plain = plainRun();
    coordinator.begin(2);
    for (long step = 1; step <= 2; step++) {
      List<SumId> before = new ArrayList<>();
      for (int sum = 0; sum < training.plan().phases().size(); sum++) {
        SumId id = new SumId(step, sum);
        byte[] other = part(0, 2, id, 99); // not even the same content
        assertThat(coordinator.accept(0, id, part(0, 2, id))).isInstanceOf(Outcome.Waiting.class);
        assertThat(coordinator.accept(0, id, other)).isInstanceOf(Outcome.Waiting.class);
        for (SumId earlier : before) {
          assertThat(coordinator.accept(1, earlier, part(1, 2, earlier)))
              .isInstanceOf(Outcome.Waiting.class);
        }
        assertThat(coordinator.missing()).containsExactly(1);
        coordinator.accept(1, id, part(1, 2, id));
        before.add(id);
      }
    }
    assertThat(coordinator.accept(0, new SumId(2, 0), part(0, 2, new SumId(2, 0))))
        .isInstanceOf(Outcome.Waiting.class);
    assertThat(coordinator.state().encodeForWorkers(Optional.empty())).isEqualTo(plain);
    assertThat(coordinator.state().updates()).containsExactly(0, 2, 0, 2, 0);
  }

  @Test
  void contributionsToAnotherSumAreIgnored() throws Exception {
    coordinator.begin(1);
    for (SumId other : List.of(new SumId(1, 1), new SumId(2, 0), SumId.JOIN, new SumId(9, 70))) {
      assertThat(coordinator.accept(0, other, new byte[3])).isInstanceOf(Outcome.Waiting.class);
    }
    assertThat(coordinator.missing()).containsExactly(0);
    assertThat(coordinator.expected()).isEqualTo(new SumId(1, 0));
  }

  @Test
  void wrongNodesAreRefusedAndTheRightOnesTakenAfterwards() throws Exception {
    byte[] plain = plainRun();
    coordinator.begin(2);
    SumId id = new SumId(1, 0);
    byte[] ofTheOther = part(1, 2, id);
    byte[] none = new Contribution(Optional.empty(), List.of()).encode();
    byte[] ofAnotherSharing = part(0, 4, id);
    for (byte[] wrong : List.of(ofTheOther, none, ofAnotherSharing)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> coordinator.accept(0, id, wrong))
          .withMessageContaining("worker 0 in sum 0 of step 1");
    }
    assertThatIllegalArgumentException().isThrownBy(() -> coordinator.accept(0, id, new byte[13]));
    assertThat(coordinator.missing()).containsExactly(0, 1);

    step(coordinator, 2, 1, 0);
    step(coordinator, 2, 2, 0);
    assertThat(coordinator.state().encodeForWorkers(Optional.empty())).isEqualTo(plain);
  }

  @Test
  void aPlaceOutsideOfTheWorkersImagesOrOfTheSumIsRefused() {
    coordinator.begin(2);
    SumId id = new SumId(1, 0);
    List<Node> nodes = nodes(0, 2, id, 0);
    for (NonFinite place :
        List.of(
            new NonFinite(2, 0), new NonFinite(70, 0), new NonFinite(0, 1), new NonFinite(0, -1))) {
      assertThatIllegalArgumentException()
          .as("%s", place)
          .isThrownBy(
              () ->
                  coordinator.accept(0, id, new Contribution(Optional.of(place), nodes).encode()));
    }
    assertThat(coordinator.missing()).containsExactly(0, 1);
  }

  @Test
  void aNewGenerationForgetsTheSumsOfTheStepInProgress() throws Exception {
    byte[] plain = plainRun();
    coordinator.begin(2);
    step(coordinator, 2, 1, 0);
    byte[] afterFirst = coordinator.state().encodeForWorkers(Optional.empty());
    for (int sum = 0; sum + 1 < training.plan().phases().size(); sum++) {
      SumId id = new SumId(2, sum);
      coordinator.accept(0, id, part(0, 2, id, 5)); // sums that must leave no trace
      coordinator.accept(1, id, part(1, 2, id, 5));
    }

    assertThat(coordinator.begin(3)).isEqualTo(afterFirst);
    assertThat(coordinator.expected()).isEqualTo(new SumId(2, 0));
    assertThat(coordinator.missing()).containsExactly(0, 1, 2);
    step(coordinator, 3, 2, 0);
    assertThat(coordinator.state().encodeForWorkers(Optional.empty())).isEqualTo(plain);
    assertThat(coordinator.state().updates()).containsExactly(0, 2, 0, 2, 0);
  }

  @Test
  void anyOrderOfWorkersAndAnyNumberOfThemGiveTheSameBits() throws Exception {
    byte[] plain = plainRun();
    for (int workers = 1; workers <= 6; workers++) {
      for (long order = 0; order < 5; order++) {
        Coordinator other = training.coordinator();
        other.begin(workers);
        step(other, workers, 1, order);
        step(other, workers, 2, order);
        assertThat(other.state().encodeForWorkers(Optional.empty()))
            .as("%d workers in order %d", workers, order)
            .isEqualTo(plain);
      }
    }
  }

  @Test
  void theFirstImageThatIsNotFiniteIsNamedWhateverComesFirst() {
    for (int firstToCome : new int[] {0, 1}) {
      Coordinator fresh = training.coordinator();
      fresh.begin(2);
      SumId id = new SumId(1, 0);
      assertThatThrownBy(
              () -> {
                for (int worker : new int[] {firstToCome, 1 - firstToCome}) {
                  NonFinite place = new NonFinite(2 * worker + 1, 0);
                  fresh.accept(
                      worker,
                      id,
                      new Contribution(Optional.of(place), nodes(worker, 2, id, 0)).encode());
                }
              })
          .isInstanceOfSatisfying(
              NonFiniteException.class,
              e -> {
                assertThat(e.step()).isEqualTo(1);
                assertThat(e.image()).contains(1);
                assertThat(e.subject()).isEqualTo("the moments of the input of bn1");
              });
      assertThat(fresh.state().step()).isZero();
    }
  }

  private byte[] plainRun() throws NonFiniteException {
    Coordinator plain = training.coordinator();
    plain.begin(1);
    step(plain, 1, 1, 0);
    step(plain, 1, 2, 0);
    return plain.state().encodeForWorkers(Optional.empty());
  }

  /** All contributions of a step, those to one sum in an order of the seed's. */
  private Outcome.Committed step(Coordinator to, int workers, long step, long order)
      throws NonFiniteException {
    Outcome last = new Outcome.Waiting();
    for (int sum = 0; sum < training.plan().phases().size(); sum++) {
      SumId id = new SumId(step, sum);
      List<Integer> senders = new ArrayList<>(IntStream.range(0, workers).boxed().toList());
      Collections.shuffle(senders, new Random(order));
      for (int worker : senders) {
        last = to.accept(worker, id, part(worker, workers, id));
      }
    }
    return (Outcome.Committed) last;
  }

  private byte[] part(int worker, int workers, SumId id) {
    return part(worker, workers, id, 0);
  }

  private byte[] part(int worker, int workers, SumId id, long seed) {
    return new Contribution(Optional.empty(), nodes(worker, workers, id, seed)).encode();
  }

  /** Made-up sums that are the same for an image whoever has it. */
  private List<Node> nodes(int worker, int workers, SumId id, long seed) {
    int images = training.schedule().batch(id.step()).length;
    SumLayout layout = training.plan().phases().get(id.sum()).sum();
    Range range = Range.share(images, workers).get(worker);
    TreeReducer reducer = new TreeReducer(layout, images, range);
    for (int image = range.from(); image < range.to(); image++) {
      Random random = new Random(seed + 31 * image + 1_000 * id.sum() + 100_000 * id.step());
      double[] values = random.doubles(layout.length(), -1, 1).toArray();
      for (Segment segment : layout.segments()) {
        if (segment instanceof Segment.Moments moments) {
          for (int c = 0; c < moments.channels(); c++) {
            int squares = moments.offset() + moments.channels() + c;
            values[squares] = Math.abs(values[squares]);
          }
        }
      }
      reducer.add(0, image, values);
    }
    return reducer.nodes();
  }
}
