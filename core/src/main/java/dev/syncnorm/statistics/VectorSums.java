package dev.syncnorm.statistics;

import dev.syncnorm.image.Pixels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums with the JDK's Vector API where samples are bytes, one or three a pixel, in native memory;
 * what is left are pixels for {@link PlainSums}.
 *
 * <p>A vector of L bytes is taken for L / 2 shorts; its even bytes are their lower halves, its odd
 * bytes their upper ones. L mod 3 is 1 or 2, so that every third vector has the same samples in its
 * lanes: a pass takes one of three phases, and all its sums stay in registers. The pixel's other
 * product is with the next sample for the first two samples, and with the first for the third, two
 * bytes before.
 *
 * <p>A product of two bytes has 16 bits. Two neighbouring ones make an int: the upper one is summed
 * by itself, the int as it is modulo 2^32, and the lower one follows from both. Sums of shorts have
 * room for a pass of {@value #MOST_VECTORS} vectors, 256 * 255 being below 2^16; those of ints for
 * {@value #MOST_PASSES} passes, 2^16 * 255 * 255 being below 2^32, and are taken up by the next
 * one.
 *
 * <p>All is whole numbers, so that the sums are those of {@link PlainSums} whatever L is. Not
 * thread-safe.
 */
final class VectorSums implements SumsPixels {
  private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SHORTS.vectorShape());
  private static final int LENGTH = SHORTS.vectorByteSize();

  /** The longest pass. */
  static final int MOST_VECTORS = 256;

  /** The most passes of a phase before the sums in ints are full. */
  static final int MOST_PASSES = 256;

  /** Of an int vector, its upper products, and all of it. */
  private static final int UPPER = 0;

  private static final int WHOLE = 1;

  private final PlainSums plain = new PlainSums();

  /** Sums, least and greatest of the even and the odd bytes. */
  private final short[][] shorts = new short[6][SHORTS.length()];

  /** [phase]: upper and whole squares of the even and the odd bytes, then products. */
  private final int[][][] ints = new int[3][8][INTS.length()];

  /** [phase][k]: all ones where the lane's sample is not the pixel's third. */
  private final ShortVector[] notThird = new ShortVector[3];

  /** Sums with scratch of a few vectors. */
  VectorSums() {
    for (int phase = 0; phase < 3; phase++) {
      short[] lanes = new short[SHORTS.length()];
      for (int k = 0; k < lanes.length; k++) {
        int even = sampleAt(phase, 2 * k) == 2 ? 0 : 0x00ff;
        int odd = sampleAt(phase, 2 * k + 1) == 2 ? 0 : 0xff00;
        lanes[k] = (short) (even | odd);
      }
      notThird[phase] = ShortVector.fromArray(SHORTS, lanes, 0);
    }
  }

  private static int sampleAt(int phase, int at) {
    return (phase * LENGTH + at) % 3;
  }

  @Override
  public void add(SampleSums sums, Pixels pixels) {
    int samples = pixels.samplesPerPixel();
    boolean areBytes = pixels.kind().depth() == Byte.SIZE;
    if (areBytes && samples == 3) {
      addThree(sums, pixels.samples(), pixels.count(), true);
    } else if (areBytes && samples == 1) {
      addOne(sums, pixels.samples(), pixels.count());
    } else {
      plain.add(sums, pixels);
    }
  }

  @Override
  public void addProducts(SampleSums sums, Pixels pixels) {
    int samples = pixels.samplesPerPixel();
    if (samples == 3 && pixels.kind().depth() == Byte.SIZE) {
      addThree(sums, pixels.samples(), pixels.count(), false);
    } else if (samples > 1) {
      plain.addProducts(sums, pixels);
    }
  }

  private void addThree(SampleSums sums, ByteBuffer buffer, int pixels, boolean moments) {
    int bytes = 3 * pixels;
    int at = 3; // products reach two bytes back
    int passes = 0;
    while (true) {
      int vectors = Math.min(MOST_VECTORS, (bytes - at - 1) / (3 * LENGTH)); // and one ahead
      if (vectors <= 0) {
        break;
      }
      for (int phase = 0; phase < 3; phase++) {
        int from = at + phase * LENGTH;
        if (moments) {
          pass(buffer, from, vectors, notThird[phase], ints[phase]);
          flushShorts(sums, phase);
        } else {
          passOfProducts(buffer, from, vectors, notThird[phase], ints[phase]);
        }
      }
      passes++;
      if (passes % MOST_PASSES == 0) {
        flushInts(sums);
      }
      at += 3 * LENGTH * vectors;
    }
    flushInts(sums);
    PlainSums.add(sums, buffer, 3, Byte.SIZE, moments, 0, Math.min(1, pixels));
    PlainSums.add(sums, buffer, 3, Byte.SIZE, moments, at / 3, pixels);
  }

  private void pass(ByteBuffer buffer, int from, int vectors, ShortVector notThird, int[][] ints) {
    ShortVector sumEven = ShortVector.zero(SHORTS);
    ShortVector sumOdd = ShortVector.zero(SHORTS);
    ShortVector minEven = ShortVector.broadcast(SHORTS, 0xff);
    ShortVector minOdd = minEven;
    ShortVector maxEven = sumEven;
    ShortVector maxOdd = sumEven;
    IntVector squareEvenUpper = IntVector.fromArray(INTS, ints[0], 0);
    IntVector squareEvenWhole = IntVector.fromArray(INTS, ints[1], 0);
    IntVector squareOddUpper = IntVector.fromArray(INTS, ints[2], 0);
    IntVector squareOddWhole = IntVector.fromArray(INTS, ints[3], 0);
    IntVector productEvenUpper = IntVector.fromArray(INTS, ints[4], 0);
    IntVector productEvenWhole = IntVector.fromArray(INTS, ints[5], 0);
    IntVector productOddUpper = IntVector.fromArray(INTS, ints[6], 0);
    IntVector productOddWhole = IntVector.fromArray(INTS, ints[7], 0);
    for (int i = 0, at = from; i < vectors; i++, at += 3 * LENGTH) {
      ShortVector x = load(buffer, at);
      ShortVector other = other(buffer, at, notThird);
      ShortVector even = x.lanewise(VectorOperators.AND, (short) 0xff);
      ShortVector odd = x.lanewise(VectorOperators.LSHR, 8);
      ShortVector otherEven = other.lanewise(VectorOperators.AND, (short) 0xff);
      ShortVector otherOdd = other.lanewise(VectorOperators.LSHR, 8);
      sumEven = sumEven.add(even);
      sumOdd = sumOdd.add(odd);
      minEven = minEven.min(even);
      minOdd = minOdd.min(odd);
      maxEven = maxEven.max(even);
      maxOdd = maxOdd.max(odd);
      IntVector squareEven = even.mul(even).reinterpretAsInts();
      IntVector squareOdd = odd.mul(odd).reinterpretAsInts();
      IntVector productEven = even.mul(otherEven).reinterpretAsInts();
      IntVector productOdd = odd.mul(otherOdd).reinterpretAsInts();
      squareEvenWhole = squareEvenWhole.add(squareEven);
      squareOddWhole = squareOddWhole.add(squareOdd);
      productEvenWhole = productEvenWhole.add(productEven);
      productOddWhole = productOddWhole.add(productOdd);
      squareEvenUpper = squareEvenUpper.add(squareEven.lanewise(VectorOperators.LSHR, 16));
      squareOddUpper = squareOddUpper.add(squareOdd.lanewise(VectorOperators.LSHR, 16));
      productEvenUpper = productEvenUpper.add(productEven.lanewise(VectorOperators.LSHR, 16));
      productOddUpper = productOddUpper.add(productOdd.lanewise(VectorOperators.LSHR, 16));
    }
    sumEven.intoArray(shorts[0], 0);
    sumOdd.intoArray(shorts[1], 0);
    minEven.intoArray(shorts[2], 0);
    minOdd.intoArray(shorts[3], 0);
    maxEven.intoArray(shorts[4], 0);
    maxOdd.intoArray(shorts[5], 0);
    squareEvenUpper.intoArray(ints[0], 0);
    squareEvenWhole.intoArray(ints[1], 0);
    squareOddUpper.intoArray(ints[2], 0);
    squareOddWhole.intoArray(ints[3], 0);
    productEvenUpper.intoArray(ints[4], 0);
    productEvenWhole.intoArray(ints[5], 0);
    productOddUpper.intoArray(ints[6], 0);
    productOddWhole.intoArray(ints[7], 0);
  }

  private void passOfProducts(
      ByteBuffer buffer, int from, int vectors, ShortVector notThird, int[][] ints) {
    IntVector productEvenUpper = IntVector.fromArray(INTS, ints[4], 0);
    IntVector productEvenWhole = IntVector.fromArray(INTS, ints[5], 0);
    IntVector productOddUpper = IntVector.fromArray(INTS, ints[6], 0);
    IntVector productOddWhole = IntVector.fromArray(INTS, ints[7], 0);
    for (int i = 0, at = from; i < vectors; i++, at += 3 * LENGTH) {
      ShortVector x = load(buffer, at);
      ShortVector other = other(buffer, at, notThird);
      ShortVector even = x.lanewise(VectorOperators.AND, (short) 0xff);
      ShortVector odd = x.lanewise(VectorOperators.LSHR, 8);
      ShortVector otherEven = other.lanewise(VectorOperators.AND, (short) 0xff);
      ShortVector otherOdd = other.lanewise(VectorOperators.LSHR, 8);
      IntVector productEven = even.mul(otherEven).reinterpretAsInts();
      IntVector productOdd = odd.mul(otherOdd).reinterpretAsInts();
      productEvenWhole = productEvenWhole.add(productEven);
      productOddWhole = productOddWhole.add(productOdd);
      productEvenUpper = productEvenUpper.add(productEven.lanewise(VectorOperators.LSHR, 16));
      productOddUpper = productOddUpper.add(productOdd.lanewise(VectorOperators.LSHR, 16));
    }
    productEvenUpper.intoArray(ints[4], 0);
    productEvenWhole.intoArray(ints[5], 0);
    productOddUpper.intoArray(ints[6], 0);
    productOddWhole.intoArray(ints[7], 0);
  }

  /** What the bytes at a position are multiplied with. */
  private static ShortVector other(ByteBuffer buffer, int at, ShortVector notThird) {
    ShortVector next = load(buffer, at + 1);
    ShortVector first = load(buffer, at - 2);
    return next.lanewise(VectorOperators.XOR, first)
        .lanewise(VectorOperators.AND, notThird)
        .lanewise(VectorOperators.XOR, first);
  }

  /** The same order on every machine: the first byte is the lower half of the first lane. */
  private static ShortVector load(ByteBuffer buffer, int at) {
    return ShortVector.fromByteBuffer(SHORTS, buffer, at, ByteOrder.LITTLE_ENDIAN);
  }

  private void flushShorts(SampleSums sums, int phase) {
    for (int odd = 0; odd < 2; odd++) {
      for (int k = 0; k < SHORTS.length(); k++) {
        flushShort(sums, sampleAt(phase, 2 * k + odd), odd, k);
      }
    }
  }

  /** Adds what a pass has summed of the even or odd bytes of a lane. */
  private void flushShort(SampleSums sums, int sample, int odd, int lane) {
    sums.sums[sample] += shorts[odd][lane] & 0xffff;
    sums.min[sample] = Math.min(sums.min[sample], shorts[2 + odd][lane]);
    sums.max[sample] = Math.max(sums.max[sample], shorts[4 + odd][lane]);
  }

  private void flushInts(SampleSums sums) {
    for (int phase = 0; phase < 3; phase++) {
      for (int odd = 0; odd < 2; odd++) {
        for (int k = 0; k < SHORTS.length(); k++) {
          int sample = sampleAt(phase, 2 * k + odd);
          int other = (sample + 1) % 3;
          sums.products[sample * SampleSums.MAX + sample] += product(ints[phase], 2 * odd, k);
          sums.products[Math.min(sample, other) * SampleSums.MAX + Math.max(sample, other)] +=
              product(ints[phase], 4 + 2 * odd, k);
        }
      }
      clear(ints[phase]);
    }
  }

  private static void clear(int[][] ints) {
    for (int[] lanes : ints) {
      Arrays.fill(lanes, 0);
    }
  }

  /** The sum of products in a lane of shorts. */
  private static long product(int[][] ints, int at, int lane) {
    int upper = ints[at + UPPER][lane >> 1];
    int sum = (lane & 1) == 1 ? upper : ints[at + WHOLE][lane >> 1] - (upper << 16);
    return Integer.toUnsignedLong(sum);
  }

  private void addOne(SampleSums sums, ByteBuffer buffer, int pixels) {
    int at = 0;
    int passes = 0;
    while (true) {
      int vectors = Math.min(MOST_VECTORS, (pixels - at) / LENGTH);
      if (vectors == 0) {
        break;
      }
      passOfOne(buffer, at, vectors, ints[0]);
      for (int odd = 0; odd < 2; odd++) {
        for (int k = 0; k < SHORTS.length(); k++) {
          flushShort(sums, 0, odd, k);
        }
      }
      passes++;
      if (passes % MOST_PASSES == 0) {
        flushSquares(sums);
      }
      at += LENGTH * vectors;
    }
    flushSquares(sums);
    PlainSums.add(sums, buffer, 1, Byte.SIZE, true, at, pixels);
  }

  private void flushSquares(SampleSums sums) {
    for (int odd = 0; odd < 2; odd++) {
      for (int k = 0; k < SHORTS.length(); k++) {
        sums.products[0] += product(ints[0], 2 * odd, k);
      }
    }
    clear(ints[0]);
  }

  private void passOfOne(ByteBuffer buffer, int from, int vectors, int[][] ints) {
    ShortVector sumEven = ShortVector.zero(SHORTS);
    ShortVector sumOdd = sumEven;
    ShortVector minEven = ShortVector.broadcast(SHORTS, 0xff);
    ShortVector minOdd = minEven;
    ShortVector maxEven = sumEven;
    ShortVector maxOdd = sumEven;
    IntVector squareEvenUpper = IntVector.fromArray(INTS, ints[0], 0);
    IntVector squareEvenWhole = IntVector.fromArray(INTS, ints[1], 0);
    IntVector squareOddUpper = IntVector.fromArray(INTS, ints[2], 0);
    IntVector squareOddWhole = IntVector.fromArray(INTS, ints[3], 0);
    for (int i = 0, at = from; i < vectors; i++, at += LENGTH) {
      ShortVector x = load(buffer, at);
      ShortVector even = x.lanewise(VectorOperators.AND, (short) 0xff);
      ShortVector odd = x.lanewise(VectorOperators.LSHR, 8);
      sumEven = sumEven.add(even);
      sumOdd = sumOdd.add(odd);
      minEven = minEven.min(even);
      minOdd = minOdd.min(odd);
      maxEven = maxEven.max(even);
      maxOdd = maxOdd.max(odd);
      IntVector squareEven = even.mul(even).reinterpretAsInts();
      IntVector squareOdd = odd.mul(odd).reinterpretAsInts();
      squareEvenWhole = squareEvenWhole.add(squareEven);
      squareOddWhole = squareOddWhole.add(squareOdd);
      squareEvenUpper = squareEvenUpper.add(squareEven.lanewise(VectorOperators.LSHR, 16));
      squareOddUpper = squareOddUpper.add(squareOdd.lanewise(VectorOperators.LSHR, 16));
    }
    sumEven.intoArray(shorts[0], 0);
    sumOdd.intoArray(shorts[1], 0);
    minEven.intoArray(shorts[2], 0);
    minOdd.intoArray(shorts[3], 0);
    maxEven.intoArray(shorts[4], 0);
    maxOdd.intoArray(shorts[5], 0);
    squareEvenUpper.intoArray(ints[0], 0);
    squareEvenWhole.intoArray(ints[1], 0);
    squareOddUpper.intoArray(ints[2], 0);
    squareOddWhole.intoArray(ints[3], 0);
  }
}
