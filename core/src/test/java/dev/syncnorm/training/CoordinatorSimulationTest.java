package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.syncnorm.exchange.Mailbox;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.SumLayout.Segment;
import dev.syncnorm.testing.ClusterSimulation;
import dev.syncnorm.testing.Sabotage;
import dev.syncnorm.testing.TinyTraining;
import dev.syncnorm.training.Coordinator.CommittedStep;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/**
 * The coordinator under fire: the real worker, exchange, mailbox and coordinator under over a
 * thousand seeded schedules of lost, late and doubled messages, dying workers and new generations.
 *
 * <p>{@code -Dsyncnorm.simulation.seed=N} runs one schedule and prints it; {@code
 * -Dsyncnorm.simulation.schedules=N} runs another number of them.
 */
class CoordinatorSimulationTest {

  /** What is done with one seed. */
  private interface SeedCheck {
    /** Throws if the schedule of the seed goes wrong. */
    void run(long seed) throws Exception;
  }

  private static final int SCHEDULES = Integer.getInteger("syncnorm.simulation.schedules", 1_200);
  private static final Optional<Long> ONLY_SEED =
      Optional.ofNullable(Long.getLong("syncnorm.simulation.seed"));

  /** Trainings by seed: all have a last batch that is smaller, some than the number of workers. */
  private static final List<TinyTraining> TRAININGS =
      List.of(
          TinyTraining.general(6, 4, 2, false),
          TinyTraining.general(7, 5, 3, true),
          TinyTraining.of(6, 4, 3, false),
          TinyTraining.of(5, 3, 2, true));

  private static final List<List<CommittedStep>> SEQUENTIAL =
      TRAININGS.stream().map(CoordinatorSimulationTest::sequential).toList();

  @Test
  void everyScheduleCommitsEveryStepOnceWithTheBitsOfTheSequentialRun() throws Exception {
    Map<Enum<?>, Integer> faults = new ConcurrentHashMap<>();
    LongAdder events = new LongAdder();
    LongAccumulator most = new LongAccumulator(Math::max, 0);
    LongAdder generations = new LongAdder();
    Map<Long, Throwable> failures =
        failures(
            ONLY_SEED.map(LongStream::of).orElse(LongStream.range(0, SCHEDULES)).toArray(),
            seed -> {
              ClusterSimulation simulation = check(seed, Sabotage.NONE);
              simulation.faults().forEach((fault, n) -> faults.merge(fault, n, Integer::sum));
              events.add(simulation.events());
              most.accumulate(simulation.events());
              generations.add(simulation.generations());
            });
    failures.forEach(
        (seed, failure) -> {
          throw new AssertionError(
              ("%d schedules failed, the first is %d: %s%nrun and print it alone: mvn -pl core test"
                      + " '-Dtest=CoordinatorSimulationTest#every*' -Dsyncnorm.simulation.seed=%d")
                  .formatted(failures.size(), seed, failure, seed),
              failure);
        });
    System.out.printf(
        "%d schedules, %s generations, %s events, %s in the longest; %s%n",
        SCHEDULES, generations, events, most, new TreeMap<>(byName(faults)));
    if (ONLY_SEED.isEmpty()) {
      assertThat(faults.keySet())
          .as("faults that happened")
          .containsAll(List.of(ClusterSimulation.MessageFault.values()))
          .containsAll(List.of(ClusterSimulation.Disaster.values()));
      assertThat(generations.sum()).isGreaterThan(2L * SCHEDULES);
    }
  }

  @Test
  void aSeedAlwaysGivesTheSameSchedule() throws Exception {
    for (long seed = 0; seed < 40; seed++) {
      long digest = simulation(seed, Sabotage.NONE).run().digest();
      assertThat(simulation(seed, Sabotage.NONE).run().digest())
          .as("seed %d", seed)
          .isEqualTo(digest);
    }
  }

  @Test
  void theSequentialRunNormalisesByTheMomentsOfTheWholeBatch() throws Exception {
    // The simulated runs have its bits, so checking it once checks them all.
    for (int t = 0; t < TRAININGS.size(); t++) {
      TinyTraining training = TRAININGS.get(t);
      float[][] parameters = training.initial().parameters();
      for (CommittedStep step : SEQUENTIAL.get(t)) {
        double[][] moments = NaiveMoments.ofFirstConvolution(training, parameters, step.step());
        float[][] after = step.state().parameters();
        int first = training.plan().parameters().first(1);
        for (int c = 0; c < moments[0].length; c++) {
          double mean = moved(TinyTraining.DECAY_1, parameters[first + 2][c], moments[0][c]);
          double variance = moved(TinyTraining.DECAY_1, parameters[first + 3][c], moments[1][c]);
          // The activations are rounded to float32, a relative 2^-24 each; the moving value too.
          assertThat((double) after[first + 2][c]).isCloseTo(mean, byUlps(8, 1));
          assertThat((double) after[first + 3][c]).isCloseTo(variance, byUlps(8, 1));
        }
        parameters = after;
      }
    }
  }

  @Test
  void aMailboxThatTakesMessagesOfAnOlderGenerationIsCaught() {
    assertCaught(
        "are not those of its images",
        new Sabotage() {
          @Override
          public byte[] answer(Mailbox mailbox, byte[] request, int generation) {
            byte[] forged = request.clone();
            ByteBuffer.wrap(forged).putInt(4 + 1 + 8, generation).putLong(4 + 1, mailbox.run());
            try {
              return mailbox.answer(forged);
            } catch (IllegalArgumentException e) {
              return mailbox.answer(request); // no such worker in this generation
            }
          }
        });
  }

  @Test
  void aStepThatIsCommittedTwiceIsCaught() {
    assertCaught(
        "step 1 was committed after 1 commits",
        new Sabotage() {
          @Override
          public TrainingState afterLoss(
              TrainingState committed, TrainingState before, Map<Integer, double[]> unfinished) {
            return before;
          }
        });
  }

  @Test
  void movingStatisticsThatAnUnfinishedStepMovesAreCaughtByTheBits() {
    assertCaught("the bits of the state after step", new LeakingMovingMeans());
  }

  @Test
  void movingStatisticsThatAnUnfinishedStepMovesAreCaughtByTheirRecomputation() {
    assertThatThrownBy(
            () -> {
              for (long seed = 0; seed < 200; seed++) {
                ClusterSimulation simulation = simulation(seed, new LeakingMovingMeans()).run();
                checkMovingStatistics(TRAININGS.get(index(seed)), simulation);
              }
            })
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("moving mean");
  }

  @Test
  void aContributionThatIsAcknowledgedButDroppedIsCaughtAsARunWithoutEnd() {
    assertCaught(
        "still not ended",
        new Sabotage() {
          @Override
          public byte[] answer(Mailbox mailbox, byte[] request, int generation) {
            byte[] copy = request.clone();
            boolean put = copy[4] == 0;
            boolean lastSumOfStep2 = ByteBuffer.wrap(copy).getLong(21) == 2 && copy[32] == 4;
            if (put && lastSumOfStep2) {
              copy[4] = 1; // a poll instead
            }
            return mailbox.answer(copy);
          }
        });
  }

  @Test
  void aResultThatIsNeverPublishedIsCaughtAsARunWithoutEnd() {
    assertCaught(
        "still not ended",
        new Sabotage() {
          @Override
          public boolean publishes(long step, int sum) {
            return step != 2 || sum != 1;
          }
        });
  }

  @Test
  void aPutThatIsAnsweredWithTheResultOfTheStepBeforeIsCaughtByTheLoss() {
    assertCaught(
        "loss of step",
        new Sabotage() {
          private Mailbox mailbox;
          private byte[] before = {};

          @Override
          public byte[] answer(Mailbox answering, byte[] request, int generation) {
            byte[] reply = answering.answer(request);
            boolean putToSum1 = request[4] == 0 && request[32] == 1;
            if (!putToSum1 || reply[4] != 2) { // the reply holds no result
              return reply;
            }
            byte[] stale = answering == mailbox ? before : reply;
            mailbox = answering;
            before = reply;
            return stale.clone();
          }
        });
  }

  private static Map<String, Integer> byName(Map<Enum<?>, Integer> counts) {
    return counts.entrySet().stream()
        .collect(Collectors.toMap(e -> e.getKey().name(), Map.Entry::getValue));
  }

  /** Runs checks side by side; the failures by their seed. */
  private static Map<Long, Throwable> failures(long[] seeds, SeedCheck check) throws Exception {
    Map<Long, Throwable> failures = new ConcurrentSkipListMap<>();
    ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Callable<Object>> tasks = new ArrayList<>();
      for (long seed : seeds) {
        tasks.add(
            () -> {
              try {
                check.run(seed);
              } catch (Throwable e) {
                failures.put(seed, e);
              }
              return seed;
            });
      }
      pool.invokeAll(tasks);
    } finally {
      pool.shutdownNow();
    }
    return failures;
  }

  /** The classic mistake: the forward pass moves the moving means of bn1, committed or not. */
  private static final class LeakingMovingMeans implements Sabotage {
    @Override
    public TrainingState afterLoss(
        TrainingState committed, TrainingState before, Map<Integer, double[]> unfinished) {
      if (!unfinished.containsKey(0)) {
        return committed;
      }
      float[][] parameters =
          Arrays.stream(committed.parameters()).map(float[]::clone).toArray(float[][]::new);
      int first = TRAININGS.get(0).plan().parameters().first(1);
      float[] movingMean = parameters[first + BatchNorm.MOVING_MEAN];
      for (int c = 0; c < movingMean.length; c++) {
        movingMean[c] = (float) moved(TinyTraining.DECAY_1, movingMean[c], unfinished.get(0)[c]);
      }
      return committed.withParameters(parameters);
    }
  }

  private static void assertCaught(String how, Sabotage sabotage) {
    assertThatThrownBy(
            () -> {
              for (long seed = 0; seed < 200; seed++) {
                check(seed, sabotage);
              }
            })
        .as("200 schedules of a broken system")
        .isInstanceOfAny(AssertionError.class, IllegalArgumentException.class)
        .hasMessageContaining(how);
  }

  private static ClusterSimulation simulation(long seed, Sabotage sabotage) {
    return new ClusterSimulation(TRAININGS.get(index(seed)), seed, sabotage, ONLY_SEED.isPresent());
  }

  private static int index(long seed) {
    return (int) (seed % TRAININGS.size());
  }

  private static ClusterSimulation check(long seed, Sabotage sabotage) throws Exception {
    ClusterSimulation simulation = simulation(seed, sabotage).run();
    TinyTraining training = TRAININGS.get(index(seed));
    List<CommittedStep> expected = SEQUENTIAL.get(index(seed));
    assertThat(simulation.log()).as("commits").hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertSameBits(expected.get(i), simulation.log().get(i));
    }
    checkMovingStatistics(training, simulation);
    return simulation;
  }

  private static void assertSameBits(CommittedStep expected, CommittedStep actual) {
    assertThat(actual.step()).isEqualTo(expected.step());
    assertThat(actual.epoch()).isEqualTo(expected.epoch());
    assertThat(actual.endsEpoch()).isEqualTo(expected.endsEpoch());
    assertThat(actual.images()).isEqualTo(expected.images());
    assertThat(Double.doubleToRawLongBits(actual.loss()))
        .as("loss of step %d", expected.step())
        .isEqualTo(Double.doubleToRawLongBits(expected.loss()));
    assertThat(Arrays.equals(bits(actual.state()), bits(expected.state())))
        .as("the bits of the state after step %d are those of one worker", expected.step())
        .isTrue();
  }

  /** All of a state as integers: step, updates, parameters, slots. */
  private static long[] bits(TrainingState state) {
    List<float[]> arrays = new ArrayList<>(List.of(state.parameters()));
    Arrays.stream(state.slots()).forEach(slots -> arrays.addAll(List.of(slots)));
    LongStream floats =
        arrays.stream()
            .flatMapToLong(
                a -> LongStream.range(0, a.length).map(i -> Float.floatToRawIntBits(a[(int) i])));
    return LongStream.concat(
            LongStream.concat(LongStream.of(state.step()), Arrays.stream(state.updates())), floats)
        .toArray();
  }

  /** Recomputes the moving statistics in float64 from the committed steps' global moments. */
  private static void checkMovingStatistics(TinyTraining training, ClusterSimulation simulation) {
    TrainingState last = simulation.log().get(simulation.log().size() - 1).state();
    assertThat(last.updates()).containsExactly(0, last.step(), 0, last.step(), 0);
    for (int sum = 0; sum < 2; sum++) {
      Segment segment = training.plan().phases().get(sum).sum().segments().get(0);
      if (!(segment instanceof Segment.Moments moments)) {
        continue; // patch moments, whose own test compares them with those of the output
      }
      boolean isFirst = moments.owner().equals("bn1");
      double decay = isFirst ? TinyTraining.DECAY_1 : TinyTraining.DECAY_2;
      int first = training.plan().parameters().first(moments.node());
      for (int c = 0; c < moments.channels(); c++) {
        double mean = 0;
        double variance = 1;
        double largest = 1;
        for (int s = 0; s < simulation.log().size(); s++) {
          double[] values = simulation.committedSums().get(s).get(sum);
          double count = simulation.log().get(s).images() * 20.0;
          double centred = values[moments.channels() + c];
          double batchVariance = isFirst ? centred / count : centred / (count - 1);
          mean = moved(decay, mean, values[c]);
          variance = moved(decay, variance, batchVariance);
          largest = Math.max(largest, Math.max(Math.abs(mean), variance));
        }
        // One rounding to float32 a step, and float64 roundings that are far smaller.
        double tolerance = simulation.log().size() * Math.ulp((float) largest);
        assertThat((double) last.parameters()[first + BatchNorm.MOVING_MEAN][c])
            .as("moving mean of channel %d of %s", c, moments.owner())
            .isCloseTo(mean, offset(tolerance));
        assertThat((double) last.parameters()[first + BatchNorm.MOVING_VARIANCE][c])
            .as("moving variance of channel %d of %s", c, moments.owner())
            .isCloseTo(variance, offset(tolerance));
      }
    }
  }

  private static Offset<Double> byUlps(int ulps, float of) {
    return offset((double) ulps * Math.ulp(of));
  }

  private static double moved(double decay, double moving, double batch) {
    return decay * moving + (1 - decay) * batch;
  }

  private static List<CommittedStep> sequential(TinyTraining training) {
    try {
      return training.sequentialRun();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
