package dev.syncnorm.exchange;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The encoding of requests and replies: big-endian, a fixed header, then a length-checked payload.
 * Both directions are fresh byte arrays of our own making, since an executor's RPC serializer may
 * not know the application's classes and an embedded Spark passes messages by reference.
 */
final class Message {

  /** Distinguishes our messages, and this version of them, from anything else. */
  private static final int MAGIC = 0x53594e31; // "SYN1"

  /** The pieces of the largest array; what says it has more is refused before room is made. */
  private static final int MOST_PIECES = Pieces.count(Integer.MAX_VALUE, Mailbox.PIECE_BYTES);

  private static final int REQUEST_HEADER_BYTES = 4 + 1 + 8 + 4 + 4 + 8 + 4 + 4 + 4 + 4;
  private static final int REPLY_HEADER_BYTES = 4 + 1 + 4 + 4 + 4;

  private Message() {}

  /** What a worker asks of the driver. */
  enum RequestKind {
    /** Takes a piece of a contribution, and is answered as a poll for the result's first piece. */
    PUT,
    /** Gives a piece of a result, if it is there. */
    POLL,
    /** Notes that the worker is alive; the payload, if any, says where it runs. */
    ALIVE,
    /** Notes that the worker can't go on; the payload says why. */
    FAIL
  }

  /** What the driver answers. */
  enum ReplyKind {
    /** Taken. */
    ACKNOWLEDGED,
    /** The result is not there yet. */
    WAIT,
    /** The payload is a piece of the result. */
    PIECE,
    /** The payload is the handle of a shared value. */
    SHARED,
    /** The generation is over; the payload says why. */
    STOP
  }

  /** A request; {@code piece} of {@code pieces} belong to one contribution. */
  @SuppressWarnings("ArrayRecordComponent")
  record Request(
      RequestKind kind,
      long run,
      int generation,
      int worker,
      SumId id,
      int piece,
      int pieces,
      byte[] payload) {

    byte[] encode() {
      return ByteBuffer.allocate(REQUEST_HEADER_BYTES + payload.length)
          .putInt(MAGIC)
          .put((byte) kind.ordinal())
          .putLong(run)
          .putInt(generation)
          .putInt(worker)
          .putLong(id.step())
          .putInt(id.sum())
          .putInt(piece)
          .putInt(pieces)
          .putInt(payload.length)
          .put(payload)
          .array();
    }

    static Request decode(byte[] bytes) {
      ByteBuffer buffer = start(bytes, REQUEST_HEADER_BYTES);
      RequestKind kind = element(RequestKind.values(), buffer.get());
      long run = buffer.getLong();
      int generation = buffer.getInt();
      int worker = buffer.getInt();
      SumId id = new SumId(buffer.getLong(), buffer.getInt());
      int piece = buffer.getInt();
      int pieces = buffer.getInt();
      checkPiece(piece, pieces);
      return new Request(kind, run, generation, worker, id, piece, pieces, readPayload(buffer));
    }
  }

  /** A reply; {@code piece} of {@code pieces} belong to one result. */
  @SuppressWarnings("ArrayRecordComponent")
  record Reply(ReplyKind kind, int piece, int pieces, byte[] payload) {

    static Reply of(ReplyKind kind) {
      return new Reply(kind, 0, 1, new byte[0]);
    }

    static Reply stop(String reason) {
      return new Reply(ReplyKind.STOP, 0, 1, reason.getBytes(StandardCharsets.UTF_8));
    }

    String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    byte[] encode() {
      return ByteBuffer.allocate(REPLY_HEADER_BYTES + payload.length)
          .putInt(MAGIC)
          .put((byte) kind.ordinal())
          .putInt(piece)
          .putInt(pieces)
          .putInt(payload.length)
          .put(payload)
          .array();
    }

    static Reply decode(byte[] bytes) {
      ByteBuffer buffer = start(bytes, REPLY_HEADER_BYTES);
      ReplyKind kind = element(ReplyKind.values(), buffer.get());
      int piece = buffer.getInt();
      int pieces = buffer.getInt();
      checkPiece(piece, pieces);
      return new Reply(kind, piece, pieces, readPayload(buffer));
    }
  }

  private static ByteBuffer start(byte[] bytes, int headerBytes) {
    if (bytes.length < headerBytes) {
      throw new IllegalArgumentException(
          "a message of " + bytes.length + " bytes, expected " + headerBytes + " or more");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (buffer.getInt() != MAGIC) {
      throw new IllegalArgumentException("a message that syncnorm did not write");
    }
    return buffer;
  }

  private static void checkPiece(int piece, int pieces) {
    if (pieces > MOST_PIECES || piece < 0 || piece >= pieces) {
      throw new IllegalArgumentException("piece " + piece + " of " + pieces);
    }
  }

  private static <E> E element(E[] values, byte ordinal) {
    if (ordinal < 0 || ordinal >= values.length) {
      throw new IllegalArgumentException("a message of the unknown kind " + ordinal);
    }
    return values[ordinal];
  }

  private static byte[] readPayload(ByteBuffer buffer) {
    int length = buffer.getInt();
    if (length != buffer.remaining()) {
      throw new IllegalArgumentException(
          "a payload of " + buffer.remaining() + " bytes, its header says " + length);
    }
    byte[] payload = new byte[length];
    buffer.get(payload);
    return payload;
  }
}
