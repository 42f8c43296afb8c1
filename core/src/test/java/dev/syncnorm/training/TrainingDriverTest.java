package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.testing.TinyTraining;
import dev.syncnorm.training.Coordinator.CommittedStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class TrainingDriverTest {

  private static final double PATIENCE_SECONDS = 30;

  /** Steps of images 0-3 and 4-5, twice. */
  private final TinyTraining training = TinyTraining.general(6, 4, 2, false);

  private final Coordinator coordinator = training.coordinator();
  private final Mailbox mailbox = new Mailbox(1, InProcessWorkers.sharedMemory(), System::nanoTime);
  private final Events events = new Events();

  /** What the driver told. */
  private static final class Events implements TrainingListener {
    private final List<String> started = new ArrayList<>();
    private final List<CommittedStep> committed = new ArrayList<>();
    private final List<CommittedStep> ended = new ArrayList<>();
    private final List<String> lost = new ArrayList<>();
    private final List<String> sums = new ArrayList<>();
    private final List<Double> waits = new ArrayList<>();

    @Override
    public void started(int generation, int workers) {
      started.add(generation + ":" + workers);
    }

    @Override
    public void summed(String sum, double waitSeconds) {
      sums.add((committed.size() + 1) + " " + sum);
      waits.add(waitSeconds);
    }

    @Override
    public void committed(CommittedStep step, double seconds) {
      committed.add(step);
    }

    @Override
    public void ended(CommittedStep last) {
      ended.add(last);
    }

    @Override
    public void lost(int generation, String reason) {
      lost.add(reason);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void trainingEndsWithTheBitsOfTheSequentialRun(int workers) throws Exception {
    TrainingState end = driver(inProcess(workers, training.samples()), 0).run();

    List<CommittedStep> expected = training.sequentialRun();
    assertThat(end.encodeForWorkers(Optional.empty()))
        .isEqualTo(expected.get(3).state().encodeForWorkers(Optional.empty()));
    assertThat(end.slots()).isDeepEqualTo(expected.get(3).state().slots());
    assertThat(events.committed).extracting(CommittedStep::step).containsExactly(1L, 2L, 3L, 4L);
    assertThat(events.committed)
        .extracting(CommittedStep::loss)
        .isEqualTo(expected.stream().map(CommittedStep::loss).toList());
    assertThat(events.started).containsExactly("1:" + workers);
    assertThat(events.lost).isEmpty();
  }

  @Test
  void theWaitOfEachSumIsToldBeforeItsCommit() throws Exception {
    Samples lateInStepTwo =
        (index, input, target) -> {
          if (index == 5) {
            sleep(300);
          }
          training.samples().load(index, input, target);
        };

    driver(inProcess(2, lateInStepTwo), 0).run();

    List<String> names = events.sums.subList(0, events.sums.size() / 4);
    assertThat(names).first().isEqualTo("1 moments of bn1");
    assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.startsWith("1 "));
    assertThat(events.waits).allMatch(seconds -> seconds >= 0);
    // The other worker has one image of 60 pixels to do in those 300 ms.
    assertThat(events.waits.get(names.size())).isBetween(0.05, 60.0);
  }

  @Test
  void aSingleWorkerNeverWaits() throws Exception {
    driver(inProcess(1, training.samples()), 0).run();

    assertThat(events.waits).isNotEmpty().containsOnly(0.0);
  }

  private static void sleep(int milliseconds) throws SampleException {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new SampleException("interrupted", e);
    }
  }

  @Test
  void whatFailedOnAWorkerIsTheMessageOfTheException() {
    Samples samples =
        (index, input, target) -> {
          if (index == 5) {
            throw new SampleException("photos/f.png is truncated", new Exception());
          }
          training.samples().load(index, input, target);
        };

    assertThatThrownBy(() -> driver(inProcess(2, samples), 9).run())
        .isInstanceOf(TrainingException.class)
        .hasMessage("worker 1: photos/f.png is truncated");
    assertThat(events.committed).hasSize(1);
    assertThat(coordinator.state().step()).isEqualTo(1);
  }

  @Test
  void aContributionThatCantBeUsedNamesTheWorker() {
    WorkerGroup inner = inProcess(1, training.samples());
    WorkerGroup disagreeing =
        new WorkerGroup() {
          @Override
          public int await(boolean first, BooleanSupplier stopAsked) {
            return 1;
          }

          @Override
          public Generation launch(int generation, int workers) {
            return inner.launch(generation, 2); // worker 0 takes half of the images
          }
        };

    assertThatThrownBy(() -> driver(disagreeing, 9).run())
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith("worker 0 sent what can't be used in sum 0 of step 1: ")
        .hasMessageEndingWith("; all executors must run the same syncnorm.jar");
    assertThat(coordinator.state().step()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void anImageWithNanStopsTheStepUncommittedWithTheSameMessageOnAnyNumberOfWorkers(int workers) {
    Samples samples =
        (index, input, target) -> {
          training.samples().load(index, input, target);
          if (index >= 4) {
            input[17] = Float.NaN;
          }
        };

    assertThatThrownBy(() -> driver(inProcess(workers, samples), 9).run())
        .isInstanceOf(TrainingException.class)
        .hasMessage(
            "step 2 was not committed: the moments of the input of bn1 became NaN or infinite,"
                + " first for image #4; the last commit is step 1; lower"
                + " train.optimizer.learning-rate, or look at the data")
        .hasCauseInstanceOf(NonFiniteException.class);
    assertThat(events.committed).extracting(CommittedStep::step).containsExactly(1L);
    assertThat(coordinator.state().step()).isEqualTo(1);
    assertThat(coordinator.state().updates()).containsExactly(0, 1, 0, 1, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aTargetWithAnInfiniteValueIsNamedAsTheLoss(int workers) {
    Samples samples =
        (index, input, target) -> {
          training.samples().load(index, input, target);
          if (index == 2) {
            target[0] = Float.POSITIVE_INFINITY;
          }
        };

    assertThatThrownBy(() -> driver(inProcess(workers, samples), 9).run())
        .hasMessageContaining("step 1 was not committed: the loss became NaN or infinite")
        .hasMessageContaining("first for image #2;");
    assertThat(events.committed).isEmpty();
  }

  /** The samples, of which #5 is waited for if a load of it is one that waits. */
  private Samples samplesThatWait(BooleanSupplier waits, CountDownLatch latch) {
    return (index, input, target) -> {
      if (index == 5 && waits.getAsBoolean()) {
        try {
          latch.await();
        } catch (InterruptedException e) {
          throw new SampleException("interrupted", e);
        }
      }
      training.samples().load(index, input, target);
    };
  }

  /** A group that always has two workers, and gives its generations another form. */
  private static WorkerGroup two(WorkerGroup inner, UnaryOperator<WorkerGroup.Generation> form) {
    return new WorkerGroup() {
      @Override
      public int await(boolean first, BooleanSupplier stopAsked) {
        return 2;
      }

      @Override
      public Generation launch(int generation, int workers) {
        return form.apply(inner.launch(generation, workers));
      }
    };
  }

  @Test
  void aSilentWorkerIsExpelledAndNamedWithTheSumThatItIsMissingFrom() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    AtomicInteger loads = new AtomicInteger();
    Samples samples = samplesThatWait(() -> loads.getAndIncrement() == 0, never);
    List<Integer> expelled = new ArrayList<>();
    WorkerGroup inner = inProcess(2, samples);
    WorkerGroup group = two(inner, running -> new Watched(running, expelled));

    TrainingState end = driver(group, 4, 4).run();

    // A machine that stands still for seconds may have others expelled as well.
    assertThat(expelled).contains(1);
    assertThat(events.lost)
        .anySatisfy(
            reason ->
                assertThat(reason)
                    .matches(
                        "the second one said nothing for \\d+ s and is missing from"
                            + " sum 0 of step 2 \\(moments of bn1\\)"));
    assertThat(end.encodeForWorkers(Optional.empty()))
        .isEqualTo(training.sequentialRun().get(3).state().encodeForWorkers(Optional.empty()));
  }

  @Test
  void workersThatEndEarlyWithoutAFailureAreReplaced() throws Exception {
    AtomicInteger launches = new AtomicInteger();
    WorkerGroup inner = inProcess(2, training.samples());
    WorkerGroup group =
        new WorkerGroup() {
          @Override
          public int await(boolean first, BooleanSupplier stopAsked)
              throws TrainingException, InterruptedException {
            assertThat(first).isEqualTo(launches.get() == 0);
            return inner.await(first, stopAsked);
          }

          @Override
          public Generation launch(int generation, int workers) {
            return launches.getAndIncrement() == 0
                ? new EndedGeneration(Optional.empty())
                : inner.launch(generation, workers);
          }
        };

    driver(group, 1).run();

    assertThat(events.lost).containsExactly("its workers ended early");
    assertThat(events.committed).hasSize(4);
  }

  @Test
  void theBudgetOfFailuresRefillsWithEveryStep() throws Exception {
    // Two lives without a step, one that ends in step 2, one more without a step, then a good one.
    Script script = new Script(0, 0, 4, 0);

    driver(new InProcessWorkers(mailbox, 1, script), 2).run();

    assertThat(events.lost).hasSize(4);
    assertThat(events.committed).extracting(CommittedStep::step).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void theRunEndsWhenTheBudgetOfFailuresIsUsedUpWithoutAStep() {
    Script script = new Script(0, 0, 4, 0, 0, 0);

    assertThatThrownBy(() -> driver(new InProcessWorkers(mailbox, 1, script), 2).run())
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("3 generations of workers failed without a step in between")
        .hasMessageContaining("worker 0 failed: ")
        .hasMessageContaining("the disk is gone");
    assertThat(events.lost).hasSize(4);
    assertThat(events.committed).extracting(CommittedStep::step).containsExactly(1L);
  }

  @Test
  void aListenerThatCannotGoOnEndsTheRunAndTheWorkers() {
    List<Boolean> ended = new ArrayList<>();
    WorkerGroup inner = inProcess(2, training.samples());
    WorkerGroup group =
        two(
            inner,
            running ->
                new Watched(running, new ArrayList<>()) {
                  @Override
                  public void end() throws InterruptedException {
                    super.end();
                    ended.add(running.ended());
                  }
                });
    TrainingListener full =
        new TrainingListener() {
          @Override
          public void started(int generation, int workers) {}

          @Override
          public void committed(CommittedStep step, double seconds) throws TrainingException {
            throw new TrainingException("the disk is full");
          }

          @Override
          public void lost(int generation, String reason) {}
        };
    TrainingDriver driver =
        new TrainingDriver(
            coordinator,
            mailbox,
            group,
            new TrainingDriver.Patience(PATIENCE_SECONDS, 3),
            full,
            i -> "#" + i);

    assertThatThrownBy(driver::run)
        .isInstanceOf(TrainingException.class)
        .hasMessage("the disk is full");
    assertThat(ended).containsExactly(true);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aStopThatIsAskedForWhenAStepIsToldEndsWithThatStep(int workers) throws Exception {
    for (int round = 0; round < 20; round++) {
      Coordinator fresh = training.coordinator();
      List<String> told = new ArrayList<>();
      TrainingDriver[] driver = new TrainingDriver[1];
      TrainingListener stopping =
          new TrainingListener() {
            @Override
            public void started(int generation, int count) {}

            @Override
            public void committed(CommittedStep step, double seconds) {
              told.add("committed " + step.step());
              if (step.step() == 2) {
                driver[0].stop();
              }
            }

            @Override
            public void ended(CommittedStep last) {
              told.add("ended " + last.step());
            }

            @Override
            public void lost(int generation, String reason) {}
          };
      driver[0] =
          new TrainingDriver(
              fresh,
              mailbox,
              inProcess(workers, training.samples()),
              new TrainingDriver.Patience(PATIENCE_SECONDS, 0),
              stopping,
              i -> "#" + i);

      assertThat(driver[0].run().step()).isEqualTo(2);
      assertThat(told).containsExactly("committed 1", "committed 2", "ended 2");
    }
  }

  /** When workers have died in step 2. */
  private enum StopAsked {
    BEFORE_THEY_ARE_GIVEN_UP,
    WHEN_OTHERS_ARE_WAITED_FOR
  }

  @ParameterizedTest
  @EnumSource
  void aStopThatIsAskedForWhenWorkersAreLostEndsWithTheLastCommit(StopAsked when) throws Exception {
    boolean waiting = when == StopAsked.WHEN_OTHERS_ARE_WAITED_FOR;
    WorkerGroup inner = new InProcessWorkers(mailbox, 1, new Script(4));
    TrainingDriver[] driver = new TrainingDriver[1];
    WorkerGroup dying =
        new WorkerGroup() {
          @Override
          public int await(boolean first, BooleanSupplier stopAsked) {
            assertThat(stopAsked.getAsBoolean()).isFalse();
            if (first) {
              return 1;
            }
            driver[0].stop();
            assertThat(stopAsked.getAsBoolean()).isTrue();
            return 0;
          }

          @Override
          public Generation launch(int generation, int workers) {
            return new Watched(inner.launch(generation, workers), new ArrayList<>()) {
              @Override
              public Optional<String> failure() {
                if (!waiting) {
                  driver[0].stop();
                }
                return super.failure();
              }
            };
          }
        };
    driver[0] = driver(dying, waiting ? 1 : 0);

    assertThat(driver[0].run().step()).isEqualTo(1);

    assertThat(events.started).containsExactly("1:1");
    assertThat(events.lost).hasSize(waiting ? 1 : 0);
    assertThat(events.ended).isEqualTo(events.committed).hasSize(1);
    TrainingState resumed =
        new TrainingDriver(
                training.coordinator(events.ended.get(0).state()),
                mailbox,
                inProcess(2, training.samples()),
                new TrainingDriver.Patience(PATIENCE_SECONDS, 0),
                events,
                i -> "#" + i)
            .run();
    assertThat(resumed.encodeForWorkers(Optional.empty()))
        .isEqualTo(training.sequentialRun().get(3).state().encodeForWorkers(Optional.empty()));
  }

  @Test
  @Timeout(30)
  void aStopDoesNotWaitForAWorkerThatSaysNothing() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    Samples samples = samplesThatWait(() -> true, over);
    List<List<CommittedStep>> endedBefore = new ArrayList<>();
    TrainingDriver[] driver = new TrainingDriver[1];
    WorkerGroup inner = inProcess(2, samples);
    WorkerGroup group =
        two(
            inner,
            running ->
                new Watched(running, new ArrayList<>()) {
                  @Override
                  public boolean ended() { // asked while nothing comes
                    if (events.committed.size() == 1) {
                      driver[0].stop();
                    }
                    return super.ended();
                  }

                  @Override
                  public void end() throws InterruptedException {
                    endedBefore.add(List.copyOf(events.ended));
                    over.countDown();
                    super.end();
                  }
                });
    driver[0] = driver(group, 0, 1e6);

    assertThat(driver[0].run().step()).isEqualTo(1);

    assertThat(events.ended).isEqualTo(events.committed).hasSize(1);
    assertThat(endedBefore).containsExactly(events.ended); // kept before workers are waited for
    assertThat(events.lost).isEmpty();
  }

  @Test
  void aStopBeforeTheFirstCommitTellsNoLastOne() throws Exception {
    TrainingDriver driver = driver(inProcess(1, training.samples()), 0);
    driver.stop();

    assertThat(driver.run().step()).isZero();
    assertThat(events.started).isEmpty();
    assertThat(events.ended).isEmpty();
  }

  @Test
  void aFinishedTrainingStartsNoWorkers() throws Exception {
    TrainingState end = training.sequentialRun().get(3).state();
    TrainingDriver driver =
        new TrainingDriver(
            training.coordinator(end),
            mailbox,
            inProcess(1, training.samples()),
            new TrainingDriver.Patience(PATIENCE_SECONDS, 0),
            events,
            i -> "#" + i);

    assertThat(driver.run()).isSameAs(end);
    assertThat(events.started).isEmpty();
  }

  /** Each new worker's life: it dies at the first image from the scripted index on. */
  private final class Script implements Supplier<TrainingWorker> {
    private final int[] deaths;
    private int lives;

    Script(int... deaths) {
      this.deaths = deaths;
    }

    @Override
    public synchronized TrainingWorker get() {
      int life = lives++;
      int death = life < deaths.length ? deaths[life] : Integer.MAX_VALUE;
      return training.worker(
          (index, input, target) -> {
            if (index >= death) {
              throw new AssertionError("the disk is gone");
            }
            training.samples().load(index, input, target);
          });
    }
  }

  /** Workers that ended before they did anything. */
  private record EndedGeneration(Optional<String> failure) implements WorkerGroup.Generation {
    @Override
    public boolean ended() {
      return true;
    }

    @Override
    public String describe(int worker) {
      return "worker " + worker;
    }

    @Override
    public void expel(int worker) {}

    @Override
    public void end() {}
  }

  /** Notes who is expelled and has names of its own. */
  private static class Watched implements WorkerGroup.Generation {
    private final WorkerGroup.Generation generation;
    private final List<Integer> expelled;

    Watched(WorkerGroup.Generation generation, List<Integer> expelled) {
      this.generation = generation;
      this.expelled = expelled;
    }

    @Override
    public boolean ended() {
      return generation.ended();
    }

    @Override
    public Optional<String> failure() {
      return generation.failure();
    }

    @Override
    public String describe(int worker) {
      return worker == 1 ? "the second one" : "another one";
    }

    @Override
    public void expel(int worker) {
      expelled.add(worker);
      generation.expel(worker);
    }

    @Override
    public void end() throws InterruptedException {
      generation.end();
    }
  }

  private InProcessWorkers inProcess(int workers, Samples samples) {
    return new InProcessWorkers(mailbox, workers, () -> training.worker(samples));
  }

  private TrainingDriver driver(WorkerGroup group, int failures) {
    return driver(group, failures, PATIENCE_SECONDS);
  }

  private TrainingDriver driver(WorkerGroup group, int failures, double patienceSeconds) {
    return new TrainingDriver(
        coordinator,
        mailbox,
        group,
        new TrainingDriver.Patience(patienceSeconds, failures),
        events,
        i -> "#" + i);
  }
}
