package dev.syncnorm.spark.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.PixelSettings;
import dev.syncnorm.image.PixelSettings.Channels;
import dev.syncnorm.image.PixelSettings.Extent;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MeasuringTest {

  @Test
  void eachChangeKeepsTheOthers() {
    PixelSettings small =
        new PixelSettings(Channels.GRAY, Optional.of(new Extent(4, 5)), Optional.empty());
    Measuring changed = new Measuring(small, false, true, 1000, 2);

    assertThat(
            Measuring.DEFAULT
                .withPixels(small)
                .withHistograms(false)
                .withStrict(true)
                .withMaximumPixels(1000)
                .withDecodeTimeoutSeconds(2))
        .isEqualTo(changed);
    assertThat(
            Measuring.DEFAULT
                .withDecodeTimeoutSeconds(2)
                .withMaximumPixels(1000)
                .withStrict(true)
                .withHistograms(false)
                .withPixels(small))
        .isEqualTo(changed);
  }
}
