package dev.syncnorm.spark.cli;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.spark.dataset.BadInput;
import dev.syncnorm.spark.dataset.BadInput.Policy;
import dev.syncnorm.spark.dataset.Reasons;
import dev.syncnorm.storage.Folder;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/**
 * The options of every command that reads images which may be bad. Each command has a default of
 * its own for {@code --on-bad}, by {@link OnBadFail} or {@link OnBadSkip}.
 */
final class BadInputOptions {

  /** Bad images end the job unless the user says otherwise. */
  static final class OnBadFail implements IDefaultValueProvider {
    @Override
    public String defaultValue(ArgSpec argument) {
      return onBad(argument, Policy.FAIL);
    }
  }

  /** Bad images are left out unless the user says otherwise. */
  static final class OnBadSkip implements IDefaultValueProvider {
    @Override
    public String defaultValue(ArgSpec argument) {
      return onBad(argument, Policy.SKIP);
    }
  }

  private static String onBad(ArgSpec argument, Policy policy) {
    return argument instanceof OptionSpec option && option.longestName().equals("--on-bad")
        ? policy.name().toLowerCase(Locale.ROOT)
        : null;
  }

  @Option(
      names = "--on-bad",
      paramLabel = "WHAT",
      description =
          "What happens to a bad image: fail, skip (it is left out and listed), or quarantine (skip,"
              + " and copy it). Default: ${DEFAULT-VALUE}.")
  private Policy policy;

  @Option(
      names = "--quarantine",
      paramLabel = "DIR",
      description =
          "The folder that --on-bad quarantine copies bad images to, with rejections.jsonl. The"
              + " originals stay; nothing is overwritten.")
  private String quarantine;

  /** Made by the command line's library. */
  BadInputOptions() {}

  /**
   * The options together.
   *
   * @throws ConfigurationException if one needs the other, or the folder can't be written
   */
  BadInput checked(CommandPaths paths) throws ConfigurationException {
    Optional<String> located = Optional.empty();
    if (quarantine != null) {
      located = Optional.of(paths.input("--quarantine", quarantine));
    }
    if (policy == Policy.QUARANTINE && quarantine == null) {
      throw new ConfigurationException(
          List.of(
              "--on-bad is quarantine, but there is no folder; give one with --quarantine DIR"));
    }
    if (policy != Policy.QUARANTINE && quarantine != null) {
      throw new ConfigurationException(
          List.of(
              "--quarantine is %s, but --on-bad is %s; set --on-bad quarantine or leave the folder out"
                  .formatted(quarantine, policy.name().toLowerCase(Locale.ROOT))));
    }
    if (quarantine != null) {
      checkWritable(paths.folder("--quarantine", quarantine));
    }
    return new BadInput(policy, located);
  }

  private void checkWritable(Folder folder) throws ConfigurationException {
    Optional<String> obstacle;
    try {
      obstacle = CommandPaths.obstacle(folder);
    } catch (IOException e) {
      obstacle = Optional.of(Reasons.of(e));
    }
    if (obstacle.isPresent()) {
      throw new ConfigurationException(
          List.of(
              "--quarantine %s can't be written: %s; choose another folder"
                  .formatted(quarantine, obstacle.get())));
    }
  }
}
