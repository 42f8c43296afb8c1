package dev.syncnorm.kernel;

import dev.syncnorm.tensor.Shape;
import java.util.Arrays;

/**
 * A planar tensor [channels, height, width] in an array, or a window of its rows that moves down
 * the image. Around the image are zeros, as wide as its readers need: what a padding or the last
 * vector of a row reads.
 *
 * <p>Row r of channel c begins at {@code offset(c, r)}, and the same row of the next channel {@link
 * #plane()} further on. Rows above the image (r below 0) and below it are rows of zeros as far as
 * the margins go. Left of a row are {@code margins.left} zeros and right of it {@code
 * margins.right}. Nothing but the owner of the window moves it, and nothing but values of the image
 * is ever written to. Not thread-safe.
 *
 * <p>All rows begin at the same place of a cache line, and at its start where the array does begin
 * at one, as those do that the collector G1 gives regions of their own; the header is in between.
 */
public final class Planes {

  /** Rows are as long as a whole number of lanes can read, whatever is left and right of them. */
  private static final int LANES = 16;

  /** Floats from the array's first to the next cache line, behind a header of 16 bytes. */
  private static final int FIRST_LINE = LANES - 4;

  /** What a block of vectors may read behind the last row. */
  private static final int SLACK = 8 * LANES;

  /**
   * Zeros around an image.
   *
   * @param top rows above
   * @param bottom rows below
   * @param left columns before the first
   * @param right columns behind the last
   */
  public record Margins(int top, int bottom, int left, int right) {

    /** No zeros. */
    public static final Margins NONE = new Margins(0, 0, 0, 0);

    /** Those that suffice for both. */
    public Margins max(Margins other) {
      return new Margins(
          Math.max(top, other.top),
          Math.max(bottom, other.bottom),
          Math.max(left, other.left),
          Math.max(right, other.right));
    }
  }

  private final Shape shape;
  private final Margins margins;
  private final int capacity;
  private final int pitch;
  private final float[] values;

  /** Where the first value of the topmost row lies. */
  private final int start;

  private int first;

  private Planes(Shape shape, Margins margins, int capacity, float[] memory, int at) {
    this.shape = shape;
    this.margins = margins;
    this.capacity = capacity;
    this.pitch = pitch(shape, margins);
    this.values = memory;
    this.start = at + lead(margins);
    this.first = -margins.top;
  }

  /** All rows, with the margins above and below. */
  public static Planes whole(Shape shape, Margins margins) {
    return window(shape, margins, margins.top + shape.height() + margins.bottom);
  }

  /** A window of so many rows, the first of which is the topmost row of the margin. */
  public static Planes window(Shape shape, Margins margins, int rows) {
    return window(shape, margins, rows, new float[size(shape, margins, rows)], 0);
  }

  /**
   * A window in memory that it shares with others.
   *
   * @param memory zeros from {@code at} on, as many as {@link #size} says
   * @param at 0 or where another window ends
   */
  public static Planes window(Shape shape, Margins margins, int rows, float[] memory, int at) {
    return new Planes(shape, margins, rows, memory, at);
  }

  /** Floats that a window of so many rows takes, a multiple of 16. */
  public static int size(Shape shape, Margins margins, int rows) {
    return Math.addExact(
        Math.multiplyExact(Math.multiplyExact(shape.channels(), rows), pitch(shape, margins)),
        lines(lead(margins)) + SLACK);
  }

  private static int pitch(Shape shape, Margins margins) {
    int columns = margins.left + Math.max(lines(shape.width()), shape.width() + margins.right);
    int pitch = lines(columns);
    // Rows of many channels a power of two apart would push each other out of the cache.
    return pitch % (4 * LANES) == 0 ? pitch + LANES : pitch;
  }

  /** Floats before the first value: at least the margin. */
  private static int lead(Margins margins) {
    return FIRST_LINE + lines(Math.max(0, margins.left - FIRST_LINE));
  }

  private static int lines(int floats) {
    return (floats + LANES - 1) / LANES * LANES;
  }

  /** Floats of the array of {@link #whole}. */
  public static int wholeSize(Shape shape, Margins margins) {
    return size(shape, margins, margins.top + shape.height() + margins.bottom);
  }

  /** The shape of the whole tensor, [channels, height, width]. */
  public Shape shape() {
    return shape;
  }

  /** The zeros around it. */
  public Margins margins() {
    return margins;
  }

  /** The array. */
  public float[] values() {
    return values;
  }

  /** How far apart two rows of a channel lie. */
  public int pitch() {
    return pitch;
  }

  /** How far apart the same rows of two channels lie. */
  public int plane() {
    return capacity * pitch;
  }

  /** Where a row of a channel begins; the row must be in the window. */
  public int offset(int channel, int row) {
    return (channel * capacity + row - first) * pitch + start;
  }

  /**
   * Moves the window so that it begins with a row; what it holds of the rows from there on to
   * before {@code filled} stays, rows outside the image become zeros. Up again, for another image,
   * nothing stays.
   */
  public void slide(int to, int filled) {
    int kept = Math.max(0, Math.min(filled, first + capacity) - to);
    for (int channel = 0; channel < shape.channels(); channel++) {
      int top = channel * capacity * pitch + start;
      if (to > first && kept > 0) {
        System.arraycopy(values, top + (to - first) * pitch, values, top, kept * pitch);
      }
      zero(top, to, to, Math.min(0, to + capacity));
      zero(top, to, Math.max(to, shape.height()), to + capacity);
    }
    first = to;
  }

  private void zero(int top, int base, int from, int end) {
    if (from < end) {
      Arrays.fill(values, top + (from - base) * pitch, top + (end - base) * pitch, 0);
    }
  }

  /** Copies a packed tensor [channels, height, width] into these planes, which must be whole. */
  public void set(float[] packed) {
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int row = 0; row < shape.height(); row++) {
        int from = (channel * shape.height() + row) * shape.width();
        System.arraycopy(packed, from, values, offset(channel, row), shape.width());
      }
    }
  }

  /** Copies these planes, which must be whole, into a packed tensor. */
  public void get(float[] packed) {
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int row = 0; row < shape.height(); row++) {
        int to = (channel * shape.height() + row) * shape.width();
        System.arraycopy(values, offset(channel, row), packed, to, shape.width());
      }
    }
  }
}
