package dev.syncnorm.spark.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.syncnorm.configuration.ConfigurationException;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionSettingsTest {

  private static final String OURS = "dev.syncnorm.spark.exchange.ExchangePlugin";
  private final SparkConf conf = new SparkConf(false).setAppName("app");

  @ParameterizedTest
  @CsvSource({
    "'', " + OURS,
    "a.B, 'a.B," + OURS + "'",
    "'a.B, c.D', 'a.B, c.D," + OURS + "'",
    OURS + ", " + OURS,
    "'a.B , " + OURS + " ', 'a.B , " + OURS + " '"
  })
  void thePluginsOfTheUserStay(String given, String expected) throws Exception {
    conf.set("spark.plugins", given);

    SessionSettings.apply(conf);

    assertThat(conf.get("spark.plugins")).isEqualTo(expected);
    SessionSettings.check(conf);
  }

  @Test
  void whatARunningSessionLacksIsShownWithThePluginsItHas() {
    conf.set("spark.plugins", "a.B");

    assertThatThrownBy(() -> SessionSettings.check(conf))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "the Spark session app was not started for a training, whose sums travel by a plugin;"
                + " start it with --conf spark.plugins=a.B,"
                + OURS
                + " --conf spark.stage.maxConsecutiveAttempts=1");
  }

  @Test
  void dynamicAllocationIsRefusedBeforeAndAfterTheStart() {
    conf.set("spark.dynamicAllocation.enabled", "true");

    assertThatThrownBy(() -> SessionSettings.apply(conf))
        .hasMessageStartingWith("spark.dynamicAllocation.enabled is true");
    assertThatThrownBy(() -> SessionSettings.check(conf))
        .hasMessageStartingWith("spark.dynamicAllocation.enabled is true");
  }
}
