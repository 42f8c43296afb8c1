package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BadImageCauseTest {
  @Test
  void theLabelsAreThoseOfTheFormats() {
    assertThat(BadImageCause.values())
        .extracting(BadImageCause::label)
        .containsExactly(
            "empty",
            "not-an-image",
            "truncated",
            "corrupt",
            "too-large",
            "unsupported",
            "timed-out",
            "unreadable");
  }
}
