package dev.syncnorm.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * The samples of an image as whole numbers, and files that hold just these, written here byte by
 * byte so that it is known what is in them.
 *
 * @param channels samples of a pixel
 * @param bits of a sample
 * @param values height * width * channels, in rows from the top
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Samples(int width, int height, int channels, int bits, int[] values) {

  /** Samples from a seed; the greatest and the least value are among them if there is room. */
  public static Samples random(int width, int height, int channels, int bits, long seed) {
    Random random = new Random(seed);
    int[] values = new int[width * height * channels];
    Arrays.setAll(values, i -> random.nextInt(1 << bits));
    if (values.length > 2 * channels) {
      Arrays.fill(values, 0, channels, 0);
      Arrays.fill(values, channels, 2 * channels, (1 << bits) - 1);
    }
    return new Samples(width, height, channels, bits, values);
  }

  /** A PNG file; one of one channel is grey. */
  public byte[] png() {
    return png(new int[] {0, 4, 2, 6}[channels - 1], new byte[0]);
  }

  /** A PNG file whose samples, of one channel, are indices of these colours. */
  public byte[] pngOfPalette(byte[] rgb) {
    return png(3, chunk("PLTE", rgb));
  }

  private byte[] png(int colorType, byte[] before) {
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    header.put((byte) bits).put((byte) colorType);
    int rowBytes = (width * channels * bits + 7) / 8;
    byte[] raw = new byte[height * (1 + rowBytes)];
    for (int i = 0; i < values.length; i++) {
      int row = i / (width * channels);
      int bit = i % (width * channels) * bits;
      int at = row * (1 + rowBytes) + 1 + bit / 8;
      if (bits == 16) {
        raw[at] = (byte) (values[i] >> 8);
        raw[at + 1] = (byte) values[i];
      } else {
        raw[at] |= (byte) (values[i] << (8 - bits - bit % 8));
      }
    }
    return ImageFiles.concat(
        ImageFiles.bytes(0x89, 'P', 'N', 'G', 13, 10, 26, 10),
        chunk("IHDR", header.array()),
        before,
        chunk("IDAT", deflated(raw)),
        chunk("IEND", new byte[0]));
  }

  private static byte[] chunk(String name, byte[] data) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + data.length).putInt(data.length);
    chunk.put(name.getBytes(StandardCharsets.ISO_8859_1)).put(data);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, 4 + data.length);
    return chunk.putInt((int) crc.getValue()).array();
  }

  private static byte[] deflated(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    while (!deflater.finished()) {
      out.write(buffer, 0, deflater.deflate(buffer));
    }
    deflater.end();
    return out.toByteArray();
  }

  /** How a TIFF file stores samples. */
  public record TiffLayout(ByteOrder order, boolean planar, int photometric, int extraSample) {
    /** One after another; colours that are not multiplied by their alpha. */
    public static TiffLayout of(int channels) {
      return new TiffLayout(ByteOrder.LITTLE_ENDIAN, false, channels < 3 ? 1 : 2, 2);
    }
  }

  private record Tag(int number, int type, int[] values) {}

  /** An uncompressed TIFF file of 8 or 16 bits. */
  public byte[] tiff(TiffLayout layout) {
    int pixels = width * height;
    ByteBuffer data = ByteBuffer.allocate(values.length * bits / 8).order(layout.order());
    for (int i = 0; i < values.length; i++) {
      int value = layout.planar() ? values[i % pixels * channels + i / pixels] : values[i];
      if (bits == 16) {
        data.putShort((short) value);
      } else {
        data.put((byte) value);
      }
    }
    int strips = layout.planar() ? channels : 1;
    int stripBytes = data.capacity() / strips;
    int[] offsets = new int[strips];
    Arrays.setAll(offsets, i -> 8 + i * stripBytes);
    List<Tag> tags = new ArrayList<>();
    tags.add(new Tag(256, 4, new int[] {width}));
    tags.add(new Tag(257, 4, new int[] {height}));
    tags.add(new Tag(258, 3, filled(channels, bits)));
    tags.add(new Tag(259, 3, new int[] {1}));
    tags.add(new Tag(262, 3, new int[] {layout.photometric()}));
    tags.add(new Tag(273, 4, offsets));
    tags.add(new Tag(277, 3, new int[] {channels}));
    tags.add(new Tag(278, 4, new int[] {height}));
    tags.add(new Tag(279, 4, filled(strips, stripBytes)));
    tags.add(new Tag(284, 3, new int[] {layout.planar() ? 2 : 1}));
    if (channels % 2 == 0) {
      tags.add(new Tag(338, 3, new int[] {layout.extraSample()}));
    }
    return tiff(data, tags);
  }

  private static int[] filled(int count, int value) {
    int[] values = new int[count];
    Arrays.fill(values, value);
    return values;
  }

  private static byte[] tiff(ByteBuffer data, List<Tag> tags) {
    int directory = (8 + data.capacity() + 1) / 2 * 2;
    int more = directory + 2 + 12 * tags.size() + 4;
    ByteBuffer file = ByteBuffer.allocate(more + 256).order(data.order());
    boolean little = data.order() == ByteOrder.LITTLE_ENDIAN;
    file.put((byte) (little ? 'I' : 'M')).put((byte) (little ? 'I' : 'M'));
    file.putShort((short) 42).putInt(directory).put(data.array());
    file.position(directory).putShort((short) tags.size());
    for (Tag tag : tags) {
      file.putShort((short) tag.number()).putShort((short) tag.type()).putInt(tag.values().length);
      int bytes = (tag.type() == 3 ? 2 : 4) * tag.values().length;
      int next = file.position() + 4;
      if (bytes > 4) {
        file.putInt(more).position(more);
        more += bytes;
      }
      for (int value : tag.values()) {
        if (tag.type() == 3) {
          file.putShort((short) value);
        } else {
          file.putInt(value);
        }
      }
      file.position(next);
    }
    return Arrays.copyOf(file.array(), more);
  }
}
