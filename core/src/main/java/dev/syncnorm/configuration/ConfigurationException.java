package dev.syncnorm.configuration;

import java.util.List;

/** The configuration has mistakes; every one of them is a line of its own. */
public final class ConfigurationException extends Exception {

  private final List<String> mistakes;

  /** Takes all mistakes, in the order of the file. */
  public ConfigurationException(List<String> mistakes) {
    super(String.join("\n", mistakes));
    this.mistakes = List.copyOf(mistakes);
  }

  /** One line for each mistake: file, line, key, value, what was expected, what to do. */
  public List<String> mistakes() {
    return mistakes;
  }
}
