package dev.syncnorm.network;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.layer.Add;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.Layers;
import dev.syncnorm.layer.Loss;
import dev.syncnorm.layer.ShapeException;
import dev.syncnorm.network.Network.Node;
import dev.syncnorm.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Reads {@code model { input, layers, loss }} into a {@link Network}. */
public final class NetworkReader {

  private static final String IMAGE = "input";

  /** A layer as written, before its inputs' shapes are known. */
  private record Written(String name, String type, List<String> inputs, Settings settings) {}

  private NetworkReader() {}

  /**
   * Reads the graph; all mistakes are noted in the settings.
   *
   * @return the network, or empty if a mistake was noted
   */
  public static Optional<Network> read(Settings model) {
    Settings inputSettings = model.object("input");
    int channels = inputSettings.integer("channels", 3, 1, 1 << 16);
    Shape input =
        Shape.of(
            channels,
            inputSettings.integer("height", 1, 1 << 16),
            inputSettings.integer("width", 1, 1 << 16));
    inputSettings.finish();
    final Loss loss = model.choice("loss", Loss.MEAN_SQUARED_ERROR);
    Map<String, Written> written = written(model);
    Optional<List<Written>> sorted = sorted(model, written);
    model.finish();
    return sorted.flatMap(layers -> shaped(input, layers)).map(n -> new Network(input, n, loss));
  }

  private static Map<String, Written> written(Settings model) {
    Map<String, Written> written = new LinkedHashMap<>();
    String before = IMAGE;
    List<Settings> layers = model.objects("layers");
    if (layers.isEmpty()) {
      model.wrong("layers", "at least one layer { name = ..., type = ... }");
    }
    for (Settings settings : layers) {
      String name = settings.text("name");
      String type = settings.text("type");
      List<String> inputs = settings.optionalTexts("inputs").orElse(List.of(before));
      if (!Layers.types().contains(type)) {
        settings.wrong(
            "type",
            "one of %s; %s"
                .formatted(
                    String.join(", ", new TreeSet<>(Layers.types())),
                    Settings.suggestion(type, Layers.types())));
      }
      if (!name.matches("[A-Za-z][A-Za-z0-9_-]*") || name.equals(IMAGE)) {
        settings.wrong("name", "a letter followed by letters, digits, _ or -, and not \"input\"");
      } else if (written.putIfAbsent(name, new Written(name, type, inputs, settings)) != null) {
        settings.wrong("name", "a name that no other layer has");
      }
      before = name;
    }
    return written;
  }

  /** The layers with inputs first; layers that do not depend on each other keep their order. */
  private static Optional<List<Written>> sorted(Settings model, Map<String, Written> written) {
    boolean complete = true;
    for (Written layer : written.values()) {
      for (String input : layer.inputs()) {
        if (!input.equals(IMAGE) && !written.containsKey(input)) {
          TreeSet<String> names = new TreeSet<>(written.keySet());
          names.add(IMAGE);
          layer.settings().wrong("inputs", "names of layers; " + Settings.suggestion(input, names));
          complete = false;
        }
      }
      complete &= Layers.types().contains(layer.type());
    }
    if (!complete || written.isEmpty()) {
      return Optional.empty();
    }
    List<Written> sorted = new ArrayList<>();
    TreeSet<String> placed = new TreeSet<>(List.of(IMAGE));
    List<Written> rest = new ArrayList<>(written.values());
    while (!rest.isEmpty()) {
      Optional<Written> next =
          rest.stream().filter(l -> placed.containsAll(l.inputs())).findFirst();
      if (next.isEmpty()) {
        model.mistake(
            "layers",
            "model.layers has a cycle among %s; a layer's inputs may not depend on its output"
                .formatted(String.join(", ", rest.stream().map(Written::name).toList())));
        return Optional.empty();
      }
      sorted.add(next.get());
      placed.add(next.get().name());
      rest.remove(next.get());
    }
    return unused(sorted) ? Optional.empty() : Optional.of(sorted);
  }

  private static boolean unused(List<Written> sorted) {
    boolean found = false;
    for (Written layer : sorted.subList(0, sorted.size() - 1)) {
      if (sorted.stream().noneMatch(other -> other.inputs().contains(layer.name()))) {
        layer
            .settings()
            .mistake(
                "name",
                "the output of the layer %s is used by no layer; only the last layer, %s, gives"
                        .formatted(layer.name(), sorted.get(sorted.size() - 1).name())
                    + " the network's output");
        found = true;
      }
    }
    return found;
  }

  private static Optional<List<Node>> shaped(Shape image, List<Written> layers) {
    Map<String, Integer> values = new HashMap<>(Map.of(IMAGE, 0));
    List<Shape> shapes = new ArrayList<>(List.of(image));
    List<Node> nodes = new ArrayList<>();
    for (Written layer : layers) {
      List<Integer> inputs = layer.inputs().stream().map(values::get).toList();
      try {
        Layer made =
            Layers.read(
                layer.type(),
                layer.name(),
                layer.settings(),
                inputs.stream().map(shapes::get).toList());
        layer.settings().finish();
        nodes.add(new Node(made, inputs));
        values.put(layer.name(), nodes.size());
        shapes.add(made.outputShape());
      } catch (ShapeException e) {
        layer
            .settings()
            .mistake(
                "type",
                "layer %s: %s; %s".formatted(layer.name(), e.getMessage(), chain(image, nodes)));
        return Optional.empty();
      }
    }
    return Optional.of(withBiasesCancelling(nodes));
  }

  private static String chain(Shape image, List<Node> nodes) {
    StringBuilder chain = new StringBuilder("input " + image);
    nodes.forEach(
        n ->
            chain
                .append(" -> ")
                .append(n.layer().name())
                .append(' ')
                .append(n.layer().outputShape()));
    return chain.toString();
  }

  /** Marks the convolutions whose bias a batch norm's mean takes out again, also behind sums. */
  private static List<Node> withBiasesCancelling(List<Node> nodes) {
    boolean[] cancels = new boolean[nodes.size()];
    List<Node> result = new ArrayList<>(nodes);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      int value = i + 1;
      boolean used = false;
      boolean kept = false;
      for (int consumer = i + 1; consumer < nodes.size(); consumer++) {
        if (nodes.get(consumer).inputs().contains(value)) {
          Layer layer = nodes.get(consumer).layer();
          used = true;
          kept |= !(layer instanceof BatchNorm || layer instanceof Add && cancels[consumer]);
        }
      }
      cancels[i] = used && !kept;
      if (cancels[i] && nodes.get(i).layer() instanceof Convolution convolution) {
        result.set(i, new Node(convolution.withBiasCancelling(), nodes.get(i).inputs()));
      }
    }
    return result;
  }
}
