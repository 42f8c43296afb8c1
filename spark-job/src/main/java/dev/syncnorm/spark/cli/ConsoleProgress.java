package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.Settings;
import dev.syncnorm.data.DataIndex;
import dev.syncnorm.kernel.Backend;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.ParameterTable;
import dev.syncnorm.spark.training.TrainJob;
import dev.syncnorm.training.Coordinator.CommittedStep;
import dev.syncnorm.training.Pixels;
import dev.syncnorm.training.RunFolder;
import dev.syncnorm.training.TrainConfiguration;
import dev.syncnorm.training.WeightImport;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints a training for people: what runs, then a block for each epoch; on a terminal a bar. */
final class ConsoleProgress implements TrainJob.Progress {

  private static final int COLUMNS = 8;
  private static final int MOST_CHANNELS = 64;

  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean quiet;
  private final TrainConfiguration configuration;
  private final Backend backend;
  private final TrainingBar bar;
  private long steps;
  private double epochSeconds;
  private int epochImages;
  private int epochSteps;
  private double epochLoss;
  private double firstLoss = Double.NaN;
  private double lastLoss;

  ConsoleProgress(
      PrintWriter out,
      PrintWriter err,
      boolean quiet,
      TrainConfiguration configuration,
      Backend backend,
      TrainingBar bar) {
    this.out = out;
    this.err = err;
    this.quiet = quiet;
    this.configuration = configuration;
    this.backend = backend;
    this.bar = bar;
  }

  /** Says what is about to happen. */
  void begin(String conf, String run) {
    Network network = configuration.network();
    String layers =
        network.nodes().stream().map(n -> n.layer().name()).collect(Collectors.joining(" > "));
    line("train     %s", conf);
    line("network   %s, %,d parameters", layers, network.parameters().size());
    Pixels pixels = configuration.data().pixels();
    if (pixels.areNormalised()) {
      line(
          "pixels    %s: mean %s, std %s%s",
          Settings.label(pixels.order()),
          numbers(pixels.mean()),
          numbers(pixels.std()),
          pixels.origin().map(origin -> ", from " + origin.file()).orElse(""));
    }
    line("run       %s", run);
  }

  private static String numbers(List<Double> values) {
    return values.stream()
        .map(value -> String.format(Locale.ROOT, "%.6f", value))
        .collect(Collectors.joining(" "));
  }

  /** Says what was taken from a file of weights, and what was not. */
  void weights(String file, WeightImport weights) {
    line("weights   %,d tensors from %s", weights.taken(), file);
    names("keep their initial values, as the file lacks them", weights.kept());
    names("of the file are left out, as the network lacks them", weights.left());
    names("were rounded from float64 to float32", weights.rounded());
  }

  private void names(String what, List<String> names) {
    if (!names.isEmpty()) {
      line("          %,d %s: %s", names.size(), what, String.join(", ", names));
    }
  }

  @Override
  public void checked(DataIndex index) {
    steps = configuration.train().schedule(index.size()).steps();
    line(
        "data      %,d %s of images as %s, batches of %d",
        index.size(),
        index.size() == 1 ? "pair" : "pairs",
        configuration.network().input(),
        configuration.train().batchSize());
    if (!index.rejected().isEmpty()) {
      line(
          "rejected  %,d %s (%s); listed in index.json",
          index.rejected().size(),
          index.rejected().size() == 1 ? "image" : "images",
          index.rejectedByCause().entrySet().stream()
              .map(e -> e.getValue() + " " + e.getKey())
              .collect(Collectors.joining(", ")));
    }
  }

  @Override
  public void started(int generation, int workers, int threads) {
    line(
        "workers   %d x %d %s, backend %s",
        workers, threads, threads == 1 ? "thread" : "threads", backend.label());
  }

  @Override
  public void committed(CommittedStep step, double seconds) {
    if (Double.isNaN(firstLoss)) {
      firstLoss = step.loss();
    }
    lastLoss = step.loss();
    epochSeconds += seconds;
    epochImages += step.images();
    epochSteps++;
    epochLoss += step.loss() * step.images();
    if (step.endsEpoch()) {
      bar.clear();
      epoch(step);
    }
    bar.update(step, seconds, steps, configuration.train().epochs());
  }

  private void epoch(CommittedStep step) {
    line("");
    line(
        "epoch %d/%d   step %d   loss %.6f   %.3f s/step   %.1f images/s",
        step.epoch(),
        configuration.train().epochs(),
        step.step(),
        epochLoss / epochImages,
        epochSeconds / epochSteps,
        epochImages / epochSeconds);
    epochSeconds = 0;
    epochImages = 0;
    epochSteps = 0;
    epochLoss = 0;
    Network network = configuration.network();
    ParameterTable table = network.parameters();
    int width = network.nodes().stream().mapToInt(n -> n.layer().name().length()).max().orElse(0);
    network
        .batchNorms()
        .forEach(
            (node, norm) -> {
              float[][] own = table.ofNode(step.state().parameters(), node);
              values(pad(norm.name(), width), "moving mean", own[BatchNorm.MOVING_MEAN]);
              values(" ".repeat(width), "moving variance", own[BatchNorm.MOVING_VARIANCE]);
            });
  }

  @Override
  public void lost(String reason) {
    bar.clear();
    err.println("syncnorm: workers were lost, going on from the last commit: " + reason);
    err.flush();
  }

  @Override
  public void damaged(String message) {
    err.println("syncnorm: " + message);
    err.flush();
  }

  @Override
  public void resumed(long step) {
    line("resumed   after step %,d", step);
  }

  @Override
  public void stopped() {
    StopSignals.tellNothingWritten(err);
  }

  @Override
  public void stopped(RunFolder run, long step) {
    bar.clear();
    line("");
    err.println(
        "syncnorm: stopped after step %d as asked; the same command with --run %s --resume goes on"
            .formatted(step, run.folder().path("")));
    err.flush();
  }

  @Override
  public void finished(RunFolder run) {
    bar.clear();
    line("");
    if (!Double.isNaN(firstLoss)) {
      line("loss      %.6f at the first step, %.6f at the last", firstLoss, lastLoss);
    }
    out.println(run.folder().path(""));
    out.flush();
  }

  private void values(String name, String what, float[] values) {
    if (values.length > MOST_CHANNELS) {
      float[] sorted = values.clone();
      Arrays.sort(sorted);
      line(
          "  %s  %-15s  least %.6f, median %.6f, greatest %.6f of %d channels; all in history.jsonl",
          name,
          what,
          sorted[0],
          sorted[sorted.length / 2],
          sorted[sorted.length - 1],
          sorted.length);
      return;
    }
    for (int from = 0; from < values.length; from += COLUMNS) {
      StringBuilder row = new StringBuilder();
      for (int i = from; i < Math.min(values.length, from + COLUMNS); i++) {
        row.append(String.format(Locale.ROOT, " %10.6f", values[i]));
      }
      line(
          "  %s  %-15s %s",
          from == 0 ? name : " ".repeat(name.length()), from == 0 ? what : "", row);
    }
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(width - text.length());
  }

  private void line(String format, Object... arguments) {
    if (!quiet) {
      out.println(String.format(Locale.ROOT, format, arguments));
      out.flush();
    }
  }
}
