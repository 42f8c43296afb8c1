package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyImageComesOncePerEpoch(boolean shuffle) {
    for (int images = 1; images <= 20; images++) {
      for (int batchSize = 1; batchSize <= images; batchSize++) {
        Schedule schedule = new Schedule(images, batchSize, 3, shuffle, 5);
        for (int epoch = 1; epoch <= 3; epoch++) {
          assertThat(Arrays.stream(order(schedule, epoch)).sorted().toArray())
              .as("%s, epoch %d", schedule, epoch)
              .containsExactly(IntStream.range(0, images).toArray());
        }
      }
    }
  }

  @Test
  void theLastBatchOfAnEpochHoldsTheRest() {
    Schedule schedule = new Schedule(7, 3, 2, true, 1);

    assertThat(schedule.stepsPerEpoch()).isEqualTo(3);
    assertThat(schedule.steps()).isEqualTo(6);
    assertThat(LongStream.rangeClosed(1, 6).mapToInt(s -> schedule.batch(s).length).toArray())
        .containsExactly(3, 3, 1, 3, 3, 1);
    assertThat(LongStream.rangeClosed(1, 6).mapToInt(schedule::epoch).toArray())
        .containsExactly(1, 1, 1, 2, 2, 2);
    assertThat(LongStream.rangeClosed(1, 6).filter(schedule::endsEpoch).toArray())
        .containsExactly(3, 6);
  }

  @Test
  void withoutShuffleTheOrderIsThatOfTheDataSet() {
    assertThat(order(new Schedule(6, 4, 2, false, 1), 2)).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void everyEpochAndEverySeedHasAnOrderOfItsOwn() {
    Schedule schedule = new Schedule(50, 8, 4, true, 1);

    assertThat(IntStream.rangeClosed(1, 4).mapToObj(e -> Arrays.toString(order(schedule, e))))
        .doesNotHaveDuplicates()
        .doesNotContain(Arrays.toString(order(new Schedule(50, 8, 4, true, 2), 1)));
  }

  @Test
  void theOrderDependsOnNothingButTheSettings() {
    Schedule asked = new Schedule(50, 8, 4, true, 1);
    for (long step = asked.steps(); step >= 1; step--) {
      assertThat(new Schedule(50, 8, 4, true, 1).batch(step)).isEqualTo(asked.batch(step));
    }
    assertThat(order(new Schedule(50, 11, 9, true, 1), 3))
        .as("another batch size, the same order")
        .isEqualTo(order(asked, 3));
  }

  @Test
  void sizesThatMakeNoBatchAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Schedule(0, 1, 1, false, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Schedule(3, 4, 1, false, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Schedule(3, 0, 1, false, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Schedule(3, 1, -1, false, 1));
  }

  private static int[] order(Schedule schedule, int epoch) {
    long first = (long) (epoch - 1) * schedule.stepsPerEpoch() + 1;
    return LongStream.range(first, first + schedule.stepsPerEpoch())
        .mapToObj(schedule::batch)
        .flatMapToInt(Arrays::stream)
        .toArray();
  }
}
