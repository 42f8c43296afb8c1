package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class RangeTest {

  @Test
  void rangesFollowEachOtherOverTheWholeBatchAndNoneIsLongerThanItsShare() {
    for (int images = 0; images <= 70; images++) {
      for (int workers = 1; workers <= 9; workers++) {
        List<Range> ranges = Range.share(images, workers);

        assertThat(ranges).hasSize(workers);
        int next = 0;
        for (Range range : ranges) {
          assertThat(range.from()).isEqualTo(next);
          assertThat(range.size()).isLessThanOrEqualTo((images + workers - 1) / workers);
          next = range.to();
        }
        assertThat(next).isEqualTo(images);
      }
    }
  }

  @Test
  void noOtherEndInReachIsAMultipleOfAHigherPowerOfTwo() {
    for (int images = 1; images <= 70; images++) {
      for (int workers = 1; workers <= 9; workers++) {
        int most = (images + workers - 1) / workers;
        List<Range> ranges = Range.share(images, workers);
        for (int w = 0; w < workers; w++) {
          Range range = ranges.get(w);
          int reach = Math.min(images, range.from() + most);
          for (int end = range.from() + 1; end <= reach; end++) {
            boolean restFits = images - end <= most * (workers - w - 1);
            boolean better =
                end == images
                    || Integer.numberOfTrailingZeros(end)
                        > Integer.numberOfTrailingZeros(range.to());
            assertThat(restFits && better && range.to() != images)
                .as(
                    "%d images, %d workers, worker %d: %s could end at %d",
                    images, workers, w, range, end)
                .isFalse();
          }
        }
      }
    }
  }

  @Test
  void aBatchThatIsAPowerOfTwoIsSharedInAlignedChunks() {
    assertThat(Range.share(16, 4))
        .containsExactly(new Range(0, 4), new Range(4, 8), new Range(8, 12), new Range(12, 16));
    assertThat(Range.share(3, 2)).containsExactly(new Range(0, 2), new Range(2, 3));
    assertThat(Range.share(2, 3)).filteredOn(range -> range.size() == 0).hasSize(1);
  }

  @Test
  void noWorkersAndRangesThatRunBackwardsAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Range.share(4, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Range(2, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Range(-1, 1));
  }
}
