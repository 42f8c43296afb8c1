package dev.syncnorm.training;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.configuration.Mistakes;
import dev.syncnorm.configuration.Settings;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.network.Network;
import dev.syncnorm.network.NetworkReader;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A whole training configuration, checked; reference.conf explains the keys.
 *
 * @param text the resolved configuration in HOCON, as saved with the run; it names no file that
 *     decides what is computed but the images
 * @param warnings a line for each thing that is no mistake but should be known
 */
public record TrainConfiguration(
    Network network, Data data, Train train, Preview preview, String text, List<String> warnings) {

  /**
   * The images and how they become tensors.
   *
   * @param input folder of the inputs
   * @param target folder of the targets
   * @param pixels how the bytes of inputs and targets become values
   * @param decodeTimeoutSeconds for how long the check before training decodes one image
   */
  public record Data(
      String input,
      String target,
      Pixels pixels,
      int height,
      int width,
      double decodeTimeoutSeconds) {}

  /** The course of training. */
  public record Train(
      int epochs,
      int batchSize,
      boolean shuffle,
      long seed,
      Optimizer optimizer,
      int checkpointEvery,
      int keepCheckpoints,
      double waitForWorkersSeconds,
      double workerTimeoutSeconds,
      int maxFailures,
      long cacheBytes) {

    /** The batches over a data set. */
    public Schedule schedule(int images) {
      return new Schedule(images, batchSize, epochs, shuffle, seed);
    }
  }

  /** Where the paths of a configuration lead. */
  @FunctionalInterface
  public interface Paths {
    /** Turns a path as written into the one to use. */
    String locate(String written);

    /**
     * The file at a located path; executors read none.
     *
     * @param key of the path, which names it in a mistake
     * @throws ConfigurationException if the path is wrong
     */
    default StoredFile file(String key, String located) throws ConfigurationException {
      return StoredFile.local(Path.of(located));
    }

    /** Whether a located path is known to be no file; executors leave this to the driver. */
    default boolean isMissing(String located) {
      return false;
    }

    /** Whether a located path is known to be no folder; executors leave this to the driver. */
    default boolean isMissingFolder(String located) {
      return false;
    }
  }

  /** Images that pictures are made of. */
  public record Preview(Optional<String> before, Optional<String> after, Optional<String> test) {}

  /** The optimizers by their names in configurations. */
  private enum OptimizerType {
    ADAM
  }

  /**
   * Reads a resolved configuration.
   *
   * @param paths where paths lead
   * @throws ConfigurationException with all mistakes at once
   */
  public static TrainConfiguration read(Config config, Paths paths) throws ConfigurationException {
    Mistakes mistakes = new Mistakes();
    Settings root = Settings.root(config, mistakes);
    Optional<Network> network = NetworkReader.read(root.object("model"));
    Shape input = network.map(Network::input).orElse(Shape.of(3, 1, 1));
    if (network.isPresent()) {
      checkPicture(root, network.get());
    }
    List<String> warnings = new ArrayList<>();
    Data data = data(root.object("data"), network.isPresent(), input, paths, warnings::add);
    Train train = train(root.object("train"));
    if (network.isPresent() && train.batchSize() == 1) {
      undefinedVariance(network.get(), "train.batch-size is 1")
          .ifPresent(m -> root.object("train").mistake("batch-size", m));
    }
    Settings previewSettings = root.object("preview");
    Preview preview =
        new Preview(
            picture(previewSettings, "before", paths),
            picture(previewSettings, "after", paths),
            picture(previewSettings, "test", paths));
    previewSettings.finish();
    root.finish();
    mistakes.throwIfAny();
    return new TrainConfiguration(
        network.orElseThrow(),
        data,
        train,
        preview,
        ConfigurationFile.render(data.pixels().resolve(config)),
        List.copyOf(warnings));
  }

  /**
   * A configuration to go on with a run by: what the run took from files at its beginning is taken
   * from its own configuration, if both name the same files.
   *
   * @param begun the run's configuration, as it was saved
   */
  public static Config asBegun(Config config, String begun) {
    try {
      return Pixels.asBegun(config, ConfigFactory.parseString(begun));
    } catch (ConfigException e) {
      return config; // that the run's is damaged is told when both are compared
    }
  }

  /**
   * What is wrong with the batches of a data set.
   *
   * @param pairs in the data set
   */
  public Optional<String> batchMistake(int pairs) {
    int batch = train.batchSize();
    if (batch > pairs) {
      return Optional.of(
          "train.batch-size is %d, but the data set has %d pairs in %s; set train.batch-size to %d or less"
              .formatted(batch, pairs, data.input(), pairs));
    }
    return pairs % batch == 1
        ? undefinedVariance(
            network,
            "the data set has %d pairs, so that the last batch of %d has one image"
                .formatted(pairs, batch))
        : Optional.empty();
  }

  /** What is wrong with a batch of one image, which {@code reason} says there is. */
  private static Optional<String> undefinedVariance(Network network, String reason) {
    return network.batchNorms().values().stream()
        .filter(BatchNorm::needsTwoImages)
        .findFirst()
        .map(
            norm ->
                "layer %s keeps the sample variance of %s values, but %s, and one value a channel has none; set its convention to tensorflow, or a train.batch-size that leaves no image alone"
                    .formatted(norm.name(), norm.outputShape(), reason));
  }

  private static void checkPicture(Settings root, Network network) {
    if (network.input().channels() != 3) {
      root.object("model")
          .mistake(
              "input",
              "model.input.channels is %d, but images have 3; set it to 3"
                  .formatted(network.input().channels()));
    }
    if (!network.output().equals(network.input())) {
      root.object("model")
          .mistake(
              "layers",
              "the network's output is %s, but the targets are images of %s; the loss needs one shape; the way there: %s"
                  .formatted(network.output(), network.input(), network.chain()));
    }
  }

  private static Optional<String> picture(Settings settings, String key, Paths paths) {
    Optional<String> located = settings.optionalText(key).map(paths::locate);
    if (located.filter(paths::isMissing).isPresent()) {
      settings.wrong(key, "an image, but there is no file " + located.get());
    }
    return located;
  }

  private static Data data(
      Settings settings, boolean hasNetwork, Shape input, Paths paths, Consumer<String> warnings) {
    Settings pixels = settings.object("pixels");
    Optional<List<Integer>> resize = pixels.optionalIntegers("resize", 2, 1);
    List<Integer> model = List.of(input.height(), input.width());
    if (hasNetwork && resize.isPresent() && !resize.get().equals(model)) {
      pixels.wrong("resize", "the model's input, " + model);
    }
    Data data =
        new Data(
            folder(settings, "input", paths),
            folder(settings, "target", paths),
            new PixelsReader(pixels, paths, warnings)
                .read(new Extent(input.height(), input.width())),
            input.height(),
            input.width(),
            decodeTimeout(settings));
    pixels.finish();
    settings.finish();
    return data;
  }

  private static String folder(Settings settings, String key, Paths paths) {
    int mistakes = settings.mistakes();
    String written = settings.text(key);
    String located = paths.locate(written);
    if (settings.mistakes() == mistakes && written.isEmpty()) {
      settings.wrong(key, "a folder of images");
    } else if (settings.mistakes() == mistakes && paths.isMissingFolder(located)) {
      settings.wrong(key, "a folder of images, but there is no folder " + located);
    }
    return located;
  }

  private static double decodeTimeout(Settings settings) {
    double seconds = settings.seconds("decode-timeout", 60);
    if (seconds <= 0) {
      settings.wrong("decode-timeout", "a length of time above 0 s");
    }
    return seconds;
  }

  private static Train train(Settings settings) {
    Train train =
        new Train(
            settings.integer("epochs", 1, Integer.MAX_VALUE),
            settings.integer("batch-size", 1, Integer.MAX_VALUE),
            settings.flag("shuffle", false),
            settings.wholeNumber("seed", 1),
            optimizer(settings.object("optimizer")),
            settings.integer("checkpoint-every", 0, Integer.MAX_VALUE),
            settings.integer("keep-checkpoints", 1, Integer.MAX_VALUE),
            settings.seconds("wait-for-workers", 60),
            settings.seconds("worker-timeout", 60),
            settings.integer("max-failures", 0, Integer.MAX_VALUE),
            (long) settings.integer("cache", 0, Integer.MAX_VALUE) << 20);
    settings.finish();
    return train;
  }

  private static Optimizer optimizer(Settings settings) {
    OptimizerType type = settings.choice("type", OptimizerType.ADAM);
    Optimizer optimizer =
        switch (type) {
          case ADAM -> Adam.read(settings);
        };
    settings.finish();
    return optimizer;
  }
}
