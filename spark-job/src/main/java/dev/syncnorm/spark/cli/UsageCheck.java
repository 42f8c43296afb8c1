package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.training.TrainingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/**
 * Collects what is wrong with a command before it does any work, so that everything is told at
 * once: the command line's own mistakes, those of the configuration, files that are not there.
 */
final class UsageCheck {

  private final CommandLine line;
  private final List<String> mistakes = new ArrayList<>();

  /** Reads something that could hold mistakes. */
  interface Reading<T> {
    T run() throws ConfigurationException, TrainingException;
  }

  /** A check that could fail with mistakes. */
  interface Check {
    void run() throws ConfigurationException, TrainingException;
  }

  /** Begins with the mistakes of a command that collects them. */
  UsageCheck(CommandLine line) {
    this.line = line;
    line.getParseResult().errors().forEach(e -> mistakes.add(e.getMessage()));
  }

  /** Notes a mistake if there is one. */
  void require(boolean right, String otherwise) {
    if (!right) {
      mistakes.add(otherwise);
    }
  }

  /** Notes a mistake if there is one. */
  void note(Optional<String> mistake) {
    mistake.ifPresent(mistakes::add);
  }

  /** Runs a check; what it throws is noted. */
  void check(Check check) {
    collect(
        () -> {
          check.run();
          return true;
        });
  }

  /** Reads something; what that throws is noted, and the result empty. */
  <T> Optional<T> collect(Reading<T> reading) {
    try {
      return Optional.of(reading.run());
    } catch (ConfigurationException e) {
      mistakes.addAll(e.mistakes());
    } catch (TrainingException e) {
      mistakes.add(e.getMessage());
    }
    return Optional.empty();
  }

  /** Throws what was noted, if anything was. */
  void throwIfAny() throws ConfigurationException {
    if (!line.getParseResult().errors().isEmpty()) {
      mistakes.add("see " + line.getCommandSpec().qualifiedName() + " --help");
    }
    if (!mistakes.isEmpty()) {
      throw new ConfigurationException(mistakes);
    }
  }
}
