package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.offset;

import dev.syncnorm.network.SumLayout;
import dev.syncnorm.network.SumLayout.Segment;
import dev.syncnorm.training.TreeReducer.Node;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TreeReducerTest {

  private static final int PIXELS = 7;

  /** One channel of moments, then three plain values. */
  private static final SumLayout LAYOUT =
      new SumLayout(
          "moments and gradients",
          List.of(
              new Segment.Moments(0, "bn", 0, 1, PIXELS),
              new Segment.LayerGradients(1, "conv", 2, 3)));

  private static final MathContext EXACT = new MathContext(60);

  private static final List<double[]> LEAVES =
      IntStream.range(0, 70).mapToObj(TreeReducerTest::computedLeaf).toList();

  @Test
  void mergedMomentsAreThoseOfAllValuesAtOnce() {
    for (int images = 1; images <= 70; images++) {
      double[] root = reduce(images, new Range(0, images), images).get(0).values();

      BigDecimal count = BigDecimal.valueOf((long) images * PIXELS);
      BigDecimal mean = BigDecimal.ZERO;
      for (int i = 0; i < images; i++) {
        for (double value : pixels(i)) {
          mean = mean.add(new BigDecimal(value));
        }
      }
      mean = mean.divide(count, EXACT);
      BigDecimal squares = BigDecimal.ZERO;
      for (int i = 0; i < images; i++) {
        for (double value : pixels(i)) {
          squares = squares.add(new BigDecimal(value).subtract(mean).pow(2));
        }
      }
      // Values are near 151. A leaf's mean is off by half an ulp, a level of the tree adds at most
      // two: 15 ulp over 7 levels. The centred sum follows 2 |d| times that for every value, |d| <=
      // 0.5, and 8 roundings a level of its own.
      double meanError = 15 * Math.ulp(151.0);
      double squaresError = images * PIXELS * meanError + 8 * 7 * Math.ulp(squares.doubleValue());
      assertThat(root[0]).as("mean of %d", images).isCloseTo(mean.doubleValue(), offset(meanError));
      assertThat(root[1])
          .as("centred sum of squares of %d", images)
          .isCloseTo(squares.doubleValue(), offset(squaresError));
    }
  }

  @Test
  void plainValuesAreAdded() {
    double[] root = reduce(70, new Range(0, 70), 1).get(0).values();

    for (int k = 2; k < 5; k++) {
      BigDecimal sum = BigDecimal.ZERO;
      for (int i = 0; i < 70; i++) {
        sum = sum.add(new BigDecimal(leaf(i)[k]));
      }
      // 7 levels, each rounds partial sums of at most 70 values below 1.
      assertThat(root[k]).isCloseTo(sum.doubleValue(), offset(7 * Math.ulp(64.0)));
    }
  }

  @Test
  void aConstantChannelHasExactlyNoVariance() {
    TreeReducer reducer = new TreeReducer(LAYOUT, 13, new Range(0, 13));
    for (int i = 0; i < 13; i++) {
      reducer.add(0, i, new double[] {0.1, 0, 0, 0, 0});
    }

    double[] root = reducer.nodes().get(0).values();

    assertThat(root[0]).isEqualTo(0.1);
    assertThat(root[1]).isZero();
  }

  @Test
  void anySharingAmongWorkersAndAnyOrderGiveTheSameBits() {
    for (int images = 1; images <= 70; images++) {
      double[] expected = reduce(images, new Range(0, images), 0).get(0).values();
      for (int workers = 1; workers <= 9; workers++) {
        long seed = 1_000L * images + workers;
        List<Node> travelling = new ArrayList<>();
        for (Range range : Range.share(images, workers)) {
          List<Node> nodes = reduce(images, range, seed);
          TreeReducer check = new TreeReducer(LAYOUT, images, range);
          assertThat(check.covers(nodes)).as("%d images, %s", images, range).isTrue();
          assertThat(nodes.size())
              .as("nodes of %s of %d images", range, images)
              .isLessThanOrEqualTo(Math.max(1, 2 * ceilLog2(images)));
          travelling.addAll(nodes);
        }
        assertSameBits(merge(images, travelling, seed), expected, images, workers);
      }
    }
  }

  @Test
  void rangesWithAnyEndsGiveTheSameBits() {
    long seed = 11;
    Random random = new Random(seed);
    for (int round = 0; round < 2_000; round++) {
      int images = 1 + random.nextInt(70);
      int[] ends = random.ints(random.nextInt(6), 0, images + 1).sorted().toArray();
      List<Node> travelling = new ArrayList<>();
      int from = 0;
      for (int end : IntStream.concat(Arrays.stream(ends), IntStream.of(images)).toArray()) {
        Range range = new Range(from, end);
        List<Node> nodes = reduce(images, range, round);
        assertThat(new TreeReducer(LAYOUT, images, range).covers(nodes)).isTrue();
        assertThat(nodes.size()).isLessThanOrEqualTo(Math.max(1, 2 * ceilLog2(images)));
        travelling.addAll(nodes);
        from = end;
      }
      double[] expected = reduce(images, new Range(0, images), 0).get(0).values();
      assertSameBits(merge(images, travelling, round), expected, images, ends.length + 1);
    }
  }

  @Test
  void alignedSharesTravelAsOneNode() {
    for (int workers : new int[] {1, 2, 4, 8}) {
      for (Range range : Range.share(64, workers)) {
        assertThat(reduce(64, range, 3)).hasSize(1);
      }
    }
  }

  @Test
  void manyThreadsGiveTheSameBits() throws Exception {
    double[] expected = reduce(67, new Range(0, 67), 0).get(0).values();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 200; round++) {
        TreeReducer reducer = new TreeReducer(LAYOUT, 67, new Range(0, 67));
        List<Future<?>> leaves = new ArrayList<>();
        for (int i : shuffled(IntStream.range(0, 67).boxed().toList(), round)) {
          leaves.add(threads.submit(() -> reducer.add(0, i, leaf(i))));
        }
        for (Future<?> leaf : leaves) {
          leaf.get();
        }
        assertThat(reducer.nodes()).hasSize(1);
        assertSameBits(reducer.nodes().get(0).values(), expected, 67, 1);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void anyOtherSetOfNodesIsRefused() {
    int refusals = 0;
    for (int images = 1; images <= 24; images++) {
      for (int workers = 1; workers <= 5; workers++) {
        for (Range range : Range.share(images, workers)) {
          List<Node> nodes = reduce(images, range, 5);
          for (List<Node> wrong : wrongs(nodes)) {
            assertThat(new TreeReducer(LAYOUT, images, range).covers(wrong))
                .as("%d images, %s: %s instead of %s", images, range, places(wrong), places(nodes))
                .isFalse();
            refusals++;
          }
        }
      }
    }
    assertThat(refusals).isGreaterThan(1_000);
  }

  @Test
  void theNodesOfAnotherRangeAreRefused() {
    for (int images = 1; images <= 16; images++) {
      for (int from = 0; from <= images; from++) {
        for (int to = from; to <= images; to++) {
          Range range = new Range(from, to);
          for (Range other : Range.share(images, 3)) {
            if (!range.equals(other) && range.size() + other.size() > 0) {
              assertThat(new TreeReducer(LAYOUT, images, range).covers(reduce(images, other, 1)))
                  .as("the nodes of %s for %s of %d", other, range, images)
                  .isFalse();
            }
          }
        }
      }
    }
  }

  @Test
  void aNodeThatComesTwiceIsRefused() {
    TreeReducer reducer = new TreeReducer(LAYOUT, 4, new Range(0, 4));
    reducer.add(0, 2, leaf(2));

    assertThatIllegalStateException().isThrownBy(() -> reducer.add(0, 2, leaf(2)));
  }

  /** What is wrong in one way: a node too few, twice, moved, split, above, too short. */
  private static List<List<Node>> wrongs(List<Node> nodes) {
    List<List<Node>> wrongs = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      wrongs.add(with(nodes, i));
      wrongs.add(with(nodes, i, node, node));
      wrongs.add(with(nodes, i, new Node(node.level(), node.index() + 1, node.values())));
      wrongs.add(with(nodes, i, new Node(node.level() + 1, node.index() / 2, node.values())));
      wrongs.add(with(nodes, i, new Node(31, node.index(), node.values())));
      wrongs.add(with(nodes, i, new Node(node.level(), node.index(), new double[4])));
      if (node.level() > 0) {
        wrongs.add(
            with(
                nodes,
                i,
                new Node(node.level() - 1, node.index() * 2, node.values()),
                new Node(node.level() - 1, node.index() * 2 + 1, node.values())));
      }
    }
    if (nodes.size() > 1) {
      List<Node> backwards = new ArrayList<>(nodes);
      Collections.reverse(backwards);
      wrongs.add(backwards);
    }
    return wrongs;
  }

  private static List<Node> with(List<Node> nodes, int at, Node... instead) {
    List<Node> changed = new ArrayList<>(nodes);
    changed.remove(at);
    changed.addAll(at, List.of(instead));
    return changed;
  }

  private static List<String> places(List<Node> nodes) {
    return nodes.stream().map(n -> "(%d, %d)".formatted(n.level(), n.index())).toList();
  }

  /** The nodes of a range from its leaves, added in an order of the seed's. */
  private static List<Node> reduce(int images, Range range, long seed) {
    TreeReducer reducer = new TreeReducer(LAYOUT, images, range);
    for (int i : shuffled(IntStream.range(range.from(), range.to()).boxed().toList(), seed)) {
      reducer.add(0, i, leaf(i));
    }
    return reducer.nodes();
  }

  private static double[] merge(int images, List<Node> nodes, long seed) {
    TreeReducer reducer = new TreeReducer(LAYOUT, images, new Range(0, images));
    shuffled(nodes, seed).forEach(n -> reducer.add(n.level(), n.index(), n.values().clone()));
    assertThat(reducer.nodes()).hasSize(1);
    return reducer.nodes().get(0).values();
  }

  private static <T> List<T> shuffled(List<T> values, long seed) {
    List<T> shuffled = new ArrayList<>(values);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled;
  }

  private static double[] pixels(int image) {
    return new Random(image).doubles(PIXELS, 150.75, 151.25).toArray();
  }

  /** An image's exact moments, rounded once, and three values. */
  private static double[] leaf(int image) {
    return LEAVES.get(image).clone();
  }

  private static double[] computedLeaf(int image) {
    double[] pixels = pixels(image);
    BigDecimal mean =
        Arrays.stream(pixels)
            .mapToObj(BigDecimal::new)
            .reduce(BigDecimal.ZERO, BigDecimal::add)
            .divide(BigDecimal.valueOf(PIXELS), EXACT);
    BigDecimal squares =
        Arrays.stream(pixels)
            .mapToObj(p -> new BigDecimal(p).subtract(mean).pow(2))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    double[] plain = new Random(-1 - image).doubles(3, -1, 1).toArray();
    return new double[] {mean.doubleValue(), squares.doubleValue(), plain[0], plain[1], plain[2]};
  }

  private static int ceilLog2(int n) {
    return 32 - Integer.numberOfLeadingZeros(n - 1);
  }

  private static void assertSameBits(double[] actual, double[] expected, int images, int workers) {
    assertThat(Arrays.stream(actual).mapToLong(Double::doubleToRawLongBits).toArray())
        .as("%d images on %d workers", images, workers)
        .isEqualTo(Arrays.stream(expected).mapToLong(Double::doubleToRawLongBits).toArray());
  }
}
