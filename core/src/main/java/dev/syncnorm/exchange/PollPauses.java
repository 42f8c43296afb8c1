package dev.syncnorm.exchange;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How long a worker pauses before each poll for a result.
 *
 * <p>A pause grows by a quarter from poll to poll, so that a result is found at most about a
 * quarter later than it was there, whatever the time that it takes. A worker that always waits for
 * the same sum, because others have more to do, spares itself the polls that would come too early:
 * before the first one it pauses for most of the shortest of its last waits for that sum. Belongs
 * to one thread.
 */
final class PollPauses {

  /** Polls of all workers together, a second: the driver answers on one thread. */
  private static final double POLLS_PER_SECOND = 5_000;

  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long LONGEST_FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int REMEMBERED = 8;

  /** The last waits for one sum of a step, in nanoseconds; 0 where there was none yet. */
  private static final class Waits {
    private final long[] nanos = new long[REMEMBERED];
    private int next;

    void add(long waited) {
      nanos[next] = waited;
      next = (next + 1) % REMEMBERED;
    }

    long shortest() {
      return Arrays.stream(nanos).min().orElse(0);
    }
  }

  private final long shortestNanos;
  private final long longestNanos;
  private final Map<Integer, Waits> waits = new HashMap<>();

  /**
   * The pauses of one of so many workers.
   *
   * @param workers the more there are, the slower each one polls
   */
  PollPauses(int workers) {
    long budgetedNanos = (long) (workers / POLLS_PER_SECOND * 1e9);
    shortestNanos = budgetedNanos / 4; // most sums are complete soon
    longestNanos = Math.max(LONGEST_PAUSE_NANOS, budgetedNanos);
  }

  /** The pause before the first poll for a sum, in nanoseconds. */
  long first(SumId id) {
    Waits last = waits.get(id.sum());
    long expected = last == null ? 0 : Math.min(LONGEST_FIRST_NANOS, last.shortest());
    return Math.max(shortestNanos, expected / 8 * 7);
  }

  /** The pause after that number of polls for a sum, 1 or more, in nanoseconds. */
  long after(int polls) {
    long pauseNanos = shortestNanos;
    for (int i = 0; i < polls && pauseNanos < longestNanos; i++) {
      pauseNanos = pauseNanos * 5 / 4;
    }
    return Math.min(longestNanos, pauseNanos);
  }

  /** The pause after a request that got no reply, in nanoseconds. */
  long longest() {
    return longestNanos;
  }

  /** Remembers how long a worker waited for a sum; 0 if that is not known. */
  void waited(SumId id, long nanos) {
    waits.computeIfAbsent(id.sum(), sum -> new Waits()).add(nanos);
  }
}
