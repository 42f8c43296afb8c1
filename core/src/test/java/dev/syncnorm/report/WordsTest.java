package dev.syncnorm.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | 0",
        "0.5 | 0.5000",
        "0.012345 | 0.01235",
        "0.00065731 | 0.0006573",
        "0.000065731 | 6.573e-5",
        "1.06756 | 1.068",
        "-12.346 | -12.35",
        "123.46 | 123.5",
        "12345.6 | 12,346",
        "1.5e12 | 1.500e+12"
      })
  void numbersHaveFourDigits(double value, String expected) {
    assertThat(Words.number(value)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0.0384 | 0.04 s",
        "59.94 | 59.9 s",
        "122.4 | 2 min 2 s",
        "3599.7 | 1 h 0 min",
        "90061 | 1 d 1 h"
      })
  void durationsHaveTheTwoGreatestUnits(double seconds, String expected) {
    assertThat(Words.duration(seconds)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"1 | 1 byte", "1023 | 1,023 bytes", "1024 | 1.0 KiB", "1888888 | 1.8 MiB"})
  void bytesAreShortened(long bytes, String expected) {
    assertThat(Words.bytes(bytes)).isEqualTo(expected);
  }
}
