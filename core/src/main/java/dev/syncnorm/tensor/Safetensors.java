package dev.syncnorm.tensor;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The contents of a safetensors file: named tensors and a map of texts.
 *
 * <p>The file is eight bytes with the length of the header (little-endian), the header (JSON: for
 * each tensor its type, shape and place), and the values, little-endian and row-major, without
 * holes. Everything is checked before it is used, and no more memory is taken than the file has
 * bytes: see {@link SafetensorsException}. A single tensor has at most 2^31 - 64 bytes.
 *
 * <p>Values are converted on request, and only exactly: {@link #tensor} and {@link #doubles} refuse
 * a value that their type cannot hold, {@link #roundedTensor} rounds. Immutable and thread-safe.
 */
public final class Safetensors {
  private static final int MAX_TENSOR_BYTES = Integer.MAX_VALUE - 64;

  private final String source;
  private final Map<String, Stored> tensors;
  private final Map<String, String> metadata;

  private record Stored(SafetensorsHeader.Entry entry, ByteBuffer data) {
    int size() {
      return data.capacity() / entry.type().bytes();
    }

    double doubleAt(int index) {
      return entry.type().doubleAt(data, index);
    }
  }

  private Safetensors(String source, Map<String, Stored> tensors, Map<String, String> metadata) {
    this.source = source;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = metadata;
  }

  /**
   * Reads a file.
   *
   * @throws SafetensorsException if the file is not what the format says
   * @throws IOException if it cannot be read
   */
  public static Safetensors read(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return read(in, Files.size(file), file.toString());
    }
  }

  /**
   * Reads bytes; {@code source} is what errors call them.
   *
   * @throws SafetensorsException if the bytes are not what the format says
   */
  public static Safetensors read(byte[] bytes, String source) throws SafetensorsException {
    try {
      return read(new ByteArrayInputStream(bytes), bytes.length, source);
    } catch (SafetensorsException e) {
      throw e;
    } catch (IOException e) {
      throw new AssertionError("reading an array failed", e);
    }
  }

  /**
   * Reads a stream to its end and leaves it open; {@code source} is what errors call it.
   *
   * @throws SafetensorsException if the bytes are not what the format says
   * @throws IOException if the stream fails
   */
  public static Safetensors read(InputStream in, String source) throws IOException {
    return read(in, Long.MAX_VALUE, source);
  }

  /**
   * As {@link #read(InputStream, String)}, of a stream that is known to have {@code length} bytes.
   */
  public static Safetensors read(InputStream in, long length, String source) throws IOException {
    byte[] prefix = in.readNBytes(Long.BYTES);
    if (prefix.length < Long.BYTES) {
      throw new SafetensorsException(
          source, prefix.length + " bytes; a safetensors file has at least 10");
    }
    long headerBytes = littleEndian(prefix).getLong();
    long limit = Math.min(SafetensorsHeader.MAX_BYTES, length - Long.BYTES);
    if (headerBytes < 2 || headerBytes > limit) {
      throw new SafetensorsException(
          source,
          "a header of "
              + Long.toUnsignedString(headerBytes)
              + " bytes; expected 2 to "
              + limit
              + ", the rest of the file or the limit");
    }
    byte[] json = in.readNBytes((int) headerBytes);
    if (json.length < headerBytes) {
      throw new SafetensorsException(
          source, "the file ends in its header, " + json.length + " of " + headerBytes + " bytes");
    }
    SafetensorsHeader header = SafetensorsHeader.parse(source, json);
    long data = length - Long.BYTES - headerBytes;
    if (length != Long.MAX_VALUE && header.dataBytes() != data) {
      throw new SafetensorsException(
          source,
          "the tensors have "
              + header.dataBytes()
              + " bytes, but the file has "
              + data
              + " for them");
    }
    return new Safetensors(source, tensors(in, header, source), header.metadata());
  }

  private static Map<String, Stored> tensors(
      InputStream in, SafetensorsHeader header, String source) throws IOException {
    Map<String, Stored> tensors = new LinkedHashMap<>();
    for (SafetensorsHeader.Entry entry : header.entries()) {
      String name = SafetensorsHeader.quoted(entry.name());
      if (entry.bytes() > MAX_TENSOR_BYTES) {
        throw new SafetensorsException(
            source,
            "the tensor "
                + name
                + " has "
                + entry.bytes()
                + " bytes; the limit is "
                + MAX_TENSOR_BYTES);
      }
      byte[] bytes = in.readNBytes((int) entry.bytes()); // takes memory only as bytes arrive
      if (bytes.length < entry.bytes()) {
        throw new SafetensorsException(
            source,
            "the file ends in the tensor "
                + name
                + ", "
                + bytes.length
                + " of "
                + entry.bytes()
                + " bytes");
      }
      tensors.put(entry.name(), new Stored(entry, littleEndian(bytes)));
    }
    if (in.read() >= 0) {
      throw new SafetensorsException(source, "the file goes on after its last tensor");
    }
    return tensors;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The names of the tensors, in the order of their data. */
  public List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  /** Whether there is a tensor of this name. */
  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  /** The texts under {@code __metadata__}, sorted by key; empty if there are none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * The type of a tensor's values.
   *
   * @throws SafetensorsException if there is no such tensor
   */
  public DataType dataType(String name) throws SafetensorsException {
    return stored(name).entry().type();
  }

  /**
   * The extents of a tensor, outermost first: none for a scalar, and 0 is possible.
   *
   * @throws SafetensorsException if there is no such tensor
   */
  public List<Long> extents(String name) throws SafetensorsException {
    return stored(name).entry().extents();
  }

  /**
   * The shape of a tensor; a scalar's is {@code Shape.of()}.
   *
   * @throws SafetensorsException if there is no such tensor, or it has no values (an extent of 0)
   */
  public Shape shape(String name) throws SafetensorsException {
    return shape(stored(name));
  }

  /**
   * A tensor in float32: F32 bit for bit, every other type if each value is a float32 (as all of
   * F16, BF16, I16, I8, U8 and BOOL are).
   *
   * @throws SafetensorsException if there is no such tensor, it has no values, or a value is not a
   *     float32: then {@link #roundedTensor} or {@link #doubles} reads it
   */
  public Tensor tensor(String name) throws SafetensorsException {
    return tensor(name, true);
  }

  /**
   * A tensor in float32, values that are none rounded to the nearest, ties to even.
   *
   * @throws SafetensorsException if there is no such tensor, or it has no values
   */
  public Tensor roundedTensor(String name) throws SafetensorsException {
    return tensor(name, false);
  }

  private Tensor tensor(String name, boolean exactly) throws SafetensorsException {
    Stored stored = stored(name);
    Shape shape = shape(stored);
    float[] values = new float[stored.size()];
    if (stored.entry().type() == DataType.F32) {
      stored.data().asFloatBuffer().get(values); // a view of its own: the data's position stays
      return new Tensor(shape, values);
    }
    for (int i = 0; i < values.length; i++) {
      double value = stored.doubleAt(i);
      values[i] = (float) value;
      if (exactly && (!isExact(stored, i, value) || Double.compare(values[i], value) != 0)) {
        throw inexact(stored, i, "float32; round it explicitly or read it as doubles");
      }
    }
    return new Tensor(shape, values);
  }

  /**
   * The values of a tensor in row-major order, every type widened exactly; a tensor with an extent
   * of 0 gives an empty array.
   *
   * @throws SafetensorsException if there is no such tensor, or an I64 value is not a double
   */
  public double[] doubles(String name) throws SafetensorsException {
    Stored stored = stored(name);
    double[] values = new double[stored.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = stored.doubleAt(i);
      if (!isExact(stored, i, values[i])) {
        throw inexact(stored, i, "float64");
      }
    }
    return values;
  }

  /** Whether an I64 survived the way to double; 2^63 - 1 needs its own test, as casts saturate. */
  private static boolean isExact(Stored stored, int index, double value) {
    if (stored.entry().type() != DataType.I64) {
      return true;
    }
    long integer = stored.data().getLong(index * Long.BYTES);
    return integer != Long.MAX_VALUE && (long) value == integer;
  }

  private SafetensorsException inexact(Stored stored, int index, String target) {
    boolean isLong = stored.entry().type() == DataType.I64;
    String value =
        isLong
            ? Long.toString(stored.data().getLong(index * Long.BYTES))
            : Double.toString(stored.doubleAt(index));
    return new SafetensorsException(
        source,
        "the tensor %s is %s, and its value %s at index %d is not a %s"
            .formatted(
                SafetensorsHeader.quoted(stored.entry().name()),
                stored.entry().type(),
                value,
                index,
                target));
  }

  private Shape shape(Stored stored) throws SafetensorsException {
    List<Long> extents = stored.entry().extents();
    if (stored.size() == 0) {
      throw new SafetensorsException(
          source,
          "the tensor %s of shape %s has no values"
              .formatted(SafetensorsHeader.quoted(stored.entry().name()), extents));
    }
    List<Integer> narrow = new ArrayList<>();
    extents.forEach(extent -> narrow.add(Math.toIntExact(extent))); // bounded by the data's size
    return new Shape(narrow);
  }

  private Stored stored(String name) throws SafetensorsException {
    Stored stored = tensors.get(name);
    if (stored == null) {
      List<String> names = names();
      String some = String.join(", ", names.subList(0, Math.min(10, names.size())));
      throw new SafetensorsException(
          source,
          "no tensor %s; there are %d: %s%s"
              .formatted(
                  SafetensorsHeader.quoted(name),
                  names.size(),
                  some,
                  names.size() > 10 ? ", ..." : ""));
    }
    return stored;
  }
}
