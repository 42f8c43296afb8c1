package dev.syncnorm.tensor;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The JSON header of a safetensors file, checked: every type is known, every size follows from its
 * shape, and the tensors fill the data section without a hole or an overlap.
 *
 * @param entries the tensors in the order of their data
 * @param metadata the texts under {@code __metadata__}, sorted by key
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {
  static final int MAX_BYTES = 100_000_000;
  static final int MAX_TENSORS = 100_000;
  static final int MAX_NAME_LENGTH = 1_000;
  static final int MAX_RANK = 32;
  static final String METADATA = "__metadata__";

  /** A tensor: its extents, outermost first, and where its bytes are in the data section. */
  record Entry(String name, DataType type, List<Long> extents, long begin, long end) {
    long bytes() {
      return end - begin;
    }
  }

  /** Jackson's own limits guard what is read before a check of ours can see it. */
  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxNumberLength(40)
                  .maxNameLength(10 * MAX_NAME_LENGTH)
                  .maxStringLength(MAX_BYTES)
                  .build())
          .build();

  /**
   * Reads and checks a header.
   *
   * @param source what an error calls the file
   * @param json the header's bytes without the eight of its length
   * @throws SafetensorsException if anything in it is not as the format says
   */
  static SafetensorsHeader parse(String source, byte[] json) throws SafetensorsException {
    if (json.length == 0 || json[0] != '{') {
      throw new SafetensorsException(source, "the header does not begin with '{'");
    }
    // A reader that reports malformed UTF-8; Jackson would guess the encoding from the bytes.
    var reader =
        new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
    try (JsonParser parser = JSON.createParser(reader)) {
      return new Parsing(source, parser).header();
    } catch (SafetensorsException e) {
      throw e;
    } catch (CharacterCodingException e) {
      throw new SafetensorsException(source, "the header is not UTF-8");
    } catch (JsonProcessingException e) {
      String reason = e.getOriginalMessage().lines().findFirst().orElse("");
      throw new SafetensorsException(source, "the header is not valid JSON: " + reason);
    } catch (IOException e) {
      throw new SafetensorsException(source, "the header cannot be read: " + e.getMessage());
    }
  }

  /** The bytes of all tensors together. */
  long dataBytes() {
    return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).end();
  }

  /** A name for a message: in quotes, on one line, not too long. */
  static String quoted(String name) {
    String text = name.length() <= 80 ? name : name.substring(0, 77) + "...";
    return '"' + text.replaceAll("\\p{Cntrl}", "?") + '"';
  }

  /** One pass over the JSON; Jackson checks the syntax, this the meaning. */
  private record Parsing(String source, JsonParser parser) {

    SafetensorsHeader header() throws IOException {
      Map<String, Entry> entries = new LinkedHashMap<>();
      Map<String, String> metadata = null;
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        checkLength(name);
        if (name.equals(METADATA)) {
          if (metadata != null) {
            throw bad("%s occurs twice", METADATA);
          }
          metadata = metadata();
        } else if (entries.put(name, entry(name)) != null) {
          throw bad("the tensor %s occurs twice", quoted(name));
        } else if (entries.size() > MAX_TENSORS) {
          throw bad("more than %,d tensors", MAX_TENSORS);
        }
      }
      if (parser.nextToken() != null) {
        throw bad("the header goes on after its closing '}'");
      }
      return new SafetensorsHeader(
          contiguous(new ArrayList<>(entries.values())),
          metadata == null ? Map.of() : Collections.unmodifiableMap(metadata));
    }

    private Map<String, String> metadata() throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw bad("%s is not an object of texts", METADATA);
      }
      Map<String, String> metadata = new TreeMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        checkLength(key);
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
          throw bad("the value of %s in %s is not a text", quoted(key), METADATA);
        }
        if (metadata.put(key, parser.getText()) != null) {
          throw bad("%s occurs twice in %s", quoted(key), METADATA);
        }
      }
      return metadata;
    }

    private Entry entry(String name) throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw bad("the tensor %s is not an object", quoted(name));
      }
      DataType type = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "dtype" -> {
            expectFirst(type, name, field);
            type = dataType(name);
          }
          case "shape" -> {
            expectFirst(shape, name, field);
            shape = integers(name, field, MAX_RANK);
          }
          case "data_offsets" -> {
            expectFirst(offsets, name, field);
            offsets = integers(name, field, 2);
          }
          default ->
              throw bad(
                  "the tensor %s has the unknown field %s; expected dtype, shape and data_offsets",
                  quoted(name), quoted(field));
        }
      }
      if (type == null || shape == null || offsets == null) {
        String missing = type == null ? "dtype" : shape == null ? "shape" : "data_offsets";
        throw bad("the tensor %s has no %s", quoted(name), missing);
      }
      if (offsets.size() != 2) {
        throw bad("the tensor %s has %d data_offsets instead of two", quoted(name), offsets.size());
      }
      return checkedSize(new Entry(name, type, shape, offsets.get(0), offsets.get(1)));
    }

    private void checkLength(String name) throws SafetensorsException {
      if (name.length() > MAX_NAME_LENGTH) {
        throw bad("a name of %,d characters; the limit is %,d", name.length(), MAX_NAME_LENGTH);
      }
    }

    private void expectFirst(Object earlier, String name, String field)
        throws SafetensorsException {
      if (earlier != null) {
        throw bad("the tensor %s has %s twice", quoted(name), field);
      }
    }

    private DataType dataType(String name) throws IOException {
      String text = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : "";
      for (DataType type : DataType.values()) {
        if (type.name().equals(text)) {
          return type;
        }
      }
      throw bad(
          "the tensor %s has the dtype %s; readable are %s",
          quoted(name), quoted(parser.getText()), Arrays.toString(DataType.values()));
    }

    private List<Long> integers(String name, String field, int limit) throws IOException {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw bad("the %s of the tensor %s is not an array", field, quoted(name));
      }
      List<Long> integers = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        boolean isLong =
            parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
        if (!isLong || parser.getLongValue() < 0) {
          throw bad(
              "the %s of the tensor %s holds %s; expected integers from 0 to 2^63 - 1",
              field, quoted(name), quoted(String.valueOf(parser.getText())));
        }
        integers.add(parser.getLongValue());
        if (integers.size() > limit) {
          throw bad("the %s of the tensor %s has more than %d values", field, quoted(name), limit);
        }
      }
      return List.copyOf(integers);
    }

    private Entry checkedSize(Entry entry) throws SafetensorsException {
      if (entry.begin() > entry.end()) {
        throw bad(
            "the data of the tensor %s begins at %d and ends before it, at %d",
            quoted(entry.name()), entry.begin(), entry.end());
      }
      long expected = entry.type().bytes();
      try {
        for (long extent : entry.extents()) {
          expected = Math.multiplyExact(expected, extent);
        }
      } catch (ArithmeticException e) {
        throw bad(
            "the tensor %s of shape %s has more than 2^63 bytes",
            quoted(entry.name()), entry.extents());
      }
      if (entry.bytes() != expected) {
        throw bad(
            "the tensor %s has %d bytes of data; %s of shape %s needs %d",
            quoted(entry.name()), entry.bytes(), entry.type(), entry.extents(), expected);
      }
      return entry;
    }

    private List<Entry> contiguous(List<Entry> entries) throws SafetensorsException {
      entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      long end = 0;
      for (Entry entry : entries) {
        if (entry.begin() != end) {
          throw bad(
              "the data of the tensor %s begins at %d, but that of the one before it ends at %d",
              quoted(entry.name()), entry.begin(), end);
        }
        end = entry.end();
      }
      return List.copyOf(entries);
    }

    private SafetensorsException bad(String format, Object... values) {
      return new SafetensorsException(source, String.format(Locale.ROOT, format, values));
    }
  }
}
