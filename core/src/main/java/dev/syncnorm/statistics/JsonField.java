package dev.syncnorm.statistics;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A value of a JSON document that knows where it stands, so that a mistake in it can be told.
 *
 * @param file names the document
 * @param at such as {@code channels[0].sum}; empty for the whole document
 */
record JsonField(String file, String at, JsonNode node) {

  private static final int LONGEST_SHOWN = 60;

  /** A field of this object, which must be there. */
  JsonField get(String name) throws StatisticsFileException {
    return find(name).orElseThrow(() -> damaged(file, "%s is missing".formatted(place(at, name))));
  }

  /** A field of this object, if it is there. */
  Optional<JsonField> find(String name) throws StatisticsFileException {
    if (!node.isObject()) {
      throw wrong("an object");
    }
    return Optional.ofNullable(node.get(name)).map(n -> new JsonField(file, place(at, name), n));
  }

  /** The names of this object's fields, sorted. */
  Set<String> names() throws StatisticsFileException {
    if (!node.isObject()) {
      throw wrong("an object");
    }
    Set<String> names = new TreeSet<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** The elements of this array. */
  List<JsonField> elements() throws StatisticsFileException {
    if (!node.isArray()) {
      throw wrong("an array");
    }
    List<JsonField> elements = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      elements.add(new JsonField(file, at + "[" + i + "]", node.get(i)));
    }
    return elements;
  }

  /** The elements of this array, which must be so many. */
  List<JsonField> elements(int count) throws StatisticsFileException {
    List<JsonField> elements = elements();
    if (elements.size() != count) {
      throw wrong("an array of " + count);
    }
    return elements;
  }

  boolean isNull() {
    return node.isNull();
  }

  String text() throws StatisticsFileException {
    if (!node.isTextual()) {
      throw wrong("a text");
    }
    return node.textValue();
  }

  /** A text of one line that a pattern matches. */
  String text(String pattern, String expected) throws StatisticsFileException {
    String text = text();
    if (!text.matches(pattern)) {
      throw wrong(expected);
    }
    return text;
  }

  /** A whole number of any size from 0 on. */
  BigInteger integer() throws StatisticsFileException {
    if (!node.isIntegralNumber() || node.bigIntegerValue().signum() < 0) {
      throw wrong("a whole number from 0 on");
    }
    return node.bigIntegerValue();
  }

  /** A whole number within two, both included. */
  long whole(long least, long most) throws StatisticsFileException {
    if (!node.isIntegralNumber()
        || !node.canConvertToLong()
        || node.longValue() < least
        || node.longValue() > most) {
      throw wrong(
          most == Long.MAX_VALUE
              ? "a whole number from %d on".formatted(least)
              : "a whole number from %d to %d".formatted(least, most));
    }
    return node.longValue();
  }

  /** A finite number. */
  double number() throws StatisticsFileException {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw wrong("a number");
    }
    return node.doubleValue();
  }

  /** What to say of this value. */
  StatisticsFileException wrong(String expected) {
    return damaged(file, "%s is %s, expected %s".formatted(at, shown(), expected));
  }

  private String shown() {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "an array of " + node.size();
      case STRING -> "'" + shown(node.textValue()) + "'";
      default -> shown(node.asText());
    };
  }

  private static String place(String at, String name) {
    return at.isEmpty() ? shown(name) : at + "." + shown(name);
  }

  /** A text from the file in a message: on one line, and not too long. */
  static String shown(String text) {
    String cut =
        text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN - 3) + "...";
    return cut.replaceAll("\\p{C}", "\ufffd");
  }

  /** What to say of a file with a mistake. */
  static StatisticsFileException damaged(String file, String mistake) {
    return new StatisticsFileException(
        "%s: %s; the file is damaged or was edited, so compute it again with `syncnorm stats`"
            .formatted(file, mistake));
  }
}
