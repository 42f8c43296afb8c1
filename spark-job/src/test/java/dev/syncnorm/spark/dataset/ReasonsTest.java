package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import org.junit.jupiter.api.Test;

/** The lines in which people read why something can't be read. */
class ReasonsTest {

  private static final RuntimeException REFUSED =
      new IllegalStateException("Connect to 127.0.0.1:9 failed: Connection refused");

  @Test
  void whatAMessageRepeatsOfItsCauseIsToldOnce() {
    IOException asOfS3a =
        new IOException("getFileStatus on s3a://b/a: " + REFUSED + ":   " + REFUSED, REFUSED);

    assertThat(Reasons.of(asOfS3a)).isEqualTo("Connect to 127.0.0.1:9 failed: Connection refused");
  }

  @Test
  void whatAMessageAddsToItsCauseIsTold() {
    IOException added =
        new IOException("the driver did not answer: " + REFUSED.getMessage(), REFUSED);

    assertThat(Reasons.of(added))
        .isEqualTo("the driver did not answer: Connect to 127.0.0.1:9 failed: Connection refused");
  }

  @Test
  void aRefusalTellsItsReasonIfItHasOne() {
    RuntimeException cause = new IllegalStateException("No AWS Credentials provided\nby anyone");
    AccessDeniedException denied =
        new AccessDeniedException("s3a://b/a", null, "getFileStatus on s3a://b/a: " + cause);
    denied.initCause(cause);

    assertThat(Reasons.of(denied)).isEqualTo("permission denied: No AWS Credentials provided");
    assertThat(Reasons.of(new AccessDeniedException("/data/a"))).isEqualTo("permission denied");
  }
}
