package dev.syncnorm.training;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import dev.syncnorm.image.ChannelOrder;
import dev.syncnorm.image.PixelConversion;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the bytes of images become values: (byte / scale - mean) / std.
 *
 * @param order of the channels in tensors
 * @param scale what bytes are divided by
 * @param mean of each channel, in that order
 * @param std of each channel, in that order
 * @param origin the statistics that mean and std were taken from
 */
public record Pixels(
    ChannelOrder order, float scale, List<Double> mean, List<Double> std, Optional<Origin> origin) {

  static final List<Double> NO_MEAN = List.of(0.0, 0.0, 0.0);
  static final List<Double> NO_STD = List.of(1.0, 1.0, 1.0);

  /** The key of a stats.json. */
  static final String STATISTICS = "data.pixels.statistics";

  private static final String MEAN = "data.pixels.mean";
  private static final String STD = "data.pixels.std";

  /**
   * A stats.json that was read.
   *
   * @param file as the configuration has it
   * @param sha256 of its content
   */
  public record Origin(String file, String sha256) {}

  /** The conversion, there and back. */
  public PixelConversion conversion() {
    return new PixelConversion(order, scale, mean, std);
  }

  /** Whether values are more than scaled bytes. */
  public boolean areNormalised() {
    return !mean.equals(NO_MEAN) || !std.equals(NO_STD);
  }

  /**
   * The configuration that says the same without any other file: mean and std as numbers, and what
   * they were taken from.
   */
  Config resolve(Config config) {
    return origin
        .map(
            read ->
                config
                    .withValue(MEAN, ConfigValueFactory.fromIterable(mean))
                    .withValue(STD, ConfigValueFactory.fromIterable(std))
                    .withValue(
                        STATISTICS,
                        ConfigValueFactory.fromMap(
                            Map.of("file", read.file(), "sha256", read.sha256()))))
        .orElse(config);
  }

  /**
   * The configuration with the numbers that a run has begun with, if they are of the statistics
   * that it names: a run that goes on needs their file no more, and none that has changed.
   *
   * @param begun the resolved configuration of the run
   */
  static Config asBegun(Config config, Config begun) {
    boolean sameFile =
        config.hasPath(STATISTICS)
            && begun.hasPath(STATISTICS + ".file")
            && config
                .getValue(STATISTICS)
                .unwrapped()
                .equals(begun.getValue(STATISTICS + ".file").unwrapped());
    if (!sameFile || config.hasPath(MEAN) || config.hasPath(STD)) {
      return config;
    }
    Config resolved = config;
    for (String key : List.of(MEAN, STD, STATISTICS)) {
      if (begun.hasPath(key)) {
        resolved = resolved.withValue(key, begun.getValue(key));
      }
    }
    return resolved;
  }
}
