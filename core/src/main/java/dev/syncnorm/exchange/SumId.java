package dev.syncnorm.exchange;

/**
 * Which sum of a run an exchange is about.
 *
 * @param step the step that the sum belongs to, counted from 1; 0 only in {@link #JOIN}
 * @param sum the sum's number within the step, from 0
 */
public record SumId(long step, int sum) implements Comparable<SumId> {

  /** What a worker asks for first: the state that its generation starts from. */
  public static final SumId JOIN = new SumId(0, 0);

  /** Checks that neither number is negative. */
  public SumId {
    if (step < 0 || sum < 0) {
      throw new IllegalArgumentException("sum " + sum + " of step " + step + " is negative");
    }
  }

  @Override
  public int compareTo(SumId other) {
    return step != other.step ? Long.compare(step, other.step) : Integer.compare(sum, other.sum);
  }

  @Override
  public String toString() {
    return equals(JOIN) ? "join" : "sum " + sum + " of step " + step;
  }
}
