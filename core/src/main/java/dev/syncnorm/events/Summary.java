package dev.syncnorm.events;

import java.util.Arrays;

/** The values of a step by their tags. Not thread-safe. */
final class Summary {

  private static final int SUMMARY_VALUE = 1;
  private static final int VALUE_TAG = 1;
  private static final int VALUE_SCALAR = 2;
  private static final int VALUE_IMAGE = 4;
  private static final int VALUE_HISTOGRAM = 5;
  private static final int MOST_BUCKETS = 30;

  private final ProtoMessage values = new ProtoMessage();

  /** Adds a number. */
  Summary scalar(String tag, double value) {
    return value(new ProtoMessage().text(VALUE_TAG, tag).float32(VALUE_SCALAR, (float) value));
  }

  /**
   * Adds a histogram in buckets of one width; a single one if all values are equal.
   *
   * @param samples at least one, all finite
   */
  Summary histogram(String tag, float[] samples) {
    double least = samples[0];
    double greatest = samples[0];
    double sum = 0;
    double squares = 0;
    for (double sample : samples) {
      least = Math.min(least, sample);
      greatest = Math.max(greatest, sample);
      sum += sample;
      squares += sample * sample;
    }
    int buckets = greatest > least ? Math.min(samples.length, MOST_BUCKETS) : 1;
    double[] limits = new double[buckets];
    for (int i = 0; i < buckets; i++) {
      limits[i] = least + (greatest - least) * (i + 1) / buckets;
    }
    limits[buckets - 1] = greatest;
    double[] counts = new double[buckets];
    for (double sample : samples) {
      int found = Arrays.binarySearch(limits, sample);
      counts[found >= 0 ? found : -found - 1]++;
    }
    ProtoMessage histogram =
        new ProtoMessage()
            .float64(1, least)
            .float64(2, greatest)
            .float64(3, samples.length)
            .float64(4, sum)
            .float64(5, squares)
            .float64s(6, limits)
            .float64s(7, counts);
    return value(new ProtoMessage().text(VALUE_TAG, tag).message(VALUE_HISTOGRAM, histogram));
  }

  /** Adds a picture of three channels. */
  Summary picture(String tag, int width, int height, byte[] png) {
    ProtoMessage image =
        new ProtoMessage().whole(1, height).whole(2, width).whole(3, 3).bytes(4, png);
    return value(new ProtoMessage().text(VALUE_TAG, tag).message(VALUE_IMAGE, image));
  }

  private Summary value(ProtoMessage value) {
    values.message(SUMMARY_VALUE, value);
    return this;
  }

  ProtoMessage message() {
    return values;
  }
}
