package dev.syncnorm.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CopyNamesTest {

  @Test
  void namesThatFitStayAsTheyAre() {
    for (String name :
        new String[] {"a.png", "a.tar!b/c.png", "ä".repeat(100), ".x", "no-ending"}) {
      assertThat(CopyNames.fitting(name)).isEqualTo(name);
    }
  }

  @Test
  void longPartsAreShortenedToAnotherNameEach() {
    String one = CopyNames.fitting("a.tar!x/" + "n".repeat(300) + "1.png");
    String two = CopyNames.fitting("a.tar!x/" + "n".repeat(300) + "2.png");

    assertThat(one).startsWith("a.tar!x/nnnn").endsWith(".png").isNotEqualTo(two);
    assertThat(one.substring("a.tar!x/".length())).hasSize(200);
    assertThat(CopyNames.fitting("n".repeat(100) + "." + "e".repeat(200))).hasSize(200);
  }

  @Test
  void noCharacterIsCut() {
    for (int shift = 0; shift < 4; shift++) {
      String name = "n".repeat(shift) + "\uD83D\uDE00".repeat(100) + ".jpeg";
      String fitting = CopyNames.fitting(name);
      byte[] bytes = fitting.getBytes(StandardCharsets.UTF_8);
      assertThat(bytes).hasSizeBetween(197, 200);
      assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(fitting).doesNotContain("?");
    }
  }

  @Test
  void aPathThatIsTooDeepBecomesOneName() {
    String fitting = CopyNames.fitting("a.tar!" + "d/".repeat(2000) + "x.png");

    assertThat(fitting).startsWith("a.tar!d_d_d").endsWith(".png").hasSize(200).doesNotContain("/");
  }

  @Test
  void numbersStandBeforeTheEnding() {
    assertThat(CopyNames.numbered("a.b/c.png", 2)).isEqualTo("a.b/c-2.png");
    assertThat(CopyNames.numbered("a.b/c", 3)).isEqualTo("a.b/c-3");
    assertThat(CopyNames.numbered("a/.c", 3)).isEqualTo("a/.c-3");
  }
}
