package dev.syncnorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.syncnorm.tensor.Shape;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PlanesTest {
  private static final Shape SHAPE = Shape.of(3, 10, 7);
  private static final Planes.Margins MARGINS = new Planes.Margins(2, 3, 1, 4);

  @Test
  void wholePlanesGiveBackWhatWasSetWithZerosAround() {
    float[] packed = RandomData.gaussian(new Random(1), SHAPE.size());
    Planes planes = Planes.whole(SHAPE, MARGINS);
    planes.set(packed);
    float[] copy = new float[packed.length];
    planes.get(copy);
    assertThat(copy).isEqualTo(packed);
    for (int channel = 0; channel < 3; channel++) {
      for (int row = -2; row < 13; row++) {
        for (int column = -1; column < 16; column++) {
          boolean inside = row >= 0 && row < 10 && column >= 0 && column < 7;
          float expected = inside ? packed[(channel * 10 + row) * 7 + column] : 0;
          assertThat(planes.values()[planes.offset(channel, row) + column])
              .as("%d, %d, %d", channel, row, column)
              .isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void aWindowKeepsTheRowsThatItStillHoldsAndIsZeroOutsideTheImage() {
    float[] packed = RandomData.gaussian(new Random(2), SHAPE.size());
    Planes window = Planes.window(SHAPE, MARGINS, 5);
    for (int image = 0; image < 2; image++) {
      int filled = 0;
      window.slide(-2, 0);
      for (int first = -2; first <= 8; first++) {
        window.slide(first, filled);
        for (; filled < Math.min(10, first + 5); filled++) {
          for (int channel = 0; channel < 3; channel++) {
            int from = (channel * 10 + filled) * 7;
            System.arraycopy(packed, from, window.values(), window.offset(channel, filled), 7);
          }
        }
        for (int channel = 0; channel < 3; channel++) {
          for (int row = first; row < first + 5; row++) {
            for (int column = -1; column < 16; column++) {
              boolean inside = row >= 0 && row < 10 && column >= 0 && column < 7;
              float expected = inside ? packed[(channel * 10 + row) * 7 + column] : 0;
              assertThat(window.values()[window.offset(channel, row) + column])
                  .as("%d, %d, %d at %d", channel, row, column, first)
                  .isEqualTo(expected);
            }
          }
        }
      }
    }
  }

  @Test
  void sizeIsThatOfTheArray() {
    assertThat(Planes.size(SHAPE, MARGINS, 5))
        .isEqualTo(Planes.window(SHAPE, MARGINS, 5).values().length);
  }
}
