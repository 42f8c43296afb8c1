package dev.syncnorm.exchange;

import dev.syncnorm.exchange.Message.Reply;
import dev.syncnorm.exchange.Message.ReplyKind;
import dev.syncnorm.exchange.Message.Request;
import dev.syncnorm.exchange.Message.RequestKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The worker's side: puts a contribution, whose reply is the result if the sum is complete with it,
 * and polls for the result otherwise, with {@linkplain PollPauses pauses} that grow while nothing
 * happens. A request that fails is sent again until the generation is given up.
 */
public final class PollingExchange implements Exchange {

  private static final long ALIVE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** How a worker waits and how it learns that it must not go on. */
  public interface Waiting {
    /** Sleeps for about so long. */
    void pause(long nanos) throws InterruptedException;

    /** Sleeps for about so long, or less where it can be seen that a result may be asked for. */
    default void await(SumId id, long nanos) throws InterruptedException {
      pause(nanos);
    }

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
  private final PollPauses pauses;
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
    this.pauses = new PollPauses(workers);
    this.lastSaidNanos = nanoClock.getAsLong();
  }

  /** Tells the driver where this worker runs, in whatever words the two sides have agreed on. */
  public void announce(String place) throws StoppedException {
    ask(RequestKind.ALIVE, SumId.JOIN, 0, 1, place.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public byte[] join() throws StoppedException {
    return result(SumId.JOIN, poll(SumId.JOIN, 0));
  }

  @Override
  public byte[] sum(SumId id, byte[] contribution) throws StoppedException {
    int pieces = Pieces.count(contribution.length, Mailbox.PIECE_BYTES);
    for (int piece = 0; piece < pieces - 1; piece++) {
      put(id, contribution, piece, pieces);
    }
    return result(id, put(id, contribution, pieces - 1, pieces));
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

  private Reply put(SumId id, byte[] contribution, int piece, int pieces) throws StoppedException {
    byte[] content = Pieces.cut(contribution, piece, Mailbox.PIECE_BYTES);
    return ask(RequestKind.PUT, id, piece, pieces, content);
  }

  private Reply poll(SumId id, int piece) throws StoppedException {
    return ask(RequestKind.POLL, id, piece, piece + 1, new byte[0]);
  }

  /** The result of a sum, to whose put or first poll this was the reply. */
  private byte[] result(SumId id, Reply first) throws StoppedException {
    Reply reply = first;
    if (reply.kind() == ReplyKind.WAIT) {
      reply = pollFor(id);
    } else {
      pauses.waited(id, 0);
    }
    if (reply.kind() == ReplyKind.SHARED) {
      return fetch(reply.payload());
    }
    Pieces pieces = new Pieces(reply.pieces());
    while (true) {
      if (reply.kind() != ReplyKind.PIECE) {
        throw new IllegalStateException("instead of a piece of " + id + " came " + reply.kind());
      }
      pieces.add(reply.piece(), reply.payload());
      if (pieces.complete()) {
        return pieces.join();
      }
      reply = poll(id, reply.piece() + 1);
    }
  }

  /** Polls until the result is there; the reply with its first piece or its handle. */
  private Reply pollFor(SumId id) throws StoppedException {
    long since = nanoClock.getAsLong();
    await(id, pauses.first(id));
    Reply reply = poll(id, 0);
    int polls = 1;
    while (reply.kind() == ReplyKind.WAIT) {
      await(id, pauses.after(polls));
      reply = poll(id, 0);
      polls++;
    }
    // What the first poll finds may have been there at once.
    pauses.waited(id, polls == 1 ? 0 : nanoClock.getAsLong() - since);
    return reply;
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
        if (reply.kind() == ReplyKind.STOP) {
          throw new StoppedException(reply.text());
        }
        return reply;
      } catch (IOException e) {
        if (nanoClock.getAsLong() - since > giveUpNanos) {
          throw new StoppedException("the driver does not answer: " + e.getMessage());
        }
        sleep(() -> waiting.pause(pauses.longest()));
      }
    }
  }

  private Request request(RequestKind kind, SumId id, int piece, int pieces, byte[] payload) {
    return new Request(kind, run, generation, worker, id, piece, pieces, payload);
  }

  private void await(SumId id, long nanos) throws StoppedException {
    sleep(() -> waiting.await(id, nanos));
  }

  private interface Sleep {
    void run() throws InterruptedException;
  }

  private static void sleep(Sleep sleep) throws StoppedException {
    try {
      sleep.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedException("the worker was interrupted");
    }
  }
}
