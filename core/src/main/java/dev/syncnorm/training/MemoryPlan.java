package dev.syncnorm.training;

import dev.syncnorm.kernel.Backend;
import dev.syncnorm.kernel.ConvolutionGeometry;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The heap that a training needs in one process: a worker's executor, or the one process of Spark's
 * local mode with all workers and the driver.
 *
 * @param plan of the steps
 * @param images that the process holds at once
 * @param parts what needs memory, in bytes; the part {@link #CACHE} is the image cache
 * @param bytesPerImage how much of it one image needs
 * @param available the largest heap
 * @param gibibytesThatFit the least heap in whole GiB that has what is needed: more than {@link
 *     #needed()} where the regions of a larger heap are larger
 */
public record MemoryPlan(
    StepPlan plan,
    Place place,
    int images,
    List<Part> parts,
    long bytesPerImage,
    long available,
    long gibibytesThatFit) {

  /** The name of the part that {@code train.cache} bounds. */
  public static final String CACHE = "image cache";

  /**
   * Spark and room for garbage between collections. Measured: an embedded Spark 4.1 that trains a
   * tiny network keeps 30 MiB.
   */
  private static final long RUNTIME = 64L << 20;

  /** Spark 4.1 refuses to start with less: one and a half times the 300 MiB that it reserves. */
  private static final long LEAST = 450L << 20;

  private static final long MOST_GIBIBYTES = 1L << 30;

  /**
   * Where the workers run.
   *
   * @param workers in all
   * @param local whether they and the driver share one process; otherwise each has its own
   * @param threads of each worker
   */
  public record Place(int workers, boolean local, int threads) {
    /** The workers of one process. */
    public int workersHere() {
      return local ? workers : 1;
    }
  }

  /** A use of memory. */
  public record Part(String name, long bytes) {}

  /** Copies the list. */
  public MemoryPlan {
    parts = List.copyOf(parts);
  }

  /**
   * Computes the plan.
   *
   * @param pairs in the data set, or empty where unknown: then the cache counts in full
   * @param available the largest heap of the process, in bytes
   */
  public static MemoryPlan of(
      TrainConfiguration configuration,
      Backend backend,
      Place place,
      OptionalLong pairs,
      long available) {
    // What is needed grows with the heap, so every heap before the last one is too small.
    long gibibytes = 1;
    MemoryPlan next = ofHeap(configuration, backend, place, pairs, gibibytes << 30, 0);
    while (!next.fits() && gibibytes < MOST_GIBIBYTES) {
      gibibytes = (next.needed() + (1L << 30) - 1) >> 30;
      next = ofHeap(configuration, backend, place, pairs, gibibytes << 30, 0);
    }
    return ofHeap(configuration, backend, place, pairs, available, gibibytes);
  }

  private static MemoryPlan ofHeap(
      TrainConfiguration configuration,
      Backend backend,
      Place place,
      OptionalLong pairs,
      long available,
      long gibibytes) {
    Network network = configuration.network();
    long known = pairs.orElse(0);
    StepPlan plan = new StepPlan(network, new StepPlan.Options(backend.bandRows(), known, true));
    TrainConfiguration.Train train = configuration.train();
    int images =
        place.local()
            ? train.batchSize()
            : Range.share(train.batchSize(), place.workers()).stream()
                .mapToInt(Range::size)
                .max()
                .orElse(0);
    StoredTensors.Bytes one = StoredTensors.bytes(plan, bytes -> bytes);
    long taken = StoredTensors.bytes(plan, bytes -> inRegions(bytes, available)).all();
    int here = place.workersHere();
    long values = plan.parameters().size();
    List<Part> parts = new ArrayList<>();
    parts.add(new Part("images and targets", images * one.images()));
    parts.add(new Part("tensors between phases", images * one.tensors()));
    parts.add(new Part("parameter gradients", images * one.layerGradients()));
    parts.add(new Part("rounding to heap regions", images * (taken - one.all())));
    parts.add(new Part("parameters", here * Float.BYTES * values));
    parts.add(new Part("sums on their way", sums(plan, place)));
    if (place.local()) {
      // The committed state and the next one, each with the optimizer's slots.
      long slots = train.optimizer().slots().size() * (long) plan.parameters().gradientSize();
      parts.add(new Part("driver's state", 2 * Float.BYTES * (values + slots)));
    }
    if (plan.firstSumIsOfImagesAlone()) {
      long each = (long) Double.BYTES * plan.phases().get(0).sum().length();
      parts.add(new Part("patch moments", (here + 1) * known * each));
    }
    parts.add(new Part(CACHE, cache(configuration, place, pairs)));
    long threads = (long) here * place.threads();
    parts.add(new Part("windows of rows", threads * PhaseRunner.bytes(plan)));
    parts.add(new Part("kernels' scratch", threads * backend.scratchBytes(convolutions(network))));
    parts.add(new Part("Spark and the rest", RUNTIME));
    return new MemoryPlan(plan, place, images, parts, taken, available, gibibytes);
  }

  /** Nodes that threads and messages hold, and what the driver merges where it is here too. */
  private static long sums(StepPlan plan, Place place) {
    long largest =
        plan.phases().stream()
            .mapToLong(phase -> Contribution.nodeBytes(phase.sum().length()))
            .max()
            .orElse(0);
    long nodes = place.workersHere() * (place.threads() + 3L) + (place.local() ? 3 : 0);
    return nodes * largest;
  }

  private static long cache(TrainConfiguration configuration, Place place, OptionalLong pairs) {
    TrainConfiguration.Train train = configuration.train();
    long most = train.cacheBytes();
    if (pairs.isPresent()) {
      Shape input = configuration.network().input();
      // A worker meets all pairs in time if they are shuffled, else always the same ones.
      long met =
          train.shuffle()
              ? pairs.getAsLong()
              : (pairs.getAsLong() + place.workers() - 1) / place.workers();
      most = Math.min(most, 2 * met * input.size());
    }
    return place.workersHere() * most;
  }

  private static List<ConvolutionGeometry> convolutions(Network network) {
    List<ConvolutionGeometry> geometries = new ArrayList<>();
    for (Network.Node node : network.nodes()) {
      if (node.layer() instanceof Convolution convolution) {
        geometries.add(convolution.geometry());
      }
    }
    return geometries;
  }

  /**
   * What an array takes of a heap that the collector G1 cuts into regions, 1 to 32 MiB, about 2048
   * of them: an array of half a region or more gets whole regions to itself. Arrays of a power of
   * two of values, with their header of 16 bytes, always touch one region more.
   */
  private static long inRegions(long bytes, long heap) {
    long aim = Math.max(1L << 20, Math.min(32L << 20, heap / 2048));
    long region = Long.highestOneBit(2 * aim - 1);
    long object = bytes + 16;
    return object < region / 2 ? bytes : (object + region - 1) / region * region;
  }

  /** All parts together, in bytes, or what Spark needs to start at all. */
  public long needed() {
    return Math.max(LEAST, sum());
  }

  private long sum() {
    return parts.stream().mapToLong(Part::bytes).sum();
  }

  /** Whether there is so little memory that Spark does not start. */
  public boolean isTooSmallForSpark() {
    return available < LEAST;
  }

  /** Whether the heap has what is needed. */
  public boolean fits() {
    return needed() <= available;
  }

  /** How many bytes are missing; 0 if it fits. */
  public long missing() {
    return Math.max(0, needed() - available);
  }

  /** The bytes of the image cache. */
  public long cache() {
    return parts.stream().filter(p -> p.name().equals(CACHE)).mapToLong(Part::bytes).sum();
  }

  /** How many images at once the process has room for, all else unchanged; 0 if for none. */
  public long imagesThatFit() {
    long rest = available - (sum() - images * bytesPerImage);
    return Math.max(0, rest / bytesPerImage);
  }
}
