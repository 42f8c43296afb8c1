package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.tensor.Shape;
import java.util.Arrays;
import java.util.Random;

/**
 * A tensor in {@link Planes} as a caller may have it: with margins larger than needed, whole or a
 * window that holds little more than the rows that a call may read. All other values of the image
 * and what lies behind the last row are NaN; the zeros around it are zeros.
 */
final class Frame {
  private final Shape shape;
  private final float[] packed;
  private final Planes.Margins margins;
  private final int spareRows;
  private Planes planes;

  private Frame(Random random, Shape shape, Planes.Margins needed, float[] packed) {
    this.shape = shape;
    this.packed = packed;
    margins =
        new Planes.Margins(
            needed.top() + random.nextInt(3),
            needed.bottom() + random.nextInt(3),
            needed.left() + random.nextInt(4),
            needed.right() + random.nextInt(4));
    spareRows = random.nextInt(3);
    planes = Planes.whole(shape, margins);
    if (random.nextBoolean()) {
      planes = Planes.window(shape, margins, 1);
    }
  }

  /** An operand with these values, [channels, height, width]. */
  static Frame operand(Random random, Shape shape, Planes.Margins needed, float[] packed) {
    return new Frame(random, shape, needed, packed);
  }

  /** A result that holds 77 everywhere before it is written. */
  static Frame result(Random random, Shape shape) {
    float[] packed = new float[shape.size()];
    Arrays.fill(packed, 77);
    return new Frame(random, shape, Planes.Margins.NONE, packed);
  }

  /** The planes with these rows; may be the planes of an earlier call. */
  Planes show(int first, int end) {
    int capacity = planes.plane() / planes.pitch();
    int whole = margins.top() + shape.height() + margins.bottom();
    if (capacity < whole && capacity < end - first) {
      planes = Planes.window(shape, margins, Math.min(whole - 1, end - first + spareRows));
      capacity = planes.plane() / planes.pitch();
      if (capacity < end - first) {
        planes = Planes.whole(shape, margins);
        capacity = whole;
      }
    }
    int at = -margins.top();
    if (capacity < whole) {
      // As far down as the margin lets it, at the row itself where it can.
      at = Math.max(at, Math.min(first, shape.height() + margins.bottom() - capacity));
      planes.slide(at, at);
    }
    int last = planes.offset(shape.channels() - 1, at + capacity - 1);
    int behind = last + planes.pitch() - margins.left();
    Arrays.fill(planes.values(), behind, planes.values().length, Float.NaN);
    for (int row = Math.max(0, at); row < Math.min(shape.height(), at + capacity); row++) {
      for (int channel = 0; channel < shape.channels(); channel++) {
        int to = planes.offset(channel, row);
        if (row >= first && row < end) {
          int from = (channel * shape.height() + row) * shape.width();
          System.arraycopy(packed, from, planes.values(), to, shape.width());
        } else {
          Arrays.fill(planes.values(), to, to + shape.width(), Float.NaN);
        }
      }
    }
    return planes;
  }

  /** Takes over the rows that a call has written to the planes shown last. */
  void keep(int from, int to) {
    for (int row = from; row < to; row++) {
      for (int channel = 0; channel < shape.channels(); channel++) {
        int at = (channel * shape.height() + row) * shape.width();
        System.arraycopy(planes.values(), planes.offset(channel, row), packed, at, shape.width());
      }
    }
  }

  /**
   * Runs a call and checks that it changes these rows of the planes shown last and nothing else.
   */
  void changesOnly(int from, int to, Runnable call) {
    float[] before = planes.values().clone();
    call.run();
    float[] after = planes.values().clone();
    for (int row = from; row < to; row++) {
      for (int channel = 0; channel < shape.channels(); channel++) {
        int at = planes.offset(channel, row);
        System.arraycopy(before, at, after, at, shape.width());
      }
    }
    assertThat(bits(after)).as("what is not to be written").isEqualTo(bits(before));
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  /** The values, [channels, height, width]. */
  float[] packed() {
    return packed;
  }
}
