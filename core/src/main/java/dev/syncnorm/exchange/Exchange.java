package dev.syncnorm.exchange;

/**
 * A worker's view of the others: it joins, then takes part in every sum in order. Not thread-safe
 * but for {@link #progress()}: one thread of a worker exchanges.
 */
public interface Exchange {

  /**
   * Waits until this worker's generation is open.
   *
   * @return the state that the generation starts from
   * @throws StoppedException if the generation is over
   */
  byte[] join() throws StoppedException;

  /**
   * Contributes to a sum and waits for its result, which is the same for all workers.
   *
   * @param contribution this worker's part; not changed afterwards
   * @return the result, a fresh array
   * @throws StoppedException if the generation ended before the sum was complete
   */
  byte[] sum(SumId id, byte[] contribution) throws StoppedException;

  /** Says, at most every few seconds, that this worker is alive; called after each image. */
  void progress();

  /** Tells the driver that this worker can't go on, and why, in one line; never throws. */
  void fail(String message);
}
