package dev.syncnorm.exchange;

import java.util.Arrays;

/** Cuts arrays into pieces that fit a message, and puts them together again. */
final class Pieces {

  private final byte[][] pieces;
  private int missing;
  private long length;

  Pieces(int count) {
    pieces = new byte[count][];
    missing = count;
  }

  /** The number of pieces that an array is cut into; an empty array is one empty piece. */
  static int count(int length, int pieceBytes) {
    return Math.max(1, Math.toIntExact(((long) length + pieceBytes - 1) / pieceBytes));
  }

  /** One piece of an array. */
  static byte[] cut(byte[] whole, int piece, int pieceBytes) {
    int from = piece * pieceBytes;
    return Arrays.copyOfRange(whole, from, from + Math.min(whole.length - from, pieceBytes));
  }

  int count() {
    return pieces.length;
  }

  /** Takes a piece; one that is there already is dropped. */
  void add(int piece, byte[] content) {
    if (pieces[piece] == null) {
      pieces[piece] = content;
      missing--;
      length = Math.addExact(length, content.length);
    }
  }

  boolean complete() {
    return missing == 0;
  }

  byte[] join() {
    byte[] whole = new byte[Math.toIntExact(length)];
    int at = 0;
    for (byte[] piece : pieces) {
      System.arraycopy(piece, 0, whole, at, piece.length);
      at += piece.length;
    }
    return whole;
  }
}
