package dev.syncnorm.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What standard error must hold: lines behind {@code syncnorm: }, all of them; FOLDER stands for
 * the test's folder, {@code <...>} for what the system has to say.
 */
final class ExpectedLines {

  private ExpectedLines() {}

  static void check(List<String> expected, List<String> error, Path folder) {
    assertThat(error).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      String line = "syncnorm: " + expected.get(i).replace("FOLDER", folder.toString());
      String pattern =
          Arrays.stream(line.split("<\\.\\.\\.>", -1))
              .map(Pattern::quote)
              .collect(Collectors.joining(".*"));
      assertThat(error.get(i)).as("instead of %s", line).matches(pattern);
    }
  }
}
