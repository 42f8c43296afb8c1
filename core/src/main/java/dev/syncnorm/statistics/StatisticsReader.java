package dev.syncnorm.statistics;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.syncnorm.image.BadImageCause;
import dev.syncnorm.image.PixelKind;
import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import dev.syncnorm.image.Rejection;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Reads stats.json, whose fields may be in any order and among others that are not known here.
 * Groups and rejections, which may be many, are read one by one; the memory for each, and for all
 * else, is limited.
 */
final class StatisticsReader {

  private static final long LONGEST_FILE = 1L << 30;
  private static final int LONGEST_TEXT = 1 << 20;

  /** Two depths of four channels with 65536 counts are the most that a file may well have. */
  private static final int MOST_VALUES = 1 << 20;

  private static final int MOST_VALUES_OF_ONE = 1 << 12;

  private static final Pattern FOR_PROGRAMMERS =
      Pattern.compile(
          ": enable `.*|,? from `StreamReadConstraints[^`]*`|[\\s(]*(at )?\\[Source: .*|\\s*\\(start marker at.*");

  private static final ObjectMapper JSON = mapper();

  private final String path;
  private final ObjectNode fields = JSON.createObjectNode();
  private final SortedMap<String, SortedMap<PixelKind, PixelSums>> groups = new TreeMap<>();
  private final List<Rejection> rejections = new ArrayList<>();
  private Optional<StatisticsFileException> problem = Optional.empty();

  StatisticsReader(String path) {
    this.path = path;
  }

  private static ObjectMapper mapper() {
    ObjectMapper mapper =
        JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    mapper
        .getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder()
                .maxDocumentLength(LONGEST_FILE)
                .maxNestingDepth(32)
                .maxStringLength(LONGEST_TEXT)
                .maxNameLength(LONGEST_TEXT)
                .maxNumberLength(1000)
                .build());
    return mapper;
  }

  DataSetStatistics read(InputStream in) throws StatisticsFileException {
    try (JsonParser parser = JSON.createParser(in)) {
      parse(parser);
    } catch (JsonProcessingException e) {
      throw new StatisticsFileException(
          "%s:%d: no valid JSON: %s; the file is damaged or no statistics, so compute it with `syncnorm stats`"
              .formatted(
                  path,
                  e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr()),
                  mistake(e)),
          e);
    } catch (IOException e) {
      throw StatisticsFile.unreadable(path, e);
    }
    return statistics(new JsonField(path, "", fields));
  }

  /** What the parser says, without what it says to those who program it. */
  private static String mistake(JsonProcessingException e) {
    String line = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
    if (line.startsWith("Unexpected end-of-input")) {
      return "the file ends in the middle";
    }
    return FOR_PROGRAMMERS.matcher(line).replaceAll("");
  }

  private void parse(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      problem = Optional.of(noStatistics());
      return;
    }
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      switch (name) {
        case "groups" -> {
          fields.set(name, JSON.getNodeFactory().booleanNode(parser.isExpectedStartObjectToken()));
          groups(parser);
        }
        case "rejections" -> {
          fields.set(name, JSON.getNodeFactory().booleanNode(parser.isExpectedStartArrayToken()));
          rejections(parser);
        }
        case "format",
            "version",
            "inputs",
            "pixels",
            "settings",
            "images",
            "channels",
            "covariance",
            "sumsOfProducts",
            "depths",
            "elapsedSeconds",
            "megapixelsPerSecond" ->
            fields.set(name, tree(parser, name, MOST_VALUES));
        default -> parser.skipChildren();
      }
    }
    if (parser.nextToken() != null) {
      note(JsonField.damaged(path, "there is more after the end of the object"));
    }
  }

  private void groups(JsonParser parser) throws IOException {
    if (!parser.isExpectedStartObjectToken()) {
      parser.skipChildren();
      return;
    }
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      String at = "groups." + JsonField.shown(name);
      JsonField group = new JsonField(path, at, tree(parser, at, MOST_VALUES_OF_ONE));
      try {
        SortedMap<PixelKind, PixelSums> sums =
            SumsReader.measured(
                group, group.get("depth"), group.get("images"), group.get("pixels"));
        if (sums.isEmpty()) {
          throw JsonField.damaged(path, at + " has no images");
        }
        groups.put(name, sums);
      } catch (StatisticsFileException e) {
        note(e);
      }
    }
  }

  private void rejections(JsonParser parser) throws IOException {
    if (!parser.isExpectedStartArrayToken()) {
      parser.skipChildren();
      return;
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String at = "rejections[" + rejections.size() + "]";
      JsonField field = new JsonField(path, at, tree(parser, at, MOST_VALUES_OF_ONE));
      try {
        rejections.add(rejection(field));
      } catch (StatisticsFileException e) {
        note(e);
      }
    }
  }

  private static Rejection rejection(JsonField field) throws StatisticsFileException {
    JsonField cause = field.get("cause");
    List<String> causes = Arrays.stream(BadImageCause.values()).map(BadImageCause::label).toList();
    if (!causes.contains(cause.text())) {
      throw cause.wrong("one of " + String.join(", ", causes));
    }
    return new Rejection(field.get("path").text(), cause.text(), field.get("message").text());
  }

  /** The first mistake is told, but one in format or version comes before it. */
  private void note(StatisticsFileException e) {
    problem = problem.or(() -> Optional.of(e));
  }

  private static JsonNode tree(JsonParser parser, String at, int most) throws IOException {
    return JSON.readTree(new Limited(parser, at, most));
  }

  /** Gives up after so many tokens. */
  private static final class Limited extends JsonParserDelegate {
    private final String at;
    private final int most;
    private int tokens;

    Limited(JsonParser parser, String at, int most) {
      super(parser);
      this.at = at;
      this.most = most;
    }

    @Override
    public JsonToken nextToken() throws IOException {
      if (++tokens > most) {
        throw new com.fasterxml.jackson.core.JsonParseException(
            this, "%s has more than %d values".formatted(at, most));
      }
      return super.nextToken();
    }
  }

  private StatisticsFileException noStatistics() {
    return new StatisticsFileException(
        path
            + " is no file of statistics: expected one that `syncnorm stats INPUT... -o stats.json` writes, which begins with \"format\": \"%s\""
                .formatted(StatisticsFile.FORMAT));
  }

  private void checkFormat(JsonField root) throws StatisticsFileException {
    Optional<JsonField> format = root.find("format");
    if (format.isEmpty() || !format.get().node().asText().equals(StatisticsFile.FORMAT)) {
      throw noStatistics();
    }
    JsonField version = root.get("version");
    if (version.whole(1, Long.MAX_VALUE) > StatisticsFile.VERSION) {
      throw new StatisticsFileException(
          "%s: version %s is newer than this syncnorm reads (%d); update syncnorm"
              .formatted(path, version.node().asText(), StatisticsFile.VERSION));
    }
    if (problem.isPresent()) {
      throw problem.get();
    }
  }

  private DataSetStatistics statistics(JsonField root) throws StatisticsFileException {
    checkFormat(root);
    for (String name : new String[] {"groups", "rejections"}) {
      if (!root.get(name).node().booleanValue()) {
        throw JsonField.damaged(
            path, "%s is no %s".formatted(name, name.equals("groups") ? "object" : "array"));
      }
    }
    JsonField images = root.get("images");
    SortedMap<PixelKind, PixelSums> sums =
        SumsReader.measured(
            root, root.get("pixels").get("depth"), images.get("accepted"), images.get("pixels"));
    PixelSettings pixels = pixels(root.get("pixels"), sums);
    long rejected = images.get("rejected").whole(0, Long.MAX_VALUE);
    if (rejected != rejections.size()) {
      throw images.get("rejected").wrong("%d, as many as are listed".formatted(rejections.size()));
    }
    checkGroups(sums);
    List<String> mergedFrom =
        images.find("mergedFrom").isPresent() ? digests(images.get("mergedFrom")) : List.of();
    rate(root.get("megapixelsPerSecond"));
    return new DataSetStatistics(
        texts(root.get("inputs")),
        pixels,
        images.get("accepted").whole(0, Long.MAX_VALUE),
        images.get("bytes").whole(0, Long.MAX_VALUE),
        digest(images.get("digest"), mergedFrom),
        sums,
        groups,
        rejections,
        seconds(root.get("elapsedSeconds")),
        mergedFrom,
        settings(root.find("settings")));
  }

  private static PixelSettings pixels(JsonField field, SortedMap<PixelKind, PixelSums> sums)
      throws StatisticsFileException {
    JsonField order = field.get("order");
    List<String> names =
        Arrays.stream(Channels.values()).map(c -> c.name().toLowerCase(Locale.ROOT)).toList();
    int index = names.indexOf(order.text());
    if (index < 0) {
      throw order.wrong("one of " + String.join(", ", names));
    }
    Channels channels = Channels.values()[index];
    int expected =
        switch (channels) {
          case RGB -> 3;
          case GRAY -> 1;
          case NATIVE -> sums.isEmpty() ? 0 : sums.firstKey().channels();
        };
    if (!sums.isEmpty() && sums.firstKey().channels() != expected) {
      throw order.wrong("what %d channels are".formatted(sums.firstKey().channels()));
    }
    return new PixelSettings(channels, extent(field.get("resize")), extent(field.get("crop")));
  }

  private static Optional<Extent> extent(JsonField field) throws StatisticsFileException {
    if (field.isNull()) {
      return Optional.empty();
    }
    List<JsonField> sides = field.elements(2);
    return Optional.of(
        new Extent(
            (int) sides.get(0).whole(1, Integer.MAX_VALUE),
            (int) sides.get(1).whole(1, Integer.MAX_VALUE)));
  }

  /** If there are groups, each image is in one of them. */
  private void checkGroups(SortedMap<PixelKind, PixelSums> sums) throws StatisticsFileException {
    SortedMap<PixelKind, PixelSums> added = new TreeMap<>();
    for (SortedMap<PixelKind, PixelSums> group : groups.values()) {
      for (PixelSums one : group.values()) {
        PixelSums whole = sums.get(one.kind());
        long before = added.containsKey(one.kind()) ? added.get(one.kind()).images() : 0;
        if (whole == null || one.images() > whole.images() - before) {
          throw groupsDiffer(one.kind());
        }
        added.merge(one.kind(), one, PixelSums::plus);
      }
    }
    for (PixelSums whole : sums.values()) {
      PixelSums all = added.get(whole.kind());
      if (!groups.isEmpty() && !whole.withoutHistograms().equals(all)) {
        throw groupsDiffer(whole.kind());
      }
    }
  }

  private StatisticsFileException groupsDiffer(PixelKind kind) {
    return JsonField.damaged(
        path,
        "the groups together have not the images of %d channels of %d bits that all have"
            .formatted(kind.channels(), kind.depth()));
  }

  private static SortedMap<String, String> settings(Optional<JsonField> field)
      throws StatisticsFileException {
    SortedMap<String, String> settings = new TreeMap<>();
    if (field.isPresent()) {
      for (String name : field.get().names()) {
        settings.put(name, field.get().get(name).text());
      }
    }
    return settings;
  }

  private static List<String> texts(JsonField field) throws StatisticsFileException {
    List<String> texts = new ArrayList<>();
    for (JsonField element : field.elements()) {
      texts.add(element.text());
    }
    return List.copyOf(texts);
  }

  private static List<String> digests(JsonField field) throws StatisticsFileException {
    List<String> digests = new ArrayList<>();
    for (JsonField element : field.elements()) {
      digests.add(digest(element));
    }
    if (digests.isEmpty()) {
      throw field.wrong("one digest or more");
    }
    return List.copyOf(digests);
  }

  private static Optional<String> digest(JsonField field, List<String> mergedFrom)
      throws StatisticsFileException {
    if (field.isNull()) {
      return Optional.empty();
    }
    if (!mergedFrom.isEmpty()) {
      throw field.wrong("null, as the statistics are merged");
    }
    return Optional.of(digest(field));
  }

  private static String digest(JsonField field) throws StatisticsFileException {
    return field.text("[0-9a-f]{64}", "64 hexadecimal digits in lower case");
  }

  private static double seconds(JsonField field) throws StatisticsFileException {
    if (field.number() < 0) {
      throw field.wrong("a number from 0 on");
    }
    return field.number();
  }

  /** Follows from the pixels and the seconds, so it is looked at and not kept. */
  private static void rate(JsonField field) throws StatisticsFileException {
    if (!field.isNull() && field.number() < 0) {
      throw field.wrong("a number from 0 on, or null");
    }
  }
}
