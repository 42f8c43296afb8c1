package dev.syncnorm.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.image.Rejection;
import dev.syncnorm.tensor.Digests;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a training trains on, fixed before its first step.
 *
 * @param pairs the accepted ones, sorted by the UTF-8 path of their input
 * @param rejected the images that were left out, sorted by their UTF-8 path
 */
public record DataIndex(List<Pair> pairs, List<Rejection> rejected) implements Serializable {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One accepted image.
   *
   * @param offset of its bytes in the file
   * @param length of its bytes
   * @param sha256 of its bytes, in lower-case hexadecimal digits
   */
  public record Image(String path, long offset, long length, String sha256, int width, int height)
      implements Serializable {}

  /** An input and its target, of one size. */
  public record Pair(Image input, Image target) implements Serializable {}

  /** Copies and sorts; an image that belongs to two pairs or roles is listed once. */
  public DataIndex {
    pairs =
        pairs.stream()
            .sorted(Comparator.comparing(p -> p.input().path(), PairPaths.BY_UTF8))
            .toList();
    rejected =
        rejected.stream()
            .distinct()
            .sorted(Comparator.comparing(Rejection::path, PairPaths.BY_UTF8))
            .toList();
  }

  /** The number of pairs. */
  public int size() {
    return pairs.size();
  }

  /** How many images were rejected for each cause, by the name of the cause. */
  public SortedMap<String, Long> rejectedByCause() {
    return rejected.stream()
        .collect(Collectors.groupingBy(Rejection::cause, TreeMap::new, Collectors.counting()));
  }

  /** SHA-256 over the contents' digests in order: the same data gives the same digest anywhere. */
  public String digest() {
    StringBuilder digests = new StringBuilder();
    for (Pair pair : pairs) {
      digests.append(pair.input().sha256()).append(pair.target().sha256());
    }
    return HexFormat.of().formatHex(Digests.sha256Bytes(digests.toString()));
  }

  /** The content of index.json. */
  public byte[] toJson() {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", "syncnorm/index");
    root.put("version", 1);
    root.put("digest", digest());
    ArrayNode images = root.putArray("images");
    for (Pair pair : pairs) {
      ObjectNode image = images.addObject();
      put(image, pair.input());
      put(image.putObject("target"), pair.target());
    }
    ArrayNode left = root.putArray("rejected");
    for (Rejection rejection : rejected) {
      ObjectNode image = left.addObject();
      image.put("path", rejection.path());
      image.put("cause", rejection.cause());
      image.put("message", rejection.message());
    }
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads the content of an index.json.
   *
   * @throws IOException if it is none, or its digest is not that of its images
   */
  public static DataIndex fromJson(byte[] json) throws IOException {
    JsonNode root = JSON.readTree(json);
    if (!"syncnorm/index".equals(root.path("format").asText())
        || root.path("version").asInt() != 1) {
      throw new IOException("it is not of the format syncnorm/index, version 1");
    }
    List<Pair> pairs = new ArrayList<>();
    for (JsonNode image : root.path("images")) {
      pairs.add(new Pair(image(image), image(image.path("target"))));
    }
    List<Rejection> rejected = new ArrayList<>();
    for (JsonNode image : root.path("rejected")) {
      rejected.add(
          new Rejection(
              image.path("path").asText(),
              image.path("cause").asText(),
              image.path("message").asText()));
    }
    DataIndex index = new DataIndex(pairs, rejected);
    if (pairs.isEmpty() || !index.digest().equals(root.path("digest").asText())) {
      throw new IOException("its digest is not that of its images");
    }
    return index;
  }

  private static Image image(JsonNode node) throws IOException {
    for (String field : List.of("path", "offset", "length", "sha256", "width", "height")) {
      if (!node.has(field)) {
        throw new IOException("an image has no " + field);
      }
    }
    return new Image(
        node.get("path").asText(),
        node.get("offset").asLong(),
        node.get("length").asLong(),
        node.get("sha256").asText(),
        node.get("width").asInt(),
        node.get("height").asInt());
  }

  private static void put(ObjectNode node, Image image) {
    node.put("path", image.path());
    node.put("offset", image.offset());
    node.put("length", image.length());
    node.put("sha256", image.sha256());
    node.put("width", image.width());
    node.put("height", image.height());
  }
}
