package dev.syncnorm.exchange;

import dev.syncnorm.exchange.Message.Reply;
import dev.syncnorm.exchange.Message.Request;
import dev.syncnorm.exchange.Message.RequestKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The worker's side: puts a contribution, then polls for the result with a pause that grows while
 * nothing happens. A request that fails is sent again until the generation is given up.
 */
public final class PollingExchange implements Exchange {

  /** Polls of all workers together, a second: the driver answers on one thread. */
  private static final double POLLS_PER_SECOND = 5_000;

  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long ALIVE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** How a worker waits and how it learns that it must not go on. */
  public interface Waiting {
    /** Sleeps for about so long. */
    void pause(long nanos) throws InterruptedException;

    /** Whether the worker's task has been killed. */
    boolean killed();
  }

  private final Link link;
  private final SharedBytes shared;
  private final Waiting waiting;
  private final LongSupplier nanoClock;
  private final long run;
  private final int generation;
  private final int worker;
  private final long shortestPauseNanos;
  private final long longestPauseNanos;
  private final long giveUpNanos;
  private volatile long lastSaidNanos;

  /**
   * The exchange of one worker in one generation.
   *
   * @param workers the workers of the generation; the more there are, the slower each one polls
   * @param giveUpNanos for how long requests may fail before the worker stops
   */
  public PollingExchange(
      Link link,
      SharedBytes shared,
      Waiting waiting,
      LongSupplier nanoClock,
      long run,
      int generation,
      int worker,
      int workers,
      long giveUpNanos) {
    this.link = link;
    this.shared = shared;
    this.waiting = waiting;
    this.nanoClock = nanoClock;
    this.run = run;
    this.generation = generation;
    this.worker = worker;
    this.giveUpNanos = giveUpNanos;
    long budgetedPauseNanos = (long) (workers / POLLS_PER_SECOND * 1e9);
    this.shortestPauseNanos = budgetedPauseNanos / 4; // most sums are complete soon
    this.longestPauseNanos = Math.max(LONGEST_PAUSE_NANOS, budgetedPauseNanos);
    this.lastSaidNanos = nanoClock.getAsLong();
  }

  /** Tells the driver where this worker runs, in whatever words the two sides have agreed on. */
  public void announce(String place) throws StoppedException {
    ask(RequestKind.ALIVE, SumId.JOIN, 0, 1, place.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public byte[] join() throws StoppedException {
    return result(SumId.JOIN);
  }

  @Override
  public byte[] sum(SumId id, byte[] contribution) throws StoppedException {
    int pieces = Pieces.count(contribution.length, Mailbox.PIECE_BYTES);
    for (int piece = 0; piece < pieces; piece++) {
      ask(RequestKind.PUT, id, piece, pieces, Pieces.cut(contribution, piece, Mailbox.PIECE_BYTES));
    }
    return result(id);
  }

  @Override
  public void progress() {
    if (nanoClock.getAsLong() - lastSaidNanos < ALIVE_EVERY_NANOS) {
      return;
    }
    lastSaidNanos = nanoClock.getAsLong();
    try {
      link.ask(request(RequestKind.ALIVE, SumId.JOIN, 0, 1, new byte[0]).encode());
    } catch (IOException e) {
      // A sign of life may get lost: the next one, or the sum itself, follows.
    }
  }

  @Override
  public void fail(String message) {
    try {
      ask(RequestKind.FAIL, SumId.JOIN, 0, 1, message.getBytes(StandardCharsets.UTF_8));
    } catch (StoppedException e) {
      // The driver has given this generation up already.
    }
  }

  private byte[] result(SumId id) throws StoppedException {
    Pieces pieces = null;
    int next = 0;
    long pauseNanos = shortestPauseNanos;
    while (true) {
      Reply reply = ask(RequestKind.POLL, id, next, next + 1, new byte[0]);
      switch (reply.kind()) {
        case WAIT -> {
          pause(pauseNanos);
          pauseNanos = Math.min(longestPauseNanos, pauseNanos * 5 / 4);
        }
        case SHARED -> {
          return fetch(reply.payload());
        }
        case PIECE -> {
          if (pieces == null) {
            pieces = new Pieces(reply.pieces());
          }
          pieces.add(reply.piece(), reply.payload());
          next++;
          if (pieces.complete()) {
            return pieces.join();
          }
        }
        default -> throw new IllegalStateException("the answer to a poll is " + reply.kind());
      }
    }
  }

  private byte[] fetch(byte[] handle) throws StoppedException {
    try {
      return shared.fetch(handle);
    } catch (IOException e) {
      throw new StoppedException("a shared result could not be fetched: " + e.getMessage());
    }
  }

  private Reply ask(RequestKind kind, SumId id, int piece, int pieces, byte[] payload)
      throws StoppedException {
    long since = nanoClock.getAsLong();
    while (true) {
      if (waiting.killed()) {
        throw new StoppedException("the task was killed");
      }
      try {
        // A fresh request each time: a transport within one process passes it by reference.
        byte[] bytes = link.ask(request(kind, id, piece, pieces, payload).encode());
        lastSaidNanos = nanoClock.getAsLong();
        Reply reply = Reply.decode(bytes);
        if (reply.kind() == Message.ReplyKind.STOP) {
          throw new StoppedException(reply.text());
        }
        return reply;
      } catch (IOException e) {
        if (nanoClock.getAsLong() - since > giveUpNanos) {
          throw new StoppedException("the driver does not answer: " + e.getMessage());
        }
        pause(longestPauseNanos);
      }
    }
  }

  private Request request(RequestKind kind, SumId id, int piece, int pieces, byte[] payload) {
    return new Request(kind, run, generation, worker, id, piece, pieces, payload);
  }

  private void pause(long nanos) throws StoppedException {
    try {
      waiting.pause(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedException("the worker was interrupted");
    }
  }
}
