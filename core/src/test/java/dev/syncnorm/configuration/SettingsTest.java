package dev.syncnorm.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

  private static final Set<String> KNOWN = Set.of("batch-size", "epochs", "seed", "shuffle");

  @ParameterizedTest
  @CsvSource({
    "epoch, did you mean epochs?",
    "sead, did you mean seed?",
    "batch_size, did you mean batch-size?",
    "batch, did you mean batch-size?",
    "shuffled, did you mean shuffle?",
    "learning, 'known are batch-size, epochs, seed, shuffle'",
    "'', 'known are batch-size, epochs, seed, shuffle'"
  })
  void nearestKnownWordIsSuggested(String word, String suggestion) {
    assertThat(Settings.suggestion(word, KNOWN)).isEqualTo(suggestion);
  }
}
