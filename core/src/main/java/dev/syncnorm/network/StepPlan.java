package dev.syncnorm.network;

import dev.syncnorm.kernel.Planes;
import dev.syncnorm.kernel.Planes.Margins;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.ImageLayer;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.PatchMoments;
import dev.syncnorm.network.Network.Node;
import dev.syncnorm.network.RowProgram.Read;
import dev.syncnorm.network.RowProgram.Task;
import dev.syncnorm.network.SumLayout.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * A training step cut into phases by its global sums.
 *
 * <p>A batch norm's output needs the moments of the whole batch, so it belongs to the phase after
 * the one that computes its input; every other layer belongs to the latest phase of its inputs.
 * Backwards, a batch norm's input gradient belongs to the phase after the one that computes its
 * output gradient. Batch norms that do not depend on each other thus share a sum. The loss travels
 * with the first backward sum, all parameter gradients with the last.
 *
 * <p>Where the mathematics allows it exactly, a sum is merged with another or needs no pass over
 * the images: see {@link Options#rewrites}. The orders of the sums that are left are the defined
 * ones of either form; the two agree to rounding, not to the bit.
 *
 * <p>A phase computes what its sum needs and no more. A tensor that a later phase needs again is
 * stored where computing it again would cost more than {@link #OPERATIONS_WORTH_STORING}, and
 * computed again otherwise: normalised values always are.
 */
public final class StepPlan {

  /**
   * Operations for each value from which on a tensor is stored for later phases: to write four
   * bytes to memory and to read them back takes a core as long as about so many operations of a
   * convolution.
   */
  static final double OPERATIONS_WORTH_STORING = 100;

  /**
   * What runs before a sum, and the sum.
   *
   * @param sum what is summed at the end of the phase
   */
  public record Phase(RowProgram program, SumLayout sum) {}

  /**
   * A tensor that is kept as a whole from one phase to another, or is read with the image.
   *
   * @param margins zeros around it, as its readers need
   */
  public record Stored(int tensor, Planes.Margins margins) {}

  /**
   * What a plan depends on beside the network.
   *
   * @param bandRows rows of the tallest tensor in a band, or 0 for as many as the cache holds; has
   *     no effect on results
   * @param images in the data set
   * @param rewrites whether sums are merged where that is exact; otherwise each batch norm has two
   *     of its own, which is the general path
   */
  public record Options(int bandRows, long images, boolean rewrites) {}

  private final Network network;
  private final ParameterTable table;
  private final Rewrites rewrites;
  private final StepTensors tensors;
  private final int[] forwardPhase;
  private final int[] backwardPhase;
  private final int forwardSums;
  private final List<Phase> phases = new ArrayList<>();
  private final List<Stored> stored = new ArrayList<>();

  /** Plans the steps of a network. */
  public StepPlan(Network network, Options options) {
    this.network = network;
    this.table = network.parameters();
    int nodes = network.nodes().size();
    forwardPhase = new int[nodes];
    backwardPhase = new int[nodes];
    assignForwardPhases();
    rewrites =
        options.rewrites()
            ? Rewrites.of(network, forwardPhase, options.images())
            : Rewrites.none(network);
    tensors = new StepTensors(network, rewrites);
    assignBackwardPhases();
    forwardSums = Arrays.stream(forwardPhase).max().orElse(0);
    List<SumLayout> sums = new ArrayList<>();
    List<List<Operation>> operations = new ArrayList<>();
    addForwardSums(sums, operations);
    addBackwardSums(sums, operations);
    addPhases(sums, operations, options.bandRows());
  }

  /** The network that this is the plan of. */
  public Network network() {
    return network;
  }

  /** The network's parameters. */
  public ParameterTable parameters() {
    return table;
  }

  /** The tensors of an image by number. */
  public StepTensors tensors() {
    return tensors;
  }

  /** The phases in order; the sum of one is number i of the step. */
  public List<Phase> phases() {
    return List.copyOf(phases);
  }

  /** The tensors of an image that are kept as a whole: the image, its target, others. */
  public List<Stored> stored() {
    return List.copyOf(stored);
  }

  /** By layer, the number of its parameter gradients, where they are summed over images. */
  public SortedMap<Integer, Integer> gradientSizes() {
    SortedMap<Integer, Integer> sizes = new TreeMap<>();
    for (int node = 0; node < network.nodes().size(); node++) {
      if (sendsGradients(node)) {
        sizes.put(node, sentGradients(node));
      }
    }
    return sizes;
  }

  private boolean sendsGradients(int node) {
    return layer(node) instanceof ImageLayer && table.gradientSize(node) > 0;
  }

  /** How many doubles of a layer's gradients are summed over images. */
  private int sentGradients(int node) {
    return rewrites.patchNorms().containsKey(node)
        ? PatchMoments.gradientsLength(((Convolution) layer(node)).geometry())
        : table.gradientSize(node);
  }

  /** What messages call a task: the layer or tensor that it computes, or its part of a sum. */
  public String name(Task task) {
    Operation operation = task.operation();
    if (operation instanceof Operation.Chain chain) {
      return chain.nodes().stream().map(n -> layer(n).name()).collect(Collectors.joining("+"));
    }
    if (task.tensor() >= 0) {
      return tensors.name(task.tensor());
    }
    if (operation instanceof Operation.Moments moments) {
      return "moments of " + moments.segment().owner();
    }
    if (operation instanceof Operation.PatchMoments moments) {
      return "patch moments of " + layer(moments.segment().node()).name();
    }
    if (operation instanceof Operation.ResidualSums sums) {
      return "residual sums of " + sums.segment().owner();
    }
    if (operation instanceof Operation.NormGradients gradients) {
      return "gradient sums of " + gradients.segment().owner();
    }
    if (operation instanceof Operation.UnprojectedGradients gradients) {
      return "gradients of %s and %s"
          .formatted(layer(gradients.node()).name(), layer(gradients.norm()).name());
    }
    return operation instanceof Operation.ParameterGradients gradients
        ? "gradients of " + layer(gradients.node()).name()
        : "loss";
  }

  /**
   * Whether the first sum depends on the images alone: then it is the same whenever the same batch
   * comes again, and an image's part of it can be kept.
   */
  public boolean firstSumIsOfImagesAlone() {
    return !rewrites.patchNorms().isEmpty();
  }

  private void assignForwardPhases() {
    List<Node> nodes = network.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      int latest = 0;
      for (int input : node.inputs()) {
        latest = Math.max(latest, input == 0 ? 0 : forwardPhase[input - 1]);
      }
      forwardPhase[i] = latest + (node.layer() instanceof BatchNorm ? 1 : 0);
    }
  }

  private void assignBackwardPhases() {
    List<Node> nodes = network.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      for (int consumer = i + 1; consumer < nodes.size(); consumer++) {
        if (nodes.get(consumer).inputs().contains(i + 1)) {
          boolean waits =
              layer(consumer) instanceof BatchNorm && !rewrites.isResidualNorm(consumer);
          int ready = waits && !rewrites.patchNorms().containsKey(i) ? 1 : 0;
          backwardPhase[i] = Math.max(backwardPhase[i], backwardPhase[consumer] + ready);
        }
      }
    }
  }

  private void addForwardSums(List<SumLayout> sums, List<List<Operation>> operations) {
    for (int phase = 0; phase < forwardSums; phase++) {
      List<Segment> segments = new ArrayList<>();
      List<Operation> own = new ArrayList<>();
      int offset = 0;
      for (int i = 0; i < forwardPhase.length; i++) {
        if (forwardPhase[i] == phase + 1 && layer(i) instanceof BatchNorm norm) {
          OptionalInt convolution = rewrites.patchConvolution(i);
          if (convolution.isPresent()) {
            Segment.PatchMoments moments = patchMoments(convolution.getAsInt(), i, offset);
            segments.add(moments);
            own.add(new Operation.PatchMoments(moments));
            offset += moments.length();
            continue;
          }
          Segment.Moments moments =
              new Segment.Moments(
                  i, norm.name(), offset, norm.channels(), norm.outputShape().pixels());
          segments.add(moments);
          own.add(new Operation.Moments(moments));
          offset += moments.length();
          if (rewrites.isResidualNorm(i)) {
            Segment.ResidualSums residuals =
                new Segment.ResidualSums(i, norm.name(), offset, 2 * norm.channels());
            segments.add(residuals);
            own.add(new Operation.ResidualSums(residuals));
            offset += residuals.length();
          }
        }
      }
      sums.add(layout("moments of ", segments));
      operations.add(own);
    }
  }

  private Segment.PatchMoments patchMoments(int convolution, int norm, int offset) {
    Convolution layer = (Convolution) layer(convolution);
    return new Segment.PatchMoments(
        convolution,
        norm,
        layer(norm).name(),
        offset,
        PatchMoments.length(layer.geometry()),
        layer.outputShape().pixels());
  }

  private void addBackwardSums(List<SumLayout> sums, List<List<Operation>> operations) {
    int last = 0;
    for (int i = 0; i < backwardPhase.length; i++) {
      if (!layer(i).parameters().isEmpty()) {
        last = Math.max(last, backwardPhase[i]);
      }
    }
    for (int phase = 0; phase <= last; phase++) {
      List<Segment> segments = new ArrayList<>();
      List<Operation> own = new ArrayList<>();
      int offset = 0;
      if (phase == 0) {
        Segment.LossSum loss = new Segment.LossSum(0);
        segments.add(loss);
        own.add(new Operation.LossSum(loss));
        offset = 1;
      }
      for (int i = backwardPhase.length - 1; i >= 0; i--) {
        if (backwardPhase[i] != phase || rewrites.patchConvolution(i).isPresent()) {
          continue;
        }
        if (layer(i) instanceof BatchNorm norm) {
          Segment.NormGradients gradients =
              new Segment.NormGradients(i, norm.name(), offset, 2 * norm.channels());
          segments.add(gradients);
          own.add(new Operation.NormGradients(gradients));
          offset += gradients.length();
        } else if (table.gradientSize(i) > 0) {
          Integer norm = rewrites.patchNorms().get(i);
          own.add(
              norm == null
                  ? new Operation.ParameterGradients(i)
                  : new Operation.UnprojectedGradients(i, norm));
        }
      }
      for (int i = 0; phase == last && i < backwardPhase.length; i++) {
        if (sendsGradients(i)) {
          int length = sentGradients(i);
          Integer norm = rewrites.patchNorms().get(i);
          segments.add(
              norm == null
                  ? new Segment.LayerGradients(i, layer(i).name(), offset, length)
                  : new Segment.UnprojectedGradients(i, norm, layer(i).name(), offset, length));
          offset += length;
        }
      }
      sums.add(layout("gradients at ", segments));
      operations.add(own);
    }
  }

  private void addPhases(List<SumLayout> sums, List<List<Operation>> operations, int bandRows) {
    boolean[] candidates = worthStoring();
    int[] uses = new int[tensors.count()];
    boolean[] there = new boolean[tensors.count()];
    for (List<Operation> own : operations) {
      PhaseTasks tasks = tasks(own, tensor -> there[tensor]);
      for (int tensor = 0; tensor < uses.length; tensor++) {
        uses[tensor] += tasks.uses(tensor) ? 1 : 0;
        there[tensor] |= candidates[tensor] && tasks.uses(tensor);
      }
    }
    boolean[] kept = new boolean[tensors.count()];
    for (int tensor = 0; tensor < kept.length; tensor++) {
      kept[tensor] = tensors.isLoaded(tensor) || (candidates[tensor] && uses[tensor] > 1);
    }
    Arrays.fill(there, false);
    Margins[] margins = new Margins[tensors.count()];
    Arrays.fill(margins, Margins.NONE);
    for (int phase = 0; phase < sums.size(); phase++) {
      PhaseTasks tasks = tasks(operations.get(phase), tensor -> there[tensor]);
      for (Task task : tasks.tasks()) {
        for (Read read : task.reads()) {
          margins[read.tensor()] = margins[read.tensor()].max(read.margins());
        }
      }
      for (int tensor = 0; tensor < kept.length; tensor++) {
        there[tensor] |= kept[tensor] && tasks.uses(tensor);
      }
      phases.add(
          new Phase(new RowProgram(tasks.tasks(), tensors, kept, bandRows), sums.get(phase)));
    }
    for (int tensor = 0; tensor < kept.length; tensor++) {
      if (kept[tensor]) {
        stored.add(new Stored(tensor, margins[tensor]));
      }
    }
  }

  private PhaseTasks tasks(List<Operation> sums, IntPredicate isThere) {
    PhaseTasks tasks = new PhaseTasks(network, tensors, isThere);
    sums.forEach(tasks::addSum);
    return tasks;
  }

  /** The tensors that take longer to compute than to keep, what they are made of being at hand. */
  private boolean[] worthStoring() {
    boolean[] worth = new boolean[tensors.count()];
    double[] cost = new double[tensors.count()];
    PhaseTasks all = new PhaseTasks(network, tensors, tensor -> false);
    for (int tensor = 0; tensor < tensors.count(); tensor++) {
      all.addTensor(tensor);
    }
    for (Task task : all.tasks()) {
      int tensor = task.tensor();
      double size = tensors.shape(tensor).size();
      double operations = tensors.operationsPerValue(tensor);
      for (Read read : task.reads()) {
        operations += cost[read.tensor()] * tensors.shape(read.tensor()).size() / size;
      }
      worth[tensor] = operations > OPERATIONS_WORTH_STORING;
      cost[tensor] = worth[tensor] ? 0 : operations;
    }
    return worth;
  }

  private Layer layer(int node) {
    return network.nodes().get(node).layer();
  }

  private SumLayout layout(String what, List<Segment> segments) {
    String name =
        segments.stream().map(Segment::owner).distinct().collect(Collectors.joining(", "));
    return new SumLayout(what + name, segments);
  }
}
