package dev.syncnorm.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * One file of golden vectors from the test resources' folder {@code golden}, written by its {@code
 * make_goldens.py} with PyTorch and TensorFlow in float64. The format is safetensors: the header's
 * length as a little-endian 64-bit number, a JSON header, then raw little-endian F64 values.
 */
public final class Golden {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, double[]> values = new LinkedHashMap<>();
  private final Map<String, int[]> shapes = new LinkedHashMap<>();
  private final Map<String, JsonNode> metadata = new LinkedHashMap<>();

  private Golden(byte[] file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int headerLength = Math.toIntExact(bytes.getLong());
    JsonNode header = JSON.readTree(new String(file, 8, headerLength, StandardCharsets.UTF_8));
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (entry.getKey().equals("__metadata__")) {
        for (Map.Entry<String, JsonNode> item : entry.getValue().properties()) {
          metadata.put(item.getKey(), JSON.readTree(item.getValue().asText()));
        }
        continue;
      }
      if (!entry.getValue().get("dtype").asText().equals("F64")) {
        throw new IOException("expected F64, found " + entry.getValue());
      }
      int begin = entry.getValue().get("data_offsets").get(0).asInt();
      int end = entry.getValue().get("data_offsets").get(1).asInt();
      double[] array = new double[(end - begin) / Double.BYTES];
      bytes
          .slice(8 + headerLength + begin, end - begin)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asDoubleBuffer()
          .get(array);
      values.put(entry.getKey(), array);
      shapes.put(entry.getKey(), JSON.convertValue(entry.getValue().get("shape"), int[].class));
    }
  }

  /** Reads {@code golden/<name>.safetensors}. */
  public static Golden read(String name) {
    String path = "/golden/" + name + ".safetensors";
    try (InputStream in = Golden.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalArgumentException("no golden file " + path);
      }
      return new Golden(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(path, e);
    }
  }

  /** The names of the tensors. */
  public Set<String> names() {
    return values.keySet();
  }

  /** Whether there is such a tensor. */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** The values in row-major order. */
  public double[] doubles(String name) {
    return require(values, name).clone();
  }

  /** The values rounded to float32; exact for inputs and initial values. */
  public float[] floats(String name) {
    double[] array = require(values, name);
    float[] floats = new float[array.length];
    for (int i = 0; i < array.length; i++) {
      floats[i] = (float) array[i];
    }
    return floats;
  }

  /** Image {@code index} of an [N, ...] tensor, rounded to float32. */
  public float[] image(String name, int index) {
    float[] all = floats(name);
    int size = all.length / shape(name)[0];
    return Arrays.copyOfRange(all, index * size, (index + 1) * size);
  }

  /** The shape. */
  public int[] shape(String name) {
    return require(shapes, name).clone();
  }

  /** A hyper-parameter. */
  public JsonNode metadata(String name) {
    return require(metadata, name);
  }

  private static <T> T require(Map<String, T> map, String name) {
    T value = map.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no " + name + " among " + map.keySet());
    }
    return value;
  }
}
