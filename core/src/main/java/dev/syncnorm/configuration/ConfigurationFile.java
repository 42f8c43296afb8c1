package dev.syncnorm.configuration;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import dev.syncnorm.storage.Folder.Kind;
import dev.syncnorm.storage.StoredFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Parses a HOCON file and lays {@code key=value} overrides over it. */
public final class ConfigurationFile {

  /** Begins the description of where an override stands. */
  static final String SET = "--set ";

  /** Begins the description of where the defaults for a file stand. */
  static final String DEFAULTS_OF = "defaults of ";

  private static final String TEXT = "the configuration";

  private ConfigurationFile() {}

  /**
   * Parses a file, applies overrides, adds the defaults of reference.conf and resolves.
   *
   * @param overrides {@code key=value}; an element of a list of objects is addressed by its name,
   *     as in {@code model.layers.conv1.filters=32}
   * @throws ConfigurationException if the file can't be read or parsed, or an override is wrong
   */
  public static Config load(StoredFile file, List<String> overrides) throws ConfigurationException {
    try {
      if (file.kind() != Kind.FILE) {
        throw new ConfigurationException(
            List.of(
                "the configuration %s does not exist; give the path of a .conf file"
                    .formatted(file.path())));
      }
      return complete(Includes.parse(file).toConfig(), file.path(), overrides);
    } catch (IOException e) {
      throw new ConfigurationException(
          List.of(
              "the configuration %s can't be read: %s; give the path of a .conf file"
                  .formatted(file.path(), e.getMessage())));
    } catch (ConfigException e) {
      throw new ConfigurationException(List.of(oneLine(e.getMessage())));
    }
  }

  /** As {@link #load}, of a text. */
  public static Config parse(String text, List<String> overrides) throws ConfigurationException {
    try {
      return complete(
          ConfigFactory.parseString(text, ConfigParseOptions.defaults().setOriginDescription(TEXT)),
          TEXT,
          overrides);
    } catch (ConfigException e) {
      throw new ConfigurationException(List.of(oneLine(e.getMessage())));
    }
  }

  /** A resolved configuration as text, keys sorted, without comments. */
  public static String render(Config config) {
    return config
        .root()
        .render(
            ConfigRenderOptions.defaults()
                .setOriginComments(false)
                .setComments(false)
                .setJson(false)
                .setFormatted(true));
  }

  /** The keys in which two resolved configurations differ, each with both values; the first few. */
  public static String difference(String before, String after) {
    Config one = ConfigFactory.parseString(before);
    Config two = ConfigFactory.parseString(after);
    TreeSet<String> keys = new TreeSet<>();
    one.entrySet().forEach(e -> keys.add(e.getKey()));
    two.entrySet().forEach(e -> keys.add(e.getKey()));
    return keys.stream()
        .filter(key -> !shown(one, key).equals(shown(two, key)))
        .limit(5)
        .map(key -> "%s was %s and is %s now".formatted(key, shown(one, key), shown(two, key)))
        .collect(Collectors.joining("; "));
  }

  private static String shown(Config config, String key) {
    return config.hasPath(key)
        ? config.getValue(key).render(ConfigRenderOptions.concise())
        : "not given";
  }

  private static Config complete(Config config, String name, List<String> overrides)
      throws ConfigurationException {
    Config changed = config;
    List<String> mistakes = new ArrayList<>();
    for (String override : overrides) {
      try {
        changed = override(changed, override);
      } catch (IllegalArgumentException e) {
        mistakes.add("%s%s: %s".formatted(SET, override, e.getMessage()));
      }
    }
    if (!mistakes.isEmpty()) {
      throw new ConfigurationException(mistakes);
    }
    return changed
        .withFallback(
            ConfigFactory.parseResources(
                ConfigurationFile.class.getClassLoader(),
                "reference.conf",
                ConfigParseOptions.defaults().setOriginDescription(DEFAULTS_OF + name)))
        .resolve();
  }

  private static Config override(Config config, String override) {
    int equals = override.indexOf('=');
    if (equals < 1) {
      throw new IllegalArgumentException("expected key=value");
    }
    List<String> path;
    try {
      path = ConfigUtil.splitPath(override.substring(0, equals).trim());
    } catch (ConfigException e) {
      throw new IllegalArgumentException("expected key=value with a key such as train.epochs");
    }
    ConfigValue value = value(override, override.substring(equals + 1));
    return ((ConfigObject) with(config.root(), path, value)).toConfig();
  }

  /**
   * Numbers, flags, lists, objects and quoted texts as HOCON has them; all else is a text as is.
   */
  private static ConfigValue value(String override, String text) {
    ConfigParseOptions origin = ConfigParseOptions.defaults().setOriginDescription(SET + override);
    try {
      ConfigValue value = ConfigFactory.parseString("value = " + text, origin).root().get("value");
      if (value != null
          && (value.valueType() != ConfigValueType.STRING || text.trim().startsWith("\""))) {
        return value;
      }
    } catch (ConfigException e) {
      // Not HOCON, such as a path with a colon.
    }
    // Unquoted, // or # would begin a comment.
    return ConfigFactory.parseString("value = " + ConfigUtil.quoteString(text.trim()), origin)
        .root()
        .get("value");
  }

  private static ConfigValue with(ConfigValue at, List<String> path, ConfigValue value) {
    if (path.isEmpty()) {
      return value;
    }
    String step = path.get(0);
    List<String> rest = path.subList(1, path.size());
    if (at instanceof ConfigList list) {
      List<ConfigValue> elements = new ArrayList<>(list);
      for (int i = 0; i < elements.size(); i++) {
        if (elements.get(i) instanceof ConfigObject element
            && element.get("name") != null
            && step.equals(element.get("name").unwrapped())) {
          elements.set(i, with(element, rest, value));
          return ConfigValueFactory.fromIterable(elements).withOrigin(list.origin());
        }
      }
      Set<String> names = new TreeSet<>();
      for (ConfigValue element : elements) {
        if (element instanceof ConfigObject object && object.get("name") != null) {
          names.add(String.valueOf(object.get("name").unwrapped()));
        }
      }
      throw new IllegalArgumentException(
          "there is nothing with the name %s; %s"
              .formatted(step, Settings.suggestion(step, names)));
    }
    ConfigObject object =
        at instanceof ConfigObject o ? o : ConfigFactory.empty().root().withOrigin(value.origin());
    ConfigValue child = object.get(step);
    return object.withValue(
        step, with(child == null ? ConfigFactory.empty().root() : child, rest, value));
  }

  private static String oneLine(String message) {
    return message.replaceAll("\\s*\\R\\s*", " ").replaceFirst("^(.*?): (\\d+): ", "$1:$2: ");
  }
}
