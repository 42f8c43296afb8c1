package dev.syncnorm.spark.cli;

import dev.syncnorm.image.ChannelOrder;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.Parameter;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.RowProgram;
import dev.syncnorm.network.StepPlan;
import dev.syncnorm.tensor.Shape;
import dev.syncnorm.training.MemoryPlan;
import dev.syncnorm.training.Pixels;
import dev.syncnorm.training.SumCosts;
import dev.syncnorm.training.TrainConfiguration;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Prints what a training would do and need: layers, sums and memory. */
final class DryRun {

  private final PrintWriter out;
  private final TrainConfiguration configuration;
  private final MemoryPlan memory;

  DryRun(PrintWriter out, TrainConfiguration configuration, MemoryPlan memory) {
    this.out = out;
    this.configuration = configuration;
    this.memory = memory;
  }

  /** Prints all tables. */
  void print() {
    printPixels();
    printLayers();
    printSums();
    printPhases();
    printMemory();
    out.flush();
  }

  /** The numbers by which values differ from scaled bytes, if they do. */
  private void printPixels() {
    Pixels pixels = configuration.data().pixels();
    if (!pixels.areNormalised()) {
      return;
    }
    List<String> colours = List.of("red", "green", "blue");
    TextTable table = new TextTable(1, "channel", "mean", "std");
    for (int c = 0; c < colours.size(); c++) {
      int colour = pixels.order() == ChannelOrder.RGB ? c : colours.size() - 1 - c;
      table.row(
          colours.get(colour), pixels.mean().get(c).toString(), pixels.std().get(c).toString());
    }
    print(
        "values of a pixel: (byte / %s - mean) / std%s"
            .formatted(
                Float.toString(pixels.scale()).replaceFirst("\\.0$", ""),
                pixels.origin().map(origin -> ", both from " + origin.file()).orElse("")),
        table);
    out.println();
  }

  private void printLayers() {
    Network network = configuration.network();
    TextTable table =
        new TextTable(3, "layer", "type", "output", "parameters", "MFLOPs", "activations");
    table.row("input", "image", network.input().toString(), "0", "0.0", bytes(network.input()));
    double operations = 0;
    long activations = floats(network.input());
    for (Network.Node node : network.nodes()) {
      Layer layer = node.layer();
      operations += layer.forwardOperations();
      activations += floats(layer.outputShape());
      table.row(
          layer.name(),
          layer.type(),
          layer.outputShape().toString(),
          count(layer.parameters().stream().map(Parameter::shape).mapToLong(Shape::size).sum()),
          millions(layer.forwardOperations()),
          bytes(layer.outputShape()));
    }
    table.row(
        "total",
        "",
        "",
        count(network.parameters().size()),
        millions(operations),
        Sizes.text(activations));
    print("layers of one image, the operations of its forward pass", table);
  }

  private void printSums() {
    List<SumCosts> sums = SumCosts.of(memory.plan());
    TextTable table = new TextTable(2, "sum", "of", "doubles", "a tree node", "the result");
    for (int i = 0; i < sums.size(); i++) {
      SumCosts sum = sums.get(i);
      table.row(
          String.valueOf(i + 1),
          sum.name(),
          count(sum.doubles()),
          Sizes.text(sum.nodeBytes()),
          Sizes.text(sum.resultBytes()));
    }
    table.row(
        "total",
        "",
        count(sums.stream().mapToLong(SumCosts::doubles).sum()),
        Sizes.text(sums.stream().mapToLong(SumCosts::nodeBytes).sum()),
        Sizes.text(sums.stream().mapToLong(SumCosts::resultBytes).sum()));
    out.println();
    print(
        "%d %s a step; a worker sends one or two tree nodes of each, and gets the result"
            .formatted(sums.size(), sums.size() == 1 ? "sum" : "sums"),
        table);
    if (memory.plan().firstSumIsOfImagesAlone()) {
      boolean kept = !configuration.train().shuffle();
      out.println(
          "  sum 1 depends on the images alone: each image's part is computed once"
              + (kept ? ", and the sum itself is sent in the first epoch alone" : ""));
    }
  }

  private void printPhases() {
    StepPlan plan = memory.plan();
    Set<Integer> stored =
        plan.stored().stream().map(StepPlan.Stored::tensor).collect(Collectors.toSet());
    out.println();
    out.println("what an image goes through before each sum, band by band of its rows");
    for (int i = 0; i < plan.phases().size(); i++) {
      RowProgram program = plan.phases().get(i).program();
      long windows = program.buffers().stream().mapToLong(b -> (long) Float.BYTES * b.size()).sum();
      String tasks =
          program.tasks().stream()
              .map(t -> plan.name(t) + (stored.contains(t.tensor()) ? " (stored)" : ""))
              .collect(Collectors.joining(", "));
      out.println(
          "  %d: %s; %d %s, %s of windows"
              .formatted(
                  i + 1,
                  tasks,
                  program.bands(),
                  program.bands() == 1 ? "band" : "bands",
                  Sizes.text(windows)));
    }
  }

  private void printMemory() {
    MemoryPlan.Place place = memory.place();
    TextTable table = new TextTable(1, "for", "bytes");
    memory.parts().forEach(part -> table.row(part.name(), Sizes.text(part.bytes())));
    table.row("needed", Sizes.text(memory.needed()));
    table.row("the heap", Sizes.text(memory.available()));
    String workers =
        "%d %s of %d %s"
            .formatted(
                place.workers(),
                place.workers() == 1 ? "worker" : "workers",
                place.threads(),
                place.threads() == 1 ? "thread" : "threads");
    String images = memory.images() + (memory.images() == 1 ? " image" : " images");
    out.println();
    print(
        place.local()
            ? "memory of this process: %s and the driver, %s at once".formatted(workers, images)
            : "memory of each executor: %s, %s at once on each".formatted(workers, images),
        table);
    if (memory.fits()) {
      out.println();
      out.println("it fits");
    }
  }

  /** One line that says by how much a plan does not fit and what to change. */
  static String advice(TrainConfiguration configuration, MemoryPlan memory) {
    MemoryPlan.Place place = memory.place();
    int batch = configuration.train().batchSize();
    long most = memory.imagesThatFit() * (place.local() ? 1 : place.workers());
    boolean exactly = Sizes.text(memory.needed()).equals(Sizes.text(memory.available()));
    StringBuilder advice =
        new StringBuilder(
            "the training needs %s, but %s has %s: "
                .formatted(
                    exactly ? Sizes.mebibytes(memory.needed()) : Sizes.text(memory.needed()),
                    place.local() ? "the heap" : "the heap of an executor",
                    exactly
                        ? Sizes.mebibytes(memory.available())
                        : Sizes.text(memory.available())));
    if (!memory.isTooSmallForSpark()) {
      if (memory.cache() > memory.missing()) {
        long mebibytes = (memory.cache() - memory.missing()) / place.workersHere() >> 20;
        advice.append("set train.cache to %d or less, ".formatted(mebibytes));
      }
      if (most >= 1 && most < batch) {
        advice.append("set train.batch-size to %d or less, ".formatted(most));
      }
      if (memory.imagesThatFit() >= 1) {
        long workers = (batch + memory.imagesThatFit() - 1) / memory.imagesThatFit();
        advice.append(
            place.local()
                ? "run %d workers on a cluster, ".formatted(Math.max(2, workers))
                : "use --workers %d or more, ".formatted(workers));
      }
      advice.append("make model.input and data.pixels.resize smaller, or ");
    }
    return advice
        .append("give more memory: ")
        .append(
            place.local()
                ? "SYNCNORM_JAVA_OPTS=-Xmx%dg".formatted(memory.gibibytesThatFit())
                : "SYNCNORM_SPARK_SUBMIT_OPTS='--executor-memory %dg'"
                    .formatted(memory.gibibytesThatFit()))
        .toString();
  }

  private void print(String title, TextTable table) {
    out.println(title);
    table.lines().forEach(out::println);
  }

  private static long floats(Shape shape) {
    return (long) Float.BYTES * shape.size();
  }

  private static String bytes(Shape shape) {
    return Sizes.text(floats(shape));
  }

  private static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String millions(double operations) {
    return String.format(Locale.ROOT, "%,.1f", operations / 1e6);
  }
}
