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
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Reads {@code model { input, layers, loss }} into a {@link Network}. */
public final class NetworkReader {

  private static final String IMAGE = "input";

  /** A layer as written, before its inputs' shapes are known. */
  private record Written(String name, String type, List<String> inputs, Settings settings) {}

  /**
   * All layers as written.
   *
   * @param byName those that can be referred to
   * @param faulty names that must not be, which were told about
   * @param sound whether names, types and inputs are without mistakes
   */
  private record Graph(
      List<Written> layers, Map<String, Written> byName, Set<String> faulty, boolean sound) {}

  private NetworkReader() {}

  /**
   * Reads the graph; all mistakes are noted in the settings. What can only follow from another
   * mistake, such as a shape behind a layer that could not be read, is not noted.
   *
   * @return the network, or empty if a mistake was noted
   */
  public static Optional<Network> read(Settings model) {
    int mistakes = model.mistakes();
    Settings inputSettings = model.object("input");
    int channels = inputSettings.integer("channels", 3, 1, 1 << 16);
    Shape input =
        Shape.of(
            channels,
            inputSettings.integer("height", 1, 1 << 16),
            inputSettings.integer("width", 1, 1 << 16));
    inputSettings.finish();
    boolean inputKnown = model.mistakes() == mistakes;
    Graph graph = graph(model);
    Optional<List<Written>> sorted = sorted(graph);
    List<Node> nodes =
        shaped(model, input, sorted.orElse(graph.layers()), inputKnown && sorted.isPresent());
    final Loss loss = model.choice("loss", Loss.MEAN_SQUARED_ERROR);
    model.finish();
    return model.mistakes() == mistakes
        ? Optional.of(new Network(input, withBiasesCancelling(nodes), loss))
        : Optional.empty();
  }

  private static Graph graph(Settings model) {
    int mistakes = model.mistakes();
    List<Written> layers = new ArrayList<>();
    Map<String, Written> byName = new LinkedHashMap<>();
    Set<String> faulty = new TreeSet<>();
    String before = IMAGE;
    List<Settings> objects = model.objects("layers");
    if (objects.isEmpty() && model.mistakes() == mistakes) {
      model.wrong("layers", "at least one layer { name = ..., type = ... }");
    }
    for (Settings settings : objects) {
      int own = model.mistakes();
      String name = settings.text("name");
      boolean given = model.mistakes() == own;
      Written layer = new Written(name, type(settings), inputs(settings, before), settings);
      layers.add(layer);
      if (given && (!name.matches("[A-Za-z][A-Za-z0-9_-]*") || name.equals(IMAGE))) {
        settings.wrong("name", "a letter followed by letters, digits, _ or -, and not \"input\"");
        given = false;
      }
      if (!given) {
        faulty.add(name);
      } else if (byName.putIfAbsent(name, layer) != null) {
        settings.wrong("name", "a name that no other layer has");
      }
      before = name;
    }
    return new Graph(layers, byName, faulty, model.mistakes() == mistakes);
  }

  private static String type(Settings settings) {
    int mistakes = settings.mistakes();
    String type = settings.text("type");
    if (settings.mistakes() == mistakes && !Layers.types().contains(type)) {
      String types = "one of " + String.join(", ", new TreeSet<>(Layers.types()));
      settings.wrong("type", types + Settings.hint(type, Layers.types()));
    }
    return type;
  }

  private static List<String> inputs(Settings settings, String before) {
    List<String> inputs = settings.optionalTexts("inputs").orElse(List.of(before));
    if (inputs.isEmpty()) {
      settings.wrong("inputs", "a list of one or more names of layers");
    }
    return inputs;
  }

  /**
   * The layers with inputs first; layers that do not depend on each other keep their order. Empty
   * if there is no such order or a mistake hides it.
   */
  private static Optional<List<Written>> sorted(Graph graph) {
    boolean complete = graph.sound();
    for (Written layer : graph.layers()) {
      for (String input : layer.inputs()) {
        TreeSet<String> names = new TreeSet<>(graph.byName().keySet());
        names.add(IMAGE);
        if (!names.contains(input) && !graph.faulty().contains(input)) {
          String message = "%s names %s, which is no layer; %s";
          layer
              .settings()
              .mistake(
                  "inputs",
                  message.formatted(
                      layer.settings().path("inputs"), input, Settings.suggestion(input, names)));
          complete = false;
        }
      }
    }
    if (!complete) {
      return Optional.empty();
    }
    List<Written> sorted = new ArrayList<>();
    TreeSet<String> placed = new TreeSet<>(List.of(IMAGE));
    List<Written> rest = new ArrayList<>(graph.layers());
    while (!rest.isEmpty()) {
      Optional<Written> next =
          rest.stream().filter(l -> placed.containsAll(l.inputs())).findFirst();
      if (next.isEmpty()) {
        tellCycle(rest);
        return Optional.empty();
      }
      sorted.add(next.get());
      placed.add(next.get().name());
      rest.remove(next.get());
    }
    return unused(sorted) ? Optional.empty() : Optional.of(sorted);
  }

  /** Of layers that wait for each other, names those that another one of them waits for. */
  private static void tellCycle(List<Written> waiting) {
    List<Written> cycle = new ArrayList<>(waiting);
    while (cycle.removeIf(l -> cycle.stream().noneMatch(o -> o.inputs().contains(l.name())))) {
      // Those that feed only what has just been removed go next.
    }
    cycle
        .get(0)
        .settings()
        .mistake(
            "inputs",
            "model.layers has a cycle among %s; a layer's inputs may not depend on its output"
                .formatted(String.join(", ", cycle.stream().map(Written::name).toList())));
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

  /**
   * Reads the layers' settings.
   *
   * @param known whether the layers are in order and the image's shape is right; after a mistake
   *     the shapes are unknown, and only settings are checked
   */
  private static List<Node> shaped(
      Settings model, Shape image, List<Written> layers, boolean known) {
    Map<String, Integer> values = new HashMap<>(Map.of(IMAGE, 0));
    List<Shape> shapes = new ArrayList<>(List.of(image));
    List<Node> nodes = new ArrayList<>();
    boolean shapesKnown = known;
    for (Written layer : layers) {
      int mistakes = model.mistakes();
      if (shapesKnown) {
        List<Integer> inputs = layer.inputs().stream().map(values::get).toList();
        List<Shape> inputShapes = inputs.stream().map(shapes::get).toList();
        try {
          Layer made = Layers.read(layer.type(), layer.name(), layer.settings(), inputShapes);
          layer.settings().finish();
          nodes.add(new Node(made, inputs));
          values.put(layer.name(), nodes.size());
          shapes.add(made.outputShape());
        } catch (ShapeException e) {
          String ways =
              inputs.stream()
                  .map(input -> ShapeChain.to(input, image, nodes))
                  .distinct()
                  .collect(Collectors.joining("; and "));
          String message = "layer %s: %s; the way there: %s";
          layer.settings().mistake("type", message.formatted(layer.name(), e.getMessage(), ways));
        }
        shapesKnown = model.mistakes() == mistakes;
      }
      if (!shapesKnown) {
        checkSettings(layer, image);
      }
    }
    return nodes;
  }

  /** Notes the mistakes that do not depend on shapes; those that are noted already count once. */
  private static void checkSettings(Written layer, Shape any) {
    if (Layers.types().contains(layer.type())) {
      try {
        List<Shape> inputs = layer.type().equals("add") ? List.of(any, any) : List.of(any);
        Layers.read(layer.type(), layer.name(), layer.settings(), inputs);
      } catch (ShapeException e) {
        // Of a shape that is not the layer's.
      }
      layer.settings().finish();
    }
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
          kept |= !(layer instanceof BatchNorm || (layer instanceof Add && cancels[consumer]));
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
