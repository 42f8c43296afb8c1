package dev.syncnorm.configuration;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * One object of a configuration, read key by key. A wrong value is noted among the mistakes and
 * read as the default, so that one pass finds all mistakes; {@link #finish} notes the keys that
 * nobody read. The caller must not use what it has read when mistakes were noted. Not thread-safe.
 */
public final class Settings {

  private final ConfigObject object;
  private final String path;
  private final Mistakes mistakes;
  private final Set<String> known = new LinkedHashSet<>();

  private Settings(ConfigObject object, String path, Mistakes mistakes) {
    this.object = object;
    this.path = path;
    this.mistakes = mistakes;
  }

  /** The root of a resolved configuration. */
  public static Settings root(Config config, Mistakes mistakes) {
    return new Settings(config.root(), "", mistakes);
  }

  /** Where this object stands. */
  public ConfigOrigin origin() {
    return object.origin();
  }

  /** The full key, such as {@code train.batch-size}. */
  public String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** Whether a value is given. */
  public boolean has(String key) {
    known.add(key);
    ConfigValue value = object.get(key);
    return value != null && value.valueType() != ConfigValueType.NULL;
  }

  /** Notes a mistake about the value of a key; {@code expected} says what it should be. */
  public void wrong(String key, String expected) {
    ConfigValue value = object.get(key);
    String shown = value == null ? "missing" : value.render(ConfigRenderOptions.concise());
    mistakes.add(
        value == null ? object.origin() : value.origin(),
        "%s is %s, expected %s".formatted(path(key), shown, expected));
  }

  /** Notes a mistake that concerns a key, in the caller's words. */
  public void mistake(String key, String message) {
    ConfigValue value = object.get(key);
    mistakes.add(value == null ? object.origin() : value.origin(), message);
  }

  /** How many mistakes were noted so far, in this object or elsewhere. */
  public int mistakes() {
    return mistakes.count();
  }

  /** A nested object; an empty one where the key is missing. */
  public Settings object(String key) {
    known.add(key);
    ConfigValue value = object.get(key);
    if (value instanceof ConfigObject nested) {
      return new Settings(nested, path(key), mistakes);
    }
    if (value != null) {
      wrong(key, "an object { ... }");
    }
    return new Settings(
        ConfigFactory.empty().root().withOrigin(object.origin()), path(key), mistakes);
  }

  /** A list of objects; an empty one where the key is missing. Named by {@code name} if given. */
  public List<Settings> objects(String key) {
    known.add(key);
    ConfigValue value = object.get(key);
    List<Settings> result = new ArrayList<>();
    if (value instanceof ConfigList list) {
      for (int i = 0; i < list.size(); i++) {
        if (list.get(i) instanceof ConfigObject element) {
          ConfigValue name = element.get("name");
          String step = name == null ? String.valueOf(i) : String.valueOf(name.unwrapped());
          result.add(new Settings(element, path(key) + "." + step, mistakes));
        } else {
          mistakes.add(
              list.get(i).origin(), path(key) + "." + i + " is no object, expected { ... }");
        }
      }
    } else if (value != null) {
      wrong(key, "a list of objects [ { ... }, ... ]");
    }
    return result;
  }

  /** A text that must be there. */
  public String text(String key) {
    return optionalText(key)
        .orElseGet(
            () -> {
              if (!has(key)) {
                wrong(key, "a text");
              }
              return "";
            });
  }

  /** A text, or empty where the key is missing. */
  public Optional<String> optionalText(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    ConfigValue value = object.get(key);
    if (value.valueType() == ConfigValueType.STRING
        || value.valueType() == ConfigValueType.NUMBER) {
      return Optional.of(String.valueOf(value.unwrapped()));
    }
    wrong(key, "a text");
    return Optional.empty();
  }

  /** A list of texts, or empty where the key is missing. */
  public Optional<List<String>> optionalTexts(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    if (object.get(key) instanceof ConfigList list
        && list.stream().allMatch(v -> v.valueType() == ConfigValueType.STRING)) {
      return Optional.of(list.stream().map(v -> (String) v.unwrapped()).toList());
    }
    wrong(key, "a list of texts");
    return Optional.empty();
  }

  /** A whole number from {@code least} to {@code most}; the default where the key is missing. */
  public int integer(String key, int byDefault, int least, int most) {
    return has(key) ? requiredInteger(key, byDefault, least, most) : byDefault;
  }

  /** A whole number from {@code least} to {@code most} that must be there. */
  public int integer(String key, int least, int most) {
    return requiredInteger(key, least, least, most);
  }

  private int requiredInteger(String key, int otherwise, int least, int most) {
    if (has(key)
        && object.get(key).unwrapped() instanceof Number number
        && number.doubleValue() == Math.rint(number.doubleValue())
        && number.doubleValue() >= least
        && number.doubleValue() <= most) {
      return number.intValue();
    }
    wrong(
        key,
        most == Integer.MAX_VALUE
            ? "a whole number of at least " + least
            : "a whole number from " + least + " to " + most);
    return otherwise;
  }

  /** Whole numbers, exactly {@code count} of them, or empty where the key is missing. */
  public Optional<List<Integer>> optionalIntegers(String key, int count, int least) {
    if (!has(key)) {
      return Optional.empty();
    }
    if (object.get(key) instanceof ConfigList list
        && list.size() == count
        && list.stream().allMatch(v -> v.unwrapped() instanceof Integer i && i >= least)) {
      return Optional.of(list.stream().map(v -> (Integer) v.unwrapped()).toList());
    }
    wrong(key, "a list of %d whole numbers of at least %d".formatted(count, least));
    return Optional.empty();
  }

  /**
   * Numbers that a condition holds for, exactly {@code count} of them, or empty where the key is
   * missing.
   */
  public Optional<List<Double>> optionalNumbers(
      String key, int count, DoublePredicate condition, String expected) {
    if (!has(key)) {
      return Optional.empty();
    }
    if (object.get(key) instanceof ConfigList list
        && list.size() == count
        && list.stream()
            .allMatch(v -> v.unwrapped() instanceof Number n && condition.test(n.doubleValue()))) {
      return Optional.of(list.stream().map(v -> ((Number) v.unwrapped()).doubleValue()).toList());
    }
    wrong(key, "a list of %d numbers %s".formatted(count, expected));
    return Optional.empty();
  }

  /** A seed: any whole number of 64 bits. */
  public long wholeNumber(String key, long byDefault) {
    if (!has(key)) {
      return byDefault;
    }
    Object value = object.get(key).unwrapped();
    if (value instanceof Integer || value instanceof Long) {
      return ((Number) value).longValue();
    }
    wrong(key, "a whole number");
    return byDefault;
  }

  /** A number that a condition holds for; the default where the key is missing. */
  public double number(String key, double byDefault, DoublePredicate condition, String expected) {
    if (!has(key)) {
      return byDefault;
    }
    if (object.get(key).unwrapped() instanceof Number number
        && condition.test(number.doubleValue())) {
      return number.doubleValue();
    }
    wrong(key, expected);
    return byDefault;
  }

  /** True or false; the default where the key is missing. */
  public boolean flag(String key, boolean byDefault) {
    if (!has(key)) {
      return byDefault;
    }
    if (object.get(key).unwrapped() instanceof Boolean flag) {
      return flag;
    }
    wrong(key, "true or false");
    return byDefault;
  }

  /** A length of time such as {@code 60 s}, in seconds; the default where the key is missing. */
  public double seconds(String key, double byDefault) {
    if (!has(key)) {
      return byDefault;
    }
    try {
      double seconds = object.toConfig().getDuration(quoted(key)).toNanos() / 1e9;
      if (seconds >= 0) {
        return seconds;
      }
    } catch (ConfigException e) {
      // Falls through to the message below.
    }
    wrong(key, "a length of time such as 60 s");
    return byDefault;
  }

  /** One of the constants of an enum by its name in lower case with dashes. */
  public <E extends Enum<E>> E choice(String key, E byDefault) {
    if (!has(key)) {
      return byDefault;
    }
    Class<E> type = byDefault.getDeclaringClass();
    if (object.get(key).unwrapped() instanceof String text) {
      for (E constant : type.getEnumConstants()) {
        if (label(constant).equals(text)) {
          return constant;
        }
      }
    }
    String labels =
        Arrays.stream(type.getEnumConstants())
            .map(Settings::label)
            .collect(Collectors.joining(", "));
    wrong(key, "one of " + labels);
    return byDefault;
  }

  /** The configuration's spelling of a constant: {@code ZERO_DEBIASED} is zero-debiased. */
  public static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Where the value of a key has this type. */
  public boolean isObject(String key) {
    return has(key) && object.get(key).valueType() == ConfigValueType.OBJECT;
  }

  /** Whether the value of a key is a list. */
  public boolean isList(String key) {
    return has(key) && object.get(key).valueType() == ConfigValueType.LIST;
  }

  /** Whether the value of a key is a number. */
  public boolean isNumber(String key) {
    return has(key) && object.get(key).valueType() == ConfigValueType.NUMBER;
  }

  /** Notes every key that was given and never asked for. */
  public void finish() {
    for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
      if (!known.contains(entry.getKey())) {
        mistakes.add(
            entry.getValue().origin(),
            "%s is not a known key; %s"
                .formatted(path(entry.getKey()), suggestion(entry.getKey(), known)));
      }
    }
  }

  /** "did you mean x?" for the nearest of the known words, or a list of them all. */
  public static String suggestion(String word, Set<String> known) {
    return nearest(word, known)
        .map(k -> "did you mean " + k + "?")
        .orElse("known are " + known.stream().sorted().collect(Collectors.joining(", ")));
  }

  /** "; did you mean x?" for a list of known words that was told already, or nothing. */
  public static String hint(String word, Set<String> known) {
    return nearest(word, known).map(k -> "; did you mean " + k + "?").orElse("");
  }

  /** A known word that the word begins with or that begins with it, or one that is spelt alike. */
  private static Optional<String> nearest(String word, Set<String> known) {
    Optional<String> longer =
        known.stream()
            .filter(k -> Math.min(k.length(), word.length()) > 1)
            .filter(k -> k.startsWith(word) || word.startsWith(k))
            .min(Comparator.comparingInt(String::length).reversed().thenComparing(k -> k));
    LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
    return known.stream()
        .min(Comparator.comparingInt((String k) -> distance.apply(word, k)).thenComparing(k -> k))
        .filter(k -> distance.apply(word, k) <= Math.max(2, word.length() / 3))
        .or(() -> longer);
  }

  private static String quoted(String key) {
    return ConfigUtil.joinPath(key);
  }
}
