package dev.syncnorm.configuration;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import dev.syncnorm.storage.StoredFile;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;

/**
 * What a configuration includes: files on the same storage, by their path relative to the one that
 * includes them. One that is missing is an error, and so are other sources: what a run was trained
 * with must not depend on the network or on a class path.
 */
final class Includes
    implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {

  private static final int LONGEST_FILE = 4 << 20;
  private static final int DEEPEST = 16;

  private final StoredFile file;
  private final int depth;

  private Includes(StoredFile file, int depth) {
    this.file = file;
    this.depth = depth;
  }

  /**
   * Parses a file with all that it includes.
   *
   * @throws IOException if the file itself can't be read
   * @throws ConfigException for everything else
   */
  static ConfigObject parse(StoredFile file) throws IOException {
    return parse(file, 0);
  }

  private static ConfigObject parse(StoredFile file, int depth) throws IOException {
    return ConfigFactory.parseString(
            new String(file.read(LONGEST_FILE), StandardCharsets.UTF_8),
            ConfigParseOptions.defaults()
                .setOriginDescription(file.path())
                .setIncluder(new Includes(file, depth)))
        .root();
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String path) {
    if (depth == DEEPEST) {
      throw bad("includes \"%s\" %d files deep, expected fewer", path, DEEPEST);
    }
    StoredFile included = file.relative(path);
    try {
      return parse(included, depth + 1);
    } catch (NoSuchFileException e) {
      throw bad("includes \"%s\", but there is no file %s", path, included.path());
    } catch (IOException e) {
      throw bad("includes \"%s\", but %s can't be read: %s", path, included.path(), e.getMessage());
    }
  }

  @Override
  public ConfigObject includeFile(ConfigIncludeContext context, File path) {
    throw bad("includes file(\"%s\"), expected a path relative to it: include \"...\"", path);
  }

  @Override
  public ConfigObject includeURL(ConfigIncludeContext context, URL url) {
    throw bad("includes url(\"%s\"), expected a path relative to it: include \"...\"", url);
  }

  @Override
  public ConfigObject includeResources(ConfigIncludeContext context, String resource) {
    throw bad(
        "includes classpath(\"%s\"), expected a path relative to it: include \"...\"", resource);
  }

  /** There is nothing to fall back to. */
  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    return this;
  }

  private ConfigException bad(String format, Object... values) {
    return new ConfigException.Generic(file.path() + " " + format.formatted(values));
  }
}
