package dev.syncnorm.statistics;

import dev.syncnorm.image.PixelKind;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Lines of Python that normalise the images of a data set to mean 0 and population variance 1, as
 * each framework wants them. Nine significant digits tell every float32.
 *
 * @param framework its name
 * @param code to paste, one line
 * @param note what else must be known, such as which values it takes; a sentence
 */
public record FrameworkLines(String framework, String code, String note) {

  private static final MathContext DIGITS = new MathContext(9);

  /** One for each framework; none if there are no images. */
  public static List<FrameworkLines> of(DataSetStatistics statistics) {
    Optional<PixelSums> total = statistics.total();
    if (total.isEmpty()) {
      return List.of();
    }
    String mean = list(total.get(), ChannelStatistics::mean);
    String std = list(total.get(), c -> orOne(c.populationStandardDeviation()));
    String variance = list(total.get(), c -> orOne(c.populationVariance()));
    List<Integer> depths = statistics.sums().keySet().stream().map(PixelKind::depth).toList();
    boolean mixed = depths.size() > 1;
    int greatest = mixed ? 1 : statistics.sums().firstKey().greatest();
    String constant = constant(total.get());
    return List.of(
        new FrameworkLines(
            "torchvision",
            "transforms.Normalize(mean=%s, std=%s)".formatted(mean, std),
            switch (greatest) {
                  case 1 ->
                      "For values scaled to [0, 1]: those of 8 bits / 255, of 16 bits / 65535.";
                  case 255 -> "After transforms.ToTensor(), which scales bytes to [0, 1].";
                  default -> "For values / 65535, which transforms.ToTensor() does not do.";
                }
                + constant),
        new FrameworkLines(
            "Keras",
            mixed
                ? "tf.keras.layers.Normalization(mean=%s, variance=%s)".formatted(mean, variance)
                : "tf.keras.Sequential([tf.keras.layers.Rescaling(1 / %d), tf.keras.layers.Normalization(mean=%s, variance=%s)])"
                    .formatted(greatest, mean, variance),
            (mixed
                    ? "For values scaled to [0, 1]: those of 8 bits / 255, of 16 bits / 65535."
                    : "For values from 0 to %d, channels last.".formatted(greatest))
                + constant),
        new FrameworkLines(
            "Albumentations",
            "A.Normalize(mean=%s, std=%s, max_pixel_value=%d.0)".formatted(mean, std, greatest),
            (mixed
                    ? "For values scaled to [0, 1]: those of 8 bits / 255, of 16 bits / 65535."
                    : "For values from 0 to %d, channels last.".formatted(greatest))
                + constant));
  }

  /** What has one value only can't be scaled to variance 1. */
  private static double orOne(double deviation) {
    return deviation == 0 ? 1 : deviation;
  }

  private static String constant(PixelSums sums) {
    List<String> names = new ArrayList<>();
    for (int c = 0; c < sums.kind().channels(); c++) {
      if (sums.channels().get(c).min() == sums.channels().get(c).max()) {
        names.add(sums.channel(c).name());
      }
    }
    return names.isEmpty()
        ? ""
        : " Constant, so divided by 1: %s.".formatted(String.join(", ", names));
  }

  private static String list(PixelSums sums, ToDoubleFunction<ChannelStatistics> value) {
    return IntStream.range(0, sums.kind().channels())
        .mapToObj(c -> number(value.applyAsDouble(sums.channel(c))))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String number(double value) {
    BigDecimal rounded = new BigDecimal(value).round(DIGITS).stripTrailingZeros();
    // Python's float(): 1E-7 is as good as 0.0000001; 1E+1 can't be, as values are at most 1.
    String text = value < 1e-4 ? rounded.toString() : rounded.toPlainString();
    return text.contains(".") || text.contains("E") ? text : text + ".0";
  }
}
