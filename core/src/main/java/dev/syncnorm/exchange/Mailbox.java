package dev.syncnorm.exchange;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The driver's side of the exchange: takes contributions, gives out results.
 *
 * <p>{@link #answer} is called by the transport from any thread and never blocks. Whoever
 * {@linkplain #attend attends} is told on that thread that a delivery has come, may {@linkplain
 * #take take} it there and then, and {@linkplain #publish publish} the result: a put is answered
 * with the result of its sum if that is there already. A contribution may be delivered more than
 * once; whoever takes it must not mind. Requests of an older generation, of another run, or after
 * {@link #close} are answered with a stop.
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
  private final Queue<Delivery> deliveries = new ConcurrentLinkedQueue<>();
  private volatile Runnable attendant = () -> {};

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
   * Names who is told of deliveries.
   *
   * @param newcomer is run, on any thread, after a delivery has come; must not block
   */
  public void attend(Runnable newcomer) {
    attendant = newcomer;
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
    notifyAll();
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
    notifyAll();
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
    notifyAll();
  }

  /** The next delivery, or empty if there is none. */
  public Optional<Delivery> take() {
    return Optional.ofNullable(deliveries.poll());
  }

  /** Whether there is a delivery to take. */
  public boolean hasDelivery() {
    return !deliveries.isEmpty();
  }

  /**
   * Waits until a result may be asked for, but not much longer than the time: for workers in the
   * driver's own process, which need not poll blindly.
   */
  public synchronized void await(SumId id, long nanos) throws InterruptedException {
    boolean worthAsking =
        closed.isPresent() || (!results.isEmpty() && results.getLast().id().compareTo(id) >= 0);
    if (!worthAsking) {
      TimeUnit.NANOSECONDS.timedWait(this, nanos);
    }
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
    Message.Request request = Message.Request.decode(bytes);
    if (receive(request)) {
      attendant.run(); // not under the lock: it may take a while, and publishes
    }
    return reply(request).encode();
  }

  /** Takes in what a request brings; whether that makes a delivery. */
  private synchronized boolean receive(Message.Request request) {
    if (refusal(request).isPresent()) {
      return false;
    }
    if (request.worker() < 0 || request.worker() >= lastHeardNanos.length) {
      throw new IllegalArgumentException("there is no worker " + request.worker());
    }
    lastHeardNanos[request.worker()] = nanoClock.getAsLong();
    return switch (request.kind()) {
      case PUT -> put(request);
      case POLL -> false;
      case ALIVE -> {
        if (request.payload().length > 0) {
          places.put(request.worker(), new String(request.payload(), StandardCharsets.UTF_8));
        }
        yield false;
      }
      case FAIL -> {
        String message = new String(request.payload(), StandardCharsets.UTF_8);
        yield deliveries.add(new Delivery.Failure(request.worker(), message));
      }
    };
  }

  private synchronized Message.Reply reply(Message.Request request) {
    return refusal(request)
        .orElseGet(
            () ->
                switch (request.kind()) {
                  case PUT -> result(request.id(), 0);
                  case POLL -> result(request.id(), request.piece());
                  case ALIVE, FAIL -> Message.Reply.of(Message.ReplyKind.ACKNOWLEDGED);
                });
  }

  /** The answer to a request that is not of the open generation. */
  private Optional<Message.Reply> refusal(Message.Request request) {
    if (closed.isPresent()) {
      return Optional.of(Message.Reply.stop(closed.get()));
    }
    if (request.run() != run || request.generation() < generation) {
      return Optional.of(Message.Reply.stop("a newer generation has taken over"));
    }
    if (request.generation() > generation) {
      return Optional.of(Message.Reply.of(Message.ReplyKind.WAIT));
    }
    return Optional.empty();
  }

  private boolean put(Message.Request request) {
    if (!results.isEmpty() && request.id().compareTo(results.getLast().id()) <= 0) {
      return false; // sent again after the sum was complete
    }
    Sender sender = new Sender(request.worker(), request.id());
    Pieces pieces = incomplete.computeIfAbsent(sender, s -> new Pieces(request.pieces()));
    if (pieces.count() != request.pieces()) {
      throw new IllegalArgumentException(
          "a contribution of %d pieces became one of %d"
              .formatted(pieces.count(), request.pieces()));
    }
    pieces.add(request.piece(), request.payload());
    if (!pieces.complete()) {
      return false;
    }
    incomplete.remove(sender);
    return deliveries.add(
        new Delivery.Contribution(
            request.worker(), request.id(), pieces.join(), lastHeardNanos[request.worker()]));
  }

  private Message.Reply result(SumId id, int piece) {
    for (Published result : results) {
      if (result.id().equals(id)) {
        if (result.shared()) {
          return new Message.Reply(Message.ReplyKind.SHARED, 0, 1, result.content());
        }
        int pieces = Pieces.count(result.content().length, PIECE_BYTES);
        if (piece >= pieces) {
          throw new IllegalArgumentException("piece " + piece + " of a result that has " + pieces);
        }
        return new Message.Reply(
            Message.ReplyKind.PIECE,
            piece,
            pieces,
            Pieces.cut(result.content(), piece, PIECE_BYTES));
      }
    }
    if (!results.isEmpty() && id.compareTo(results.getFirst().id()) < 0) {
      return Message.Reply.stop("the result of " + id + " is not kept any more");
    }
    return Message.Reply.of(Message.ReplyKind.WAIT);
  }
}
