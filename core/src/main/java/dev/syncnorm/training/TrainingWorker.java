package dev.syncnorm.training;

import dev.syncnorm.exchange.Exchange;
import dev.syncnorm.exchange.StoppedException;
import dev.syncnorm.exchange.SumId;
import dev.syncnorm.kernel.Kernels;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import dev.syncnorm.training.Contribution.NonFinite;
import dev.syncnorm.training.TrainingState.Start;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A worker's program: the same in one process, in Spark's local mode and on a cluster.
 *
 * <p>It owns a range of every batch, runs its images phase by phase on its threads, that which runs
 * this program among them, and exchanges one sum after each phase. It holds no state that matters.
 */
public final class TrainingWorker {

  private final StepPlan plan;
  private final Schedule schedule;
  private final Samples samples;
  private final Supplier<Kernels> kernels;
  private final int threads;
  private final List<StoredTensors> stored = new ArrayList<>();
  private final float[][] parameters;

  /** By image, its part of a first sum that depends on the images alone. */
  private final Map<Integer, double[]> firstSums = new ConcurrentHashMap<>();

  /** The batch of a step to come, kept because an order of a large data set takes time to draw. */
  private int[] upcoming = {};

  private long upcomingStep;

  /**
   * A worker that has not joined yet.
   *
   * @param kernels makes the kernels of one thread
   * @param threads that run this worker's images, 1 or more
   */
  public TrainingWorker(
      StepPlan plan, Schedule schedule, Samples samples, Supplier<Kernels> kernels, int threads) {
    this.plan = plan;
    this.schedule = schedule;
    this.samples = samples;
    this.kernels = kernels;
    this.threads = threads;
    List<ParameterTable.Entry> entries = plan.parameters().entries();
    parameters = new float[entries.size()][];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = new float[entries.get(i).parameter().shape().size()];
    }
  }

  /**
   * Trains until all steps are done, or until the driver ends the generation. A failure of this
   * worker's data or code is told to the driver, which ends the run.
   *
   * @param worker this worker's number, from 0
   * @param workers how many take part
   */
  public void run(Exchange exchange, int worker, int workers) throws InterruptedException {
    try (ImageThreads images =
        new ImageThreads(
            threads, "syncnorm-worker-" + worker, () -> new PhaseRunner(plan, kernels.get()))) {
      Start start = TrainingState.decodeForWorkers(exchange.join(), parameters);
      while (start.step() < schedule.steps()) {
        start = step(start, exchange, worker, workers, images);
      }
    } catch (StoppedException e) {
      // The driver has what it needs, or goes on without this worker.
    } catch (SampleException e) {
      exchange.fail(e.getMessage());
    } catch (RuntimeException e) {
      exchange.fail("a worker failed unexpectedly: " + e);
      throw e;
    } finally {
      samples.readAhead(new int[0]);
    }
  }

  private Start step(Start start, Exchange exchange, int worker, int workers, ImageThreads images)
      throws StoppedException, SampleException, InterruptedException {
    long step = start.step() + 1;
    int[] batch = step == upcomingStep ? upcoming : schedule.batch(step);
    Range range = Range.share(batch.length, workers).get(worker);
    while (stored.size() < range.size()) {
      stored.add(StoredTensors.of(plan));
    }
    StepContext context =
        new StepContext(plan.network(), plan.parameters(), parameters, batch.length);
    start.firstSum().ifPresent(sums -> context.take(plan.phases().get(0).sum(), sums));
    int firstPhase = start.firstSum().isPresent() ? 1 : 0;
    AtomicInteger loaded = new AtomicInteger();
    if (range.size() == 0) {
      readAhead(step + 1, worker, workers);
    }
    byte[] result = new byte[0];
    for (int phase = firstPhase; phase < plan.phases().size(); phase++) {
      SumLayout layout = plan.phases().get(phase).sum();
      TreeReducer reducer = new TreeReducer(layout, batch.length, range);
      NonFinite[] nonFinite = new NonFinite[range.size()];
      int current = phase;
      images.run(
          range.size(),
          (i, runner) -> {
            int image = range.from() + i;
            StoredTensors own = stored.get(i);
            if (current == firstPhase) {
              runner.begin(own, samples, batch[image]);
              if (loaded.incrementAndGet() == range.size()) {
                readAhead(step + 1, worker, workers);
              }
            }
            double[] sums = sums(current, batch[image], runner, own, context);
            nonFinite[i] = nonFinite(layout, image, sums).orElse(null);
            reducer.add(0, image, sums);
            exchange.progress();
          });
      Optional<NonFinite> first = Arrays.stream(nonFinite).filter(Objects::nonNull).findFirst();
      result =
          exchange.sum(new SumId(step, phase), new Contribution(first, reducer.nodes()).encode());
      if (phase + 1 < plan.phases().size()) {
        context.take(layout, Doubles.decode(result));
      }
    }
    return TrainingState.decodeForWorkers(result, parameters);
  }

  /** One image's part of a phase's sum; the caller may change it. */
  private double[] sums(
      int phase, int index, PhaseRunner runner, StoredTensors image, StepContext context) {
    if (phase > 0 || !plan.firstSumIsOfImagesAlone()) {
      return runner.run(phase, image, parameters, context);
    }
    return firstSums.computeIfAbsent(index, i -> runner.run(0, image, parameters, context)).clone();
  }

  /**
   * Has the images of a step read that this worker has not; not before all of the last are. Called
   * by the thread that loaded the last of them, while the others compute.
   */
  private void readAhead(long step, int worker, int workers) {
    if (step > schedule.steps()) {
      return;
    }
    int[] batch = schedule.batch(step);
    upcoming = batch;
    upcomingStep = step;
    Range range = Range.share(batch.length, workers).get(worker);
    samples.readAhead(
        IntStream.range(0, range.size())
            .filter(i -> i >= stored.size() || !stored.get(i).has(batch[range.from() + i]))
            .map(i -> batch[range.from() + i])
            .toArray());
  }

  private static Optional<NonFinite> nonFinite(SumLayout layout, int image, double[] sums) {
    for (int s = 0; s < layout.segments().size(); s++) {
      Segment segment = layout.segments().get(s);
      for (int i = segment.offset(); i < segment.offset() + segment.length(); i++) {
        if (!Double.isFinite(sums[i])) {
          return Optional.of(new NonFinite(image, s));
        }
      }
    }
    return Optional.empty();
  }
}
