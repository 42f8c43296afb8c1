package dev.syncnorm.spark.ml;

import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.statistics.ChannelSums;
import dev.syncnorm.statistics.PixelSums;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The bytes of {@link MomentSums} between tasks of one query, some 200 without histograms.
 *
 * <p>A version; the number of causes, then for each its label and count; the number of kinds, then
 * for each its channels, depth, images, pixels, the sums of each channel, the sums of products, and
 * whether histograms follow. A count of a histogram is one byte if it is below 128 ({@link
 * #writeCount}); other integers are a length and their two's complement. Every length is checked
 * against what is left before memory is taken.
 */
final class MomentSumsCodec {
  private static final int VERSION = 1;

  private MomentSumsCodec() {}

  static byte[] encode(MomentSums sums) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    try {
      out.writeByte(VERSION);
      out.writeByte(sums.rejected().size());
      for (Map.Entry<BadImageCause, Long> cause : sums.rejected().entrySet()) {
        out.writeUTF(cause.getKey().label());
        out.writeLong(cause.getValue());
      }
      out.writeByte(sums.sums().size());
      for (PixelSums kind : sums.sums().values()) {
        write(out, kind);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory has no I/O errors
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, PixelSums sums) throws IOException {
    out.writeByte(sums.kind().channels());
    out.writeByte(sums.kind().depth());
    out.writeLong(sums.images());
    write(out, sums.pixels());
    for (ChannelSums channel : sums.channels()) {
      write(out, channel.sum());
      write(out, channel.sumOfSquares());
      write(out, channel.sumOfDeviations());
      out.writeInt(channel.min());
      out.writeInt(channel.max());
    }
    for (BigInteger product : sums.products()) {
      write(out, product);
    }
    out.writeBoolean(sums.histograms().isPresent());
    if (sums.histograms().isPresent()) {
      for (long[] histogram : sums.histograms().get()) {
        for (long count : histogram) {
          writeCount(out, count);
        }
      }
    }
  }

  private static void write(DataOutputStream out, BigInteger value) throws IOException {
    byte[] bytes = value.toByteArray();
    out.writeShort(bytes.length);
    out.write(bytes);
  }

  /** Seven bits a byte, the low ones first; the high bit says that more follow. */
  private static void writeCount(DataOutputStream out, long count) throws IOException {
    long rest = count;
    while (rest >>> 7 != 0) {
      out.writeByte((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.writeByte((int) rest);
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException if the bytes are anything else
   */
  static MomentSums decode(byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int version = in.readUnsignedByte();
      if (version != VERSION) {
        throw damaged(bytes, "version " + version + " instead of " + VERSION, null);
      }
      MomentSums sums = new MomentSums();
      for (int causes = in.readUnsignedByte(); causes > 0; causes--) {
        sums.reject(cause(in.readUTF()), in.readLong());
      }
      for (int kinds = in.readUnsignedByte(); kinds > 0; kinds--) {
        sums.add(readSums(in));
      }
      if (in.available() > 0) {
        throw damaged(bytes, in.available() + " bytes too many", null);
      }
      return sums;
    } catch (EOFException e) {
      throw damaged(bytes, "they end too early", e);
    } catch (IOException | ArithmeticException e) {
      throw damaged(bytes, String.valueOf(e.getMessage()), e);
    }
  }

  private static PixelSums readSums(DataInputStream in) throws IOException {
    PixelKind kind = new PixelKind(in.readUnsignedByte(), in.readUnsignedByte());
    long images = in.readLong();
    BigInteger pixels = readInteger(in);
    List<ChannelSums> channels = new ArrayList<>();
    for (int c = 0; c < kind.channels(); c++) {
      channels.add(
          new ChannelSums(
              readInteger(in), readInteger(in), readInteger(in), in.readInt(), in.readInt()));
    }
    List<BigInteger> products = new ArrayList<>();
    for (int p = kind.channels() * (kind.channels() - 1) / 2; p > 0; p--) {
      products.add(readInteger(in));
    }
    Optional<long[][]> histograms =
        in.readBoolean() ? Optional.of(readHistograms(in, kind)) : Optional.empty();
    return new PixelSums(kind, images, pixels, channels, products, histograms);
  }

  private static long[][] readHistograms(DataInputStream in, PixelKind kind) throws IOException {
    int values = kind.greatest() + 1;
    if (in.available() < kind.channels() * values) {
      throw new EOFException();
    }
    long[][] histograms = new long[kind.channels()][values];
    for (long[] histogram : histograms) {
      for (int value = 0; value < values; value++) {
        histogram[value] = readCount(in);
      }
    }
    return histograms;
  }

  private static BigInteger readInteger(DataInputStream in) throws IOException {
    int length = in.readUnsignedShort();
    if (length == 0 || length > in.available()) {
      throw new IOException("an integer of " + length + " bytes");
    }
    return new BigInteger(in.readNBytes(length));
  }

  private static long readCount(DataInputStream in) throws IOException {
    long count = 0;
    for (int shift = 0; shift < Long.SIZE - 1; shift += 7) {
      int next = in.readUnsignedByte();
      count |= (long) (next & 0x7f) << shift;
      if (next < 0x80) {
        return count;
      }
    }
    throw new IOException("a count of more than 63 bits");
  }

  private static BadImageCause cause(String label) throws IOException {
    for (BadImageCause cause : BadImageCause.values()) {
      if (cause.label().equals(label)) {
        return cause;
      }
    }
    throw new IOException("the cause " + label);
  }

  private static IllegalArgumentException damaged(byte[] bytes, String why, Exception origin) {
    return new IllegalArgumentException(
        "%d bytes that are no sums of image_moments: %s".formatted(bytes.length, why), origin);
  }
}
