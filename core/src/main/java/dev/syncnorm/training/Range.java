package dev.syncnorm.training;

import java.util.ArrayList;
import java.util.List;

/**
 * The images [from, to) of a global batch that one worker owns.
 *
 * @param from index of the first image in the batch
 * @param to index after the last one
 */
public record Range(int from, int to) {

  /** Checks the order of the ends. */
  public Range {
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("the range [" + from + ", " + to + ") is none");
    }
  }

  /** The number of images. */
  public int size() {
    return to - from;
  }

  /**
   * Shares a batch out: contiguous ranges, none longer than ceil(images / workers), whose ends fall
   * on multiples of the highest powers of two that this allows, so that few tree nodes travel.
   *
   * @param images in the batch, 0 or more
   * @return one range for each worker; some may be empty
   */
  public static List<Range> share(int images, int workers) {
    if (workers < 1) {
      throw new IllegalArgumentException("workers is " + workers + ", expected 1 or more");
    }
    int most = (images + workers - 1) / workers;
    List<Range> ranges = new ArrayList<>();
    int from = 0;
    for (int worker = 0; worker < workers; worker++) {
      long left = (long) most * (workers - worker - 1);
      int least = (int) Math.max(from, images - left);
      int to = mostAligned(least, Math.min(images, from + most), images);
      ranges.add(new Range(from, to));
      from = to;
    }
    return ranges;
  }

  /**
   * The number from least to most with the most trailing zeros; the end of the batch counts as
   * even.
   */
  private static int mostAligned(int least, int most, int images) {
    int best = most;
    for (int candidate = most; candidate >= least; candidate--) {
      if (alignment(candidate, images) > alignment(best, images)) {
        best = candidate;
      }
    }
    return best;
  }

  private static int alignment(int end, int images) {
    return end == images ? 31 : end == 0 ? -1 : Integer.numberOfTrailingZeros(end);
  }
}
