package dev.syncnorm.testing;

import dev.syncnorm.testing.Float64Network.Conv;
import dev.syncnorm.testing.Float64Network.Layer;
import dev.syncnorm.testing.Float64Network.Norm;
import dev.syncnorm.testing.Float64Network.Rectifier;
import dev.syncnorm.testing.Float64Network.Sum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * A random network of a few small layers with random data: as HOCON for the product, as a {@link
 * Float64Network} for the oracle. Every value of it leads to the output. Padding is derived here
 * once more, from TensorFlow's documentation.
 */
public final class RandomGraph {

  /** What a graph may have in it, so that a test can see that all of it came up. */
  public enum Feature {
    NO_BATCH_NORM,
    NORM_OF_THE_INPUT,
    PARALLEL_NORMS,
    NORM_AFTER_NORM,
    SEVERAL_CONSUMERS,
    SKIP_CONNECTION,
    SUM_OF_A_VALUE_WITH_ITSELF,
    BIAS_THAT_CANCELS,
    BIAS_THAT_CANCELS_BEHIND_A_SUM,
    BIAS_THAT_STAYS,
    BIAS_WITH_NORM_AND_OTHER_CONSUMERS,
    STRIDE,
    DILATION,
    GROUPS,
    UNEVEN_PADDING,
    LISTED_OUT_OF_ORDER,
    DEFAULT_INPUT,
    RECTIFIER,
    RECTIFIER_BEHIND_A_NORM,
    CONVOLUTION_OF_THE_IMAGE_FOR_A_NORM_ALONE,
    NORM_PLUS_EARLIER_VALUE_AT_THE_END
  }

  private record Made(Layer layer, int channels, int height, int width, String settings) {}

  private final Random random;
  private final int channels;
  private final int height;
  private final int width;
  private final List<Made> made = new ArrayList<>();
  private final Set<Feature> features = EnumSet.noneOf(Feature.class);
  private final Float64Network network;
  private final String model;
  private final Map<String, float[]> parameters = new LinkedHashMap<>();

  /** The graph of a seed. */
  public RandomGraph(long seed) {
    random = new Random(seed);
    channels = 1 + random.nextInt(3);
    height = 4 + random.nextInt(5);
    width = 4 + random.nextInt(5);
    boolean norms = random.nextInt(8) > 0;
    int wanted = 2 + random.nextInt(7);
    if (norms && random.nextInt(3) == 0) {
      addConv();
      addNorm(made.size());
    }
    while (made.size() < wanted) {
      int kind = random.nextInt(11);
      if (kind == 10) {
        addRectifier();
      } else if (kind < 4) {
        addConv();
      } else if (kind < 7) {
        if (norms && random.nextInt(5) == 0) {
          addParallelNorms();
        } else if (norms) {
          addNorm(random.nextInt(made.size() + 1));
        } else {
          addConv();
        }
      } else {
        addSum();
        if (norms && random.nextInt(2) == 0) {
          addNorm(made.size());
        }
      }
    }
    if (norms && random.nextInt(4) == 0) {
      addNorm(made.size());
      addSumWithEarlierValue();
    }
    prune();
    network = new Float64Network(made.stream().map(Made::layer).toList());
    model = hocon();
    startParameters();
    noteFeatures();
  }

  /** The contents of {@code model}. */
  public String model() {
    return model;
  }

  /** The same network for the oracle. */
  public Float64Network network() {
    return network;
  }

  /** Starting values of everything, all of them float32. */
  public Map<String, float[]> parameters() {
    return parameters;
  }

  /** What is special about this graph. */
  public Set<Feature> features() {
    return features;
  }

  /** Random images. */
  public float[][] images(int count) {
    return normal(count, channels * height * width);
  }

  /** Random targets. */
  public float[][] targets(int count) {
    Made last = made.get(made.size() - 1);
    return normal(count, last.channels() * last.height() * last.width());
  }

  /** Names of the biases that feed nothing but batch norms, directly or through sums. */
  public Set<String> cancellingBiases() {
    Set<String> names = new TreeSet<>();
    for (int l = 0; l < made.size(); l++) {
      if (made.get(l).layer() instanceof Conv conv && conv.bias() && isTakenOut(l + 1)) {
        names.add(conv.name() + ".bias");
      }
    }
    return names;
  }

  /** Whether a batch norm's mean takes a constant out again that is added to a value. */
  private boolean isTakenOut(int value) {
    boolean output = value == made.size();
    boolean takenOut = !output;
    for (int l = 0; l < made.size(); l++) {
      Layer layer = made.get(l).layer();
      if (layer.inputs().contains(value) && !(layer instanceof Norm)) {
        takenOut &= layer instanceof Sum && isTakenOut(l + 1);
      }
    }
    return takenOut;
  }

  private void addConv() {
    int input = random.nextInt(made.size() + 1);
    int c = channels(input);
    int h = height(input);
    int w = width(input);
    int kernel = 1 + random.nextInt(3);
    int stride = random.nextInt(4) == 0 ? 2 : 1;
    int dilation = random.nextInt(4) == 0 ? 2 : 1;
    int groups = c > 1 && random.nextInt(3) == 0 ? c : 1;
    int filters = groups * (1 + random.nextInt(groups > 1 ? 2 : 4));
    boolean bias = random.nextInt(4) > 0;
    int reach = (kernel - 1) * dilation + 1;
    int[] pad; // top, bottom, left, right
    String padding;
    switch (random.nextInt(4)) {
      case 0 -> {
        pad = new int[4];
        padding = "valid";
      }
      case 1 -> {
        int all = random.nextInt(3);
        pad = new int[] {all, all, all, all};
        padding = String.valueOf(all);
      }
      case 2 -> {
        pad = random.ints(4, 0, 3).toArray();
        padding = Arrays.toString(pad);
      }
      default -> {
        int rows = Math.max(((h + stride - 1) / stride - 1) * stride + reach - h, 0);
        int columns = Math.max(((w + stride - 1) / stride - 1) * stride + reach - w, 0);
        pad = new int[] {rows / 2, rows - rows / 2, columns / 2, columns - columns / 2};
        padding = "same";
      }
    }
    if (h + pad[0] + pad[1] < reach + stride || w + pad[2] + pad[3] < reach + stride) {
      return; // fewer than two rows or columns would be left
    }
    String name = "conv" + made.size();
    Conv conv =
        new Conv(
            name, input, c, h, w, filters, kernel, stride, dilation, groups, pad[0], pad[1], pad[2],
            pad[3], bias);
    String settings =
        "type = conv, filters = %d, kernel = %d, stride = %d, dilation = %d, groups = %d, padding = %s, bias = %s"
            .formatted(filters, kernel, stride, dilation, groups, padding, bias);
    made.add(new Made(conv, filters, conv.outHeight(), conv.outWidth(), settings));
  }

  private void addNorm(int input) {
    double epsilon = random.nextBoolean() ? 1e-5 : 1e-2;
    Norm norm = new Norm("norm" + made.size(), input, channels(input), epsilon);
    String settings = "type = batch-norm, epsilon = " + epsilon;
    made.add(new Made(norm, channels(input), height(input), width(input), settings));
  }

  private void addRectifier() {
    int input = made.size();
    Rectifier rectifier = new Rectifier("relu" + made.size(), input);
    made.add(new Made(rectifier, channels(input), height(input), width(input), "type = relu"));
  }

  /** Two batch norms of one value, and their sum. */
  private void addParallelNorms() {
    int input = random.nextInt(made.size() + 1);
    addNorm(input);
    addNorm(input);
    Sum sum = new Sum("sum" + made.size(), List.of(made.size() - 1, made.size()));
    made.add(new Made(sum, channels(input), height(input), width(input), "type = add"));
  }

  private void addSum() {
    int first = random.nextInt(made.size() + 1);
    List<Integer> inputs = new ArrayList<>(List.of(first));
    for (int value = 0; value <= made.size(); value++) {
      boolean fits =
          channels(value) == channels(first)
              && height(value) == height(first)
              && width(value) == width(first);
      if (fits && random.nextInt(value == first ? 6 : 2) == 0) {
        inputs.add(value);
      }
    }
    if (inputs.size() > 1) {
      Collections.shuffle(inputs, random);
      Sum sum = new Sum("sum" + made.size(), List.copyOf(inputs));
      made.add(new Made(sum, channels(first), height(first), width(first), "type = add"));
    }
  }

  /** The last value plus an earlier one, if there is one of its shape. */
  private void addSumWithEarlierValue() {
    int last = made.size();
    for (int value = 0; value < last - 1; value++) {
      if (channels(value) == channels(last)
          && height(value) == height(last)
          && width(value) == width(last)) {
        Sum sum = new Sum("sum" + last, List.of(last, value));
        made.add(new Made(sum, channels(last), height(last), width(last), "type = add"));
        return;
      }
    }
  }

  /** Keeps what leads to the last layer. */
  private void prune() {
    boolean[] needed = new boolean[made.size() + 1];
    needed[made.size()] = true;
    for (int l = made.size() - 1; l >= 0; l--) {
      if (needed[l + 1]) {
        made.get(l).layer().inputs().forEach(input -> needed[input] = true);
      }
    }
    Map<Integer, Integer> numbers = new HashMap<>(Map.of(0, 0));
    List<Made> all = List.copyOf(made);
    made.clear();
    for (int l = 0; l < all.size(); l++) {
      if (needed[l + 1]) {
        Made old = all.get(l);
        made.add(
            new Made(
                renumbered(old.layer(), numbers),
                old.channels(),
                old.height(),
                old.width(),
                old.settings()));
        numbers.put(l + 1, made.size());
      }
    }
  }

  private static Layer renumbered(Layer layer, Map<Integer, Integer> numbers) {
    if (layer instanceof Norm n) {
      return new Norm(n.name(), numbers.get(n.input()), n.channels(), n.epsilon());
    }
    if (layer instanceof Rectifier r) {
      return new Rectifier(r.name(), numbers.get(r.input()));
    }
    if (layer instanceof Sum s) {
      return new Sum(s.name(), s.inputs().stream().map(numbers::get).toList());
    }
    Conv c = (Conv) layer;
    return new Conv(
        c.name(),
        numbers.get(c.input()),
        c.channels(),
        c.height(),
        c.width(),
        c.filters(),
        c.kernel(),
        c.stride(),
        c.dilation(),
        c.groups(),
        c.top(),
        c.bottom(),
        c.left(),
        c.right(),
        c.bias());
  }

  private String hocon() {
    List<Integer> order = new ArrayList<>();
    for (int l = 0; l < made.size(); l++) {
      order.add(l);
    }
    if (random.nextInt(3) == 0) {
      Collections.shuffle(order, random);
    }
    StringBuilder text = new StringBuilder();
    text.append(
        "input = { channels = %d, height = %d, width = %d }%nlayers = [%n"
            .formatted(channels, height, width));
    int before = 0;
    for (int l : order) {
      Layer layer = made.get(l).layer();
      text.append("  { name = ").append(layer.name()).append(", ").append(made.get(l).settings());
      if (layer.inputs().equals(List.of(before)) && random.nextBoolean()) {
        features.add(Feature.DEFAULT_INPUT);
      } else {
        text.append(", inputs = ").append(layer.inputs().stream().map(this::name).toList());
      }
      text.append(" }").append(System.lineSeparator());
      before = l + 1;
    }
    for (int i = 1; i < order.size(); i++) {
      if (order.get(i) < order.get(i - 1)) {
        features.add(Feature.LISTED_OUT_OF_ORDER);
      }
    }
    return text.append("]").toString();
  }

  private void startParameters() {
    for (Made layer : made) {
      String name = layer.layer().name();
      if (layer.layer() instanceof Conv conv) {
        int fanIn = conv.channels() / conv.groups() * conv.kernel() * conv.kernel();
        float[] weight = normal(1, conv.filters() * fanIn)[0];
        for (int i = 0; i < weight.length; i++) {
          weight[i] /= (float) Math.sqrt(fanIn);
        }
        parameters.put(name + ".weight", weight);
        if (conv.bias()) {
          parameters.put(name + ".bias", normal(1, conv.filters())[0]);
        }
      } else if (layer.layer() instanceof Norm norm) {
        float[] gamma = new float[norm.channels()];
        for (int i = 0; i < gamma.length; i++) {
          gamma[i] = (random.nextBoolean() ? 1 : -1) * (0.5f + random.nextFloat());
        }
        float[] ones = new float[norm.channels()];
        Arrays.fill(ones, 1);
        parameters.put(name + ".gamma", gamma);
        parameters.put(name + ".beta", normal(1, norm.channels())[0]);
        parameters.put(name + ".moving_mean", new float[norm.channels()]);
        parameters.put(name + ".moving_variance", ones);
      }
    }
  }

  private void noteFeatures() {
    long norms = 0;
    for (int l = 0; l < made.size(); l++) {
      Layer layer = made.get(l).layer();
      List<Layer> consumers = consumers(l + 1);
      long normConsumers = consumers.stream().filter(c -> c instanceof Norm).count();
      note(Feature.SEVERAL_CONSUMERS, consumers.size() > 1);
      note(Feature.PARALLEL_NORMS, normConsumers > 1);
      if (layer instanceof Norm norm) {
        norms++;
        note(Feature.NORM_OF_THE_INPUT, norm.input() == 0);
        note(
            Feature.NORM_AFTER_NORM,
            norm.input() > 0 && made.get(norm.input() - 1).layer() instanceof Norm);
      } else if (layer instanceof Rectifier rectifier) {
        note(Feature.RECTIFIER, true);
        note(
            Feature.RECTIFIER_BEHIND_A_NORM,
            rectifier.input() > 0 && made.get(rectifier.input() - 1).layer() instanceof Norm);
      } else if (layer instanceof Sum sum) {
        note(
            Feature.NORM_PLUS_EARLIER_VALUE_AT_THE_END,
            l == made.size() - 1
                && sum.inputs().size() == 2
                && sum.inputs().stream()
                    .anyMatch(
                        v ->
                            v > 0
                                && made.get(v - 1).layer() instanceof Norm
                                && consumers(v).size() == 1));
        note(Feature.SKIP_CONNECTION, Collections.min(sum.inputs()) < l);
        note(
            Feature.SUM_OF_A_VALUE_WITH_ITSELF,
            sum.inputs().stream().distinct().count() < sum.inputs().size());
      } else if (layer instanceof Conv conv) {
        boolean cancels = cancellingBiases().contains(conv.name() + ".bias");
        note(Feature.BIAS_THAT_CANCELS, cancels);
        note(Feature.BIAS_THAT_CANCELS_BEHIND_A_SUM, cancels && normConsumers < consumers.size());
        note(Feature.BIAS_THAT_STAYS, conv.bias() && !cancels);
        note(
            Feature.BIAS_WITH_NORM_AND_OTHER_CONSUMERS,
            conv.bias() && !cancels && normConsumers > 0);
        note(
            Feature.CONVOLUTION_OF_THE_IMAGE_FOR_A_NORM_ALONE,
            conv.input() == 0 && conv.groups() == 1 && normConsumers == 1 && consumers.size() == 1);
        note(Feature.STRIDE, conv.stride() > 1);
        note(Feature.DILATION, conv.dilation() > 1 && conv.kernel() > 1);
        note(Feature.GROUPS, conv.groups() > 1);
        note(Feature.UNEVEN_PADDING, conv.top() != conv.bottom() || conv.left() != conv.right());
      }
    }
    note(Feature.NO_BATCH_NORM, norms == 0);
  }

  private void note(Feature feature, boolean present) {
    if (present) {
      features.add(feature);
    }
  }

  private List<Layer> consumers(int value) {
    return made.stream().map(Made::layer).filter(l -> l.inputs().contains(value)).toList();
  }

  private float[][] normal(int count, int size) {
    float[][] values = new float[count][size];
    for (float[] row : values) {
      for (int i = 0; i < size; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return values;
  }

  private String name(int value) {
    return value == 0 ? "input" : made.get(value - 1).layer().name();
  }

  private int channels(int value) {
    return value == 0 ? channels : made.get(value - 1).channels();
  }

  private int height(int value) {
    return value == 0 ? height : made.get(value - 1).height();
  }

  private int width(int value) {
    return value == 0 ? width : made.get(value - 1).width();
  }
}
