package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.data.Scanned;
import dev.syncnorm.image.Rejection;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScanPartTest {

  private static final Scanned GOOD = new Scanned.Good(new Image("/d/a", 0, 1, "", 1, 1));
  private static final Scanned UNREADABLE =
      new Scanned.Bad(new Rejection("/d/b", "unreadable", "it does not exist"));

  private static final List<ScanPart> PARTS =
      List.of(
          new ScanPart("sees", List.of(GOOD), ""),
          new ScanPart("blind", List.of(UNREADABLE), ""),
          new ScanPart("sees", List.of(UNREADABLE), ""),
          new ScanPart("blind", List.of(UNREADABLE, UNREADABLE), ""),
          new ScanPart("idle", List.of(), ""));

  @Test
  void aHostThatReadsNothingOfWhatTheDriverReadsIsNamed() {
    assertThat(ScanPart.blindHosts(PARTS, path -> path.equals("/d/b")))
        .containsExactly(
            "/d/b is not visible to the executors on host blind, which could read none of its 3"
                + " images (the first: it does not exist), but the driver reads it; use a path that"
                + " every host sees, such as a shared file system, hdfs:// or s3a://, or copy the"
                + " data to that host");
  }

  @Test
  void imagesThatTheDriverCanNotReadEitherAreUnreadableThemselves() {
    assertThat(ScanPart.blindHosts(PARTS, path -> false)).isEmpty();
  }
}
