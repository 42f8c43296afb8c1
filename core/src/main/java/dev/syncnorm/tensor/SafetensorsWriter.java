package dev.syncnorm.tensor;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes safetensors files of F32 tensors, the same bytes for the same contents: names and metadata
 * are sorted, the header is padded with spaces to a multiple of eight bytes, values keep their
 * bits.
 */
public final class SafetensorsWriter {
  private static final int ALIGNMENT = 8;
  private static final int BUFFER_FLOATS = 16 * 1024;

  /** Names go out as plain UTF-8, which makes our bytes those of the Python library. */
  private static final JsonFactory JSON =
      new JsonFactory().enable(JsonGenerator.Feature.COMBINE_UNICODE_SURROGATES_IN_UTF8);

  private SafetensorsWriter() {}

  /**
   * Writes a file to a stream, which stays open; takes a small buffer whatever the tensors' size.
   *
   * @throws IllegalArgumentException if a name is {@code __metadata__}, is too long or has an
   *     unpaired surrogate, or there are too many tensors or too much metadata: what a reader would
   *     refuse
   * @throws IOException if the stream fails
   */
  public static void write(
      Map<String, Tensor> tensors, Map<String, String> metadata, OutputStream out)
      throws IOException {
    SortedMap<String, Tensor> sorted = new TreeMap<>(tensors);
    byte[] header = header(sorted, new TreeMap<>(metadata));
    ByteBuffer buffer =
        ByteBuffer.allocate(BUFFER_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(buffer.putLong(0, header.length).array(), 0, Long.BYTES);
    out.write(header);
    for (Tensor tensor : sorted.values()) {
      float[] values = tensor.values();
      for (int from = 0; from < values.length; from += BUFFER_FLOATS) {
        int count = Math.min(BUFFER_FLOATS, values.length - from);
        buffer.asFloatBuffer().put(values, from, count);
        out.write(buffer.array(), 0, count * Float.BYTES);
      }
    }
  }

  /** The bytes of a file; see {@link #write}. */
  public static byte[] toBytes(Map<String, Tensor> tensors, Map<String, String> metadata) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      write(tensors, metadata, out);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  private static byte[] header(
      SortedMap<String, Tensor> tensors, SortedMap<String, String> metadata) throws IOException {
    if (tensors.size() > SafetensorsHeader.MAX_TENSORS) {
      throw new IllegalArgumentException(
          tensors.size() + " tensors; the limit is " + SafetensorsHeader.MAX_TENSORS);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes, JsonEncoding.UTF8)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(checkedKey(entry.getKey()), encodable(entry.getValue()));
        }
        json.writeEndObject();
      }
      long offset = 0;
      for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
        json.writeObjectFieldStart(checkedName(entry.getKey()));
        offset = writeEntry(json, entry.getValue(), offset);
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    int padding = Math.floorMod(-bytes.size(), ALIGNMENT);
    byte[] spaces = new byte[padding];
    Arrays.fill(spaces, (byte) ' ');
    bytes.write(spaces);
    if (bytes.size() > SafetensorsHeader.MAX_BYTES) {
      throw new IllegalArgumentException(
          "a header of " + bytes.size() + " bytes; the limit is " + SafetensorsHeader.MAX_BYTES);
    }
    return bytes.toByteArray();
  }

  private static long writeEntry(JsonGenerator json, Tensor tensor, long offset)
      throws IOException {
    json.writeStringField("dtype", DataType.F32.name());
    json.writeArrayFieldStart("shape");
    for (int extent : tensor.shape().extents()) {
      json.writeNumber(extent);
    }
    json.writeEndArray();
    long end = offset + (long) Float.BYTES * tensor.values().length;
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(offset);
    json.writeNumber(end);
    json.writeEndArray();
    return end;
  }

  private static String checkedName(String name) {
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException(
          "a tensor cannot be named " + name + ": the format keeps that name for itself");
    }
    return checkedKey(name);
  }

  private static String checkedKey(String name) {
    if (name.length() > SafetensorsHeader.MAX_NAME_LENGTH) {
      throw new IllegalArgumentException(
          "the name %s has %d characters; the limit is %d"
              .formatted(
                  SafetensorsHeader.quoted(name),
                  name.length(),
                  SafetensorsHeader.MAX_NAME_LENGTH));
    }
    return encodable(name);
  }

  private static String encodable(String text) {
    if (text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
      throw new IllegalArgumentException(
          "the text " + SafetensorsHeader.quoted(text) + " has an unpaired surrogate");
    }
    return text;
  }
}
