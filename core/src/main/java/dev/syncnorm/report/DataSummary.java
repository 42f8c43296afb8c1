package dev.syncnorm.report;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

/**
 * What index.json says of the data set, read image by image as it may hold millions.
 *
 * @param bytes of all inputs and targets
 */
record DataSummary(
    String digest,
    long images,
    long targets,
    long rejected,
    long bytes,
    long pixels,
    Size smallest,
    Size largest) {

  /** Width and height of an image. */
  record Size(long width, long height) {
    long pixels() {
      return width * height;
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NAME = "index.json";
  private static final long LONGEST_SIDE = 1L << 30;

  /**
   * Reads an index.
   *
   * @throws ReportException if it is no index
   */
  static DataSummary read(RunFiles files) throws ReportException {
    try (JsonParser parser = JSON.createParser(files.open(NAME))) {
      return new Sums().read(parser);
    } catch (IOException e) {
      throw new ReportException(
          "%s is no index of a data set: %s"
              .formatted(
                  files.path(NAME), String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }

  /** What has been read so far. */
  private static final class Sums {
    private String digest = "";
    private long images;
    private long targets;
    private long rejected;
    private long bytes;
    private long pixels;
    private Size smallest = new Size(LONGEST_SIDE, LONGEST_SIDE);
    private Size largest = new Size(0, 0);

    DataSummary read(JsonParser parser) throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("it does not begin with an object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "digest" -> digest = parser.getText();
          case "images" -> eachObject(parser, this::image);
          case "rejected" -> eachObject(parser, node -> rejected++);
          default -> parser.skipChildren();
        }
      }
      if (images == 0 || !digest.matches("[0-9a-f]{64}")) {
        throw new IOException("it has %d images and the digest '%s'".formatted(images, digest));
      }
      return new DataSummary(digest, images, targets, rejected, bytes, pixels, smallest, largest);
    }

    private interface Visitor {
      void visit(JsonNode node) throws IOException;
    }

    private static void eachObject(JsonParser parser, Visitor visitor) throws IOException {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw new IOException(parser.currentName() + " is no array");
      }
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        visitor.visit(JSON.readTree(parser));
      }
    }

    private void image(JsonNode node) throws IOException {
      Size size = new Size(count(node, "width"), count(node, "height"));
      if (size.width() > LONGEST_SIDE || size.height() > LONGEST_SIDE || size.pixels() == 0) {
        throw new IOException("image %d is %s".formatted(images + 1, size));
      }
      bytes += count(node, "length");
      pixels += size.pixels();
      smallest = size.pixels() < smallest.pixels() ? size : smallest;
      largest = size.pixels() > largest.pixels() ? size : largest;
      if (node.path("target").isObject()) {
        targets++;
        bytes += count(node.path("target"), "length");
      }
      images++;
    }

    private long count(JsonNode node, String key) throws IOException {
      JsonNode value = node.path(key);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
        throw new IOException(
            "%s of image %d is no whole number from 0 on".formatted(key, images + 1));
      }
      return value.longValue();
    }
  }
}
