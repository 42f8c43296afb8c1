package dev.syncnorm.exchange;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The driver's side of the exchange: takes contributions, gives out results.
 *
 * <p>{@link #answer} is called by the transport from any thread, takes a few microseconds and never
 * blocks. One driver thread {@linkplain #take takes} complete deliveries and {@linkplain #publish
 * publishes} results. A contribution may be delivered more than once; whoever takes it must not
 * mind. Requests of an older generation, of another run, or after {@link #close} are answered with
 * a stop.
 *
 * <p>Only the last two results are kept: a worker that lacks a result has not contributed to the
 * next one, which therefore isn't complete. Whoever asks for an older one came too late, such as
 * the second attempt of a task in the generation of the first, and is answered with a stop.
 */
public final class Mailbox {

  /** Contributions and results larger than this are cut into pieces. */
  public static final int PIECE_BYTES = 2 << 20;

  /** Results larger than this are shared instead of being sent to each worker. */
  public static final int SHARE_ABOVE_BYTES = 1 << 20;

  /** What a worker sent. */
  public sealed interface Delivery {
    /** The worker's number in its generation. */
    int worker();

    /**
     * A whole contribution to a sum.
     *
     * @param arrivedNanos when its last piece came, by the mailbox's clock
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Contribution(int worker, SumId id, byte[] content, long arrivedNanos)
        implements Delivery {}

    /** The worker can't go on. */
    record Failure(int worker, String message) implements Delivery {}
  }

  private record Sender(int worker, SumId id) {}

  @SuppressWarnings("ArrayRecordComponent")
  private record Published(SumId id, boolean shared, byte[] content) {}

  private final long run;
  private final SharedBytes shared;
  private final LongSupplier nanoClock;
  private final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();

  // All below is guarded by this.
  private final Map<Sender, Pieces> incomplete = new HashMap<>();
  private final ArrayDeque<Published> results = new ArrayDeque<>();
  private int generation;
  private long[] lastHeardNanos = new long[0];
  private final Map<Integer, String> places = new HashMap<>();
  private Optional<String> closed = Optional.empty();

  /**
   * A mailbox without an open generation.
   *
   * @param run tells this run's messages from those of any other
   * @param nanoClock for {@link #silentNanos}, {@code System::nanoTime} but in tests
   */
  public Mailbox(long run, SharedBytes shared, LongSupplier nanoClock) {
    this.run = run;
    this.shared = shared;
    this.nanoClock = nanoClock;
  }

  /** The number that tells this run's messages from those of any other. */
  public long run() {
    return run;
  }

  /** How this mailbox shares large results. */
  public SharedBytes shared() {
    return shared;
  }

  /**
   * Opens the next generation with its joining state and forgets all of the one before.
   *
   * @return the generation's number, from 1
   */
  public int open(int workers, byte[] state) {
    Published joining = published(SumId.JOIN, state);
    return open(workers, joining);
  }

  private synchronized int open(int workers, Published joining) {
    generation++;
    closed = Optional.empty();
    deliveries.clear();
    incomplete.clear();
    results.clear();
    places.clear();
    lastHeardNanos = new long[workers];
    Arrays.fill(lastHeardNanos, nanoClock.getAsLong());
    results.addLast(joining);
    return generation;
  }

  /** Gives out a result from now on. */
  public void publish(SumId id, byte[] result) {
    publish(published(id, result));
  }

  private synchronized void publish(Published result) {
    results.addLast(result);
    if (results.size() > 2) {
      results.removeFirst();
    }
    incomplete.keySet().removeIf(sender -> sender.id().compareTo(result.id()) <= 0);
  }

  /** Shares a large result: not under the lock, since sharing takes its time. */
  private Published published(SumId id, byte[] result) {
    boolean share = result.length > SHARE_ABOVE_BYTES;
    return new Published(id, share, share ? shared.share(result) : result);
  }

  /** Answers every request with a stop until the next generation is opened. */
  public synchronized void close(String reason) {
    closed = Optional.of(reason);
    incomplete.clear();
    results.clear();
  }

  /** The next delivery, or empty if none came within the time. */
  public Optional<Delivery> take(long timeoutNanos) throws InterruptedException {
    return Optional.ofNullable(deliveries.poll(timeoutNanos, TimeUnit.NANOSECONDS));
  }

  /** How long a worker of the open generation has said nothing. */
  public synchronized long silentNanos(int worker) {
    return nanoClock.getAsLong() - lastHeardNanos[worker];
  }

  /** Where a worker of the open generation has said that it runs; empty before it has started. */
  public synchronized Optional<String> place(int worker) {
    return Optional.ofNullable(places.get(worker));
  }

  /**
   * Answers one request.
   *
   * @throws IllegalArgumentException if the bytes are no request
   */
  public byte[] answer(byte[] bytes) {
    return reply(Message.Request.decode(bytes)).encode();
  }

  private synchronized Message.Reply reply(Message.Request request) {
    if (closed.isPresent()) {
      return Message.Reply.stop(closed.get());
    }
    if (request.run() != run || request.generation() < generation) {
      return Message.Reply.stop("a newer generation has taken over");
    }
    if (request.generation() > generation) {
      return Message.Reply.of(Message.ReplyKind.WAIT);
    }
    if (request.worker() < 0 || request.worker() >= lastHeardNanos.length) {
      throw new IllegalArgumentException("there is no worker " + request.worker());
    }
    lastHeardNanos[request.worker()] = nanoClock.getAsLong();
    return switch (request.kind()) {
      case PUT -> {
        put(request);
        yield Message.Reply.of(Message.ReplyKind.ACKNOWLEDGED);
      }
      case POLL -> poll(request);
      case ALIVE -> {
        if (request.payload().length > 0) {
          places.put(request.worker(), new String(request.payload(), StandardCharsets.UTF_8));
        }
        yield Message.Reply.of(Message.ReplyKind.ACKNOWLEDGED);
      }
      case FAIL -> {
        String message = new String(request.payload(), StandardCharsets.UTF_8);
        deliveries.add(new Delivery.Failure(request.worker(), message));
        yield Message.Reply.of(Message.ReplyKind.ACKNOWLEDGED);
      }
    };
  }

  private void put(Message.Request request) {
    if (!results.isEmpty() && request.id().compareTo(results.getLast().id()) <= 0) {
      return; // sent again after the sum was complete
    }
    Sender sender = new Sender(request.worker(), request.id());
    Pieces pieces = incomplete.computeIfAbsent(sender, s -> new Pieces(request.pieces()));
    if (pieces.count() != request.pieces()) {
      throw new IllegalArgumentException(
          "a contribution of %d pieces became one of %d"
              .formatted(pieces.count(), request.pieces()));
    }
    pieces.add(request.piece(), request.payload());
    if (pieces.complete()) {
      incomplete.remove(sender);
      deliveries.add(
          new Delivery.Contribution(
              request.worker(), request.id(), pieces.join(), lastHeardNanos[request.worker()]));
    }
  }

  private Message.Reply poll(Message.Request request) {
    for (Published result : results) {
      if (result.id().equals(request.id())) {
        if (result.shared()) {
          return new Message.Reply(Message.ReplyKind.SHARED, 0, 1, result.content());
        }
        int pieces = Pieces.count(result.content().length, PIECE_BYTES);
        if (request.piece() >= pieces) {
          throw new IllegalArgumentException(
              "piece " + request.piece() + " of a result that has " + pieces);
        }
        return new Message.Reply(
            Message.ReplyKind.PIECE,
            request.piece(),
            pieces,
            Pieces.cut(result.content(), request.piece(), PIECE_BYTES));
      }
    }
    if (!results.isEmpty() && request.id().compareTo(results.getFirst().id()) < 0) {
      return Message.Reply.stop("the result of " + request.id() + " is not kept any more");
    }
    return Message.Reply.of(Message.ReplyKind.WAIT);
  }
}
