package dev.syncnorm.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.image.PixelSettings.Extent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PixelSettingsTest {

  @Test
  void anExtentIsReadAsItIsWritten() {
    assertThat(Extent.parse("256x224")).contains(new Extent(256, 224));
    assertThat(new Extent(256, 224)).hasToString("256x224");
    assertThat(Extent.parse("1x178956970")).contains(new Extent(1, 178_956_970));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "224", "0x1", "1x0", "-1x1", "1x1x1", " 1x1", "1x178956971", "99999x99999"})
  void whatIsNoneOrTooLargeIsNotRead(String written) {
    assertThat(Extent.parse(written)).isEmpty();
  }
}
