package dev.syncnorm.training;

import dev.syncnorm.exchange.SumId;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import dev.syncnorm.training.Contribution.NonFinite;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The driver's half of training, a pure state machine: no threads, no clock, no transport.
 *
 * <p>It takes contributions in any order and any number of times, adds them into global sums, and
 * with the last sum of a step commits: optimizer, moving statistics, new parameters. A contribution
 * that isn't to the sum that it waits for, or a second one of the same worker, changes nothing. A
 * new generation forgets all sums of the step in progress, so a step that is redone starts from the
 * last commit and nothing is updated twice. Not thread-safe.
 */
public final class Coordinator {

  /** What a contribution led to. */
  public sealed interface Outcome {
    /** Other contributions are missing, or this one was not needed. */
    record Waiting() implements Outcome {}

    /** A sum is complete. */
    @SuppressWarnings("ArrayRecordComponent")
    record Summed(SumId id, byte[] result) implements Outcome {}

    /** The last sum of a step is complete: its result is the next step's parameters. */
    @SuppressWarnings("ArrayRecordComponent")
    record Committed(SumId id, byte[] result, CommittedStep step) implements Outcome {}
  }

  /**
   * A step that is committed.
   *
   * @param loss of the step's forward pass, before the update
   * @param state after the update
   */
  public record CommittedStep(
      long step, int epoch, boolean endsEpoch, int images, double loss, TrainingState state) {}

  /** What may be kept of first sums that depend on the images alone. */
  private static final long FIRST_SUMS_BYTES = 64L << 20;

  private static final Outcome.Waiting WAITING = new Outcome.Waiting();

  private final StepPlan plan;
  private final Network network;
  private final ParameterTable table;
  private final Schedule schedule;
  private final Optimizer optimizer;

  private TrainingState state;
  private List<Range> ranges = List.of();
  private SumId expected;
  private int batchImages;
  private TreeReducer reducer;
  private boolean[] contributed = new boolean[0];
  private Optional<NonFinite> nonFinite = Optional.empty();
  private StepContext context;
  private final Map<Integer, double[]> firstSums = new HashMap<>();
  private double[] gradients;
  private double loss;

  /** Goes on from a state, which may be the initial one. */
  public Coordinator(StepPlan plan, Schedule schedule, Optimizer optimizer, TrainingState state) {
    this.plan = plan;
    this.network = plan.network();
    this.table = plan.parameters();
    this.schedule = schedule;
    this.optimizer = optimizer;
    this.state = state;
  }

  /** The state after the last commit. */
  public TrainingState state() {
    return state;
  }

  /** Whether all steps are committed. */
  public boolean finished() {
    return state.step() >= schedule.steps();
  }

  /**
   * Begins a generation: the step in progress starts anew.
   *
   * @param workers how many take part, numbered from 0
   * @return what a joining worker starts from
   */
  public byte[] begin(int workers) {
    ranges = Range.share(0, workers);
    contributed = new boolean[workers];
    if (!finished()) {
      beginStep();
    }
    return encodedState();
  }

  /** What the workers begin a step with: the state, and the first sum if it is known already. */
  private byte[] encodedState() {
    return state.encodeForWorkers(finished() ? Optional.empty() : knownFirstSum());
  }

  private Optional<double[]> knownFirstSum() {
    OptionalInt batch = schedule.repeatedBatch(state.step() + 1);
    return batch.isPresent()
        ? Optional.ofNullable(firstSums.get(batch.getAsInt()))
        : Optional.empty();
  }

  private void keepFirstSum(double[] sums) {
    OptionalInt batch = schedule.repeatedBatch(state.step() + 1);
    if (plan.firstSumIsOfImagesAlone()
        && batch.isPresent()
        && (firstSums.size() + 1L) * sums.length * Double.BYTES <= FIRST_SUMS_BYTES) {
      firstSums.put(batch.getAsInt(), sums);
    }
  }

  /** The sum that contributions are waited for. */
  public SumId expected() {
    return expected;
  }

  /** What {@link #expected} is for, such as {@code moments of bn1}. */
  public String expectedName() {
    return layout().name();
  }

  /** How many values {@link #expected} has. */
  public int expectedLength() {
    return layout().length();
  }

  /** The workers whose contribution to the {@link #expected} sum is missing. */
  public List<Integer> missing() {
    return IntStream.range(0, contributed.length).filter(w -> !contributed[w]).boxed().toList();
  }

  /**
   * Takes a contribution.
   *
   * @throws IllegalArgumentException if the bytes are no contribution of that worker to that sum
   * @throws NonFiniteException if the sum is complete and NaN or infinite; nothing is committed
   */
  public Outcome accept(int worker, SumId id, byte[] content) throws NonFiniteException {
    if (finished() || !id.equals(expected) || contributed[worker]) {
      return WAITING;
    }
    Contribution contribution = Contribution.decode(content, layout().length());
    TreeReducer check = new TreeReducer(layout(), batchImages, ranges.get(worker));
    if (!check.covers(contribution.nodes())) {
      throw new IllegalArgumentException(
          "the nodes of worker %d in %s are not those of its images %s"
              .formatted(worker, id, ranges.get(worker)));
    }
    if (contribution.nonFinite().isPresent()) {
      checkPlace(contribution.nonFinite().get(), worker, id);
    }
    contribution.nodes().forEach(n -> reducer.add(n.level(), n.index(), n.values()));
    if (contribution.nonFinite().isPresent()
        && (nonFinite.isEmpty() || contribution.nonFinite().get().compareTo(nonFinite.get()) < 0)) {
      nonFinite = contribution.nonFinite();
    }
    contributed[worker] = true;
    return missing().isEmpty() ? complete() : WAITING;
  }

  private void checkPlace(NonFinite place, int worker, SumId id) {
    Range range = ranges.get(worker);
    if (place.image() < range.from()
        || place.image() >= range.to()
        || place.segment() < 0
        || place.segment() >= layout().segments().size()) {
      throw new IllegalArgumentException(
          "%s of worker %d in %s is not of its images %s".formatted(place, worker, id, range));
    }
  }

  private SumLayout layout() {
    return plan.phases().get(expected.sum()).sum();
  }

  private void beginStep() {
    batchImages = schedule.batch(state.step() + 1).length;
    ranges = Range.share(batchImages, contributed.length);
    gradients = new double[table.gradientSize()];
    context = new StepContext(network, table, state.parameters(), batchImages);
    Optional<double[]> first = knownFirstSum();
    first.ifPresent(sums -> context.take(plan.phases().get(0).sum(), sums));
    beginSum(new SumId(state.step() + 1, first.isPresent() ? 1 : 0));
  }

  private void beginSum(SumId id) {
    expected = id;
    Arrays.fill(contributed, false);
    nonFinite = Optional.empty();
    reducer = new TreeReducer(layout(), batchImages, new Range(0, batchImages));
  }

  private Outcome complete() throws NonFiniteException {
    SumLayout layout = layout();
    double[] sums = reducer.nodes().get(0).values();
    checkFinite(layout, sums);
    context.take(layout, sums);
    context.putGradients(layout, sums, gradients);
    for (Segment segment : layout.segments()) {
      if (segment instanceof Segment.LossSum l) {
        loss = sums[l.offset()] / context.elements();
      }
    }
    SumId id = expected;
    if (id.sum() == 0) {
      keepFirstSum(sums);
    }
    if (id.sum() + 1 < plan.phases().size()) {
      beginSum(new SumId(id.step(), id.sum() + 1));
      return new Outcome.Summed(id, Doubles.encode(sums));
    }
    commit();
    CommittedStep step =
        new CommittedStep(
            id.step(),
            schedule.epoch(id.step()),
            schedule.endsEpoch(id.step()),
            batchImages,
            loss,
            state);
    if (!finished()) {
      beginStep();
    }
    return new Outcome.Committed(id, encodedState(), step);
  }

  private void commit() throws NonFiniteException {
    long step = state.step() + 1;
    float[][] parameters = new float[state.parameters().length][];
    float[][][] slots = new float[parameters.length][][];
    long[] updates = state.updates().clone();
    for (int i = 0; i < parameters.length; i++) {
      ParameterTable.Entry entry = table.entries().get(i);
      parameters[i] = state.parameters()[i].clone();
      slots[i] = Arrays.stream(state.slots()[i]).map(float[]::clone).toArray(float[][]::new);
      if (entry.parameter().trainable()) {
        optimizer.update(step, gradients, entry.gradientOffset(), parameters[i], slots[i]);
      }
    }
    for (Map.Entry<Integer, BatchNorm.Moments> entry : context.allMoments().entrySet()) {
      int node = entry.getKey();
      int first = table.first(node);
      updates[node]++;
      norm(node)
          .updateMoving(
              entry.getValue(),
              context.centredSums(node),
              updates[node],
              parameters[first + BatchNorm.MOVING_MEAN],
              parameters[first + BatchNorm.MOVING_VARIANCE]);
    }
    for (int i = 0; i < parameters.length; i++) {
      if (!allFinite(parameters[i])) {
        throw new NonFiniteException(
            step, "the new value of " + table.entries().get(i).name(), Optional.empty());
      }
    }
    state = new TrainingState(step, parameters, slots, updates);
  }

  private BatchNorm norm(int node) {
    return (BatchNorm) network.nodes().get(node).layer();
  }

  private void checkFinite(SumLayout layout, double[] sums) throws NonFiniteException {
    if (nonFinite.isPresent()) {
      Segment segment = layout.segments().get(nonFinite.get().segment());
      int image = schedule.batch(expected.step())[nonFinite.get().image()];
      throw new NonFiniteException(expected.step(), segment.subject(), Optional.of(image));
    }
    for (Segment segment : layout.segments()) {
      for (int i = segment.offset(); i < segment.offset() + segment.length(); i++) {
        if (!Double.isFinite(sums[i])) {
          throw new NonFiniteException(expected.step(), segment.subject(), Optional.empty());
        }
      }
    }
  }

  private static boolean allFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
