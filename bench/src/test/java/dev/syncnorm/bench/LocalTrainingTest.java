package dev.syncnorm.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.bench.Rounds.Round;
import dev.syncnorm.kernel.Backend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocalTrainingTest {

  private static final Path SEED = Path.of("../conf/seed.conf");
  private static final List<String> TINY =
      List.of(
          "model.input.height=8",
          "model.input.width=8",
          "data.pixels.resize=[8,8]",
          "data.input=../data/train/input",
          "data.target=../data/train/label");

  @Test
  void roundsGoOnWhereTheLastOneEnded() throws Exception {
    LocalTraining whole = LocalTraining.of(SEED, TINY);
    LocalTraining parts = LocalTraining.of(SEED, TINY);

    List<Double> losses = new ArrayList<>(parts.run(3, Backend.REFERENCE, 1, 2).losses());
    Round second = parts.run(4, Backend.REFERENCE, 2, 1);
    losses.addAll(second.losses());

    assertThat(losses).isEqualTo(whole.run(7, Backend.REFERENCE, 1, 1).losses());
    assertThat(losses).doesNotHaveDuplicates();
    assertThat(second.seconds()).hasSize(4).allMatch(seconds -> seconds > 0);
    assertThat(parts.state().step()).isEqualTo(7);
  }
}
