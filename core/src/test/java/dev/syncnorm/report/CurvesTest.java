package dev.syncnorm.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CurvesTest {

  private static final int COLUMNS = 8;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 16, 17, 31, 64, 65, 1000, 4096})
  void eachColumnHasTheExtremesAndTheMeanOfItsRowsInTheirOrder(int rows) {
    Random random = new Random(rows);
    double[] a = random.doubles(rows, -5, 5).toArray();
    double[] b = IntStream.range(0, rows).mapToDouble(i -> (i * 7) % 3).toArray();
    Curves curves = new Curves(2, COLUMNS);
    for (int i = 0; i < rows; i++) {
      curves.add(10L * (i + 1), a[i], b[i]);
    }

    int width = 1;
    while (rows > COLUMNS * width) {
      width *= 2;
    }
    assertThat(curves.rowsPerColumn()).isEqualTo(width);
    int used = (rows + width - 1) / width;
    assertThat(curves.lastSteps()).hasSize(used);
    for (int column = 0; column < used; column++) {
      int from = column * width;
      int to = Math.min(rows, from + width);
      assertThat(curves.lastSteps()[column]).isEqualTo(10L * to);
      check(curves, 0, column, Arrays.copyOfRange(a, from, to));
      check(curves, 1, column, Arrays.copyOfRange(b, from, to));
    }
  }

  private static void check(Curves curves, int curve, int column, double[] values) {
    double least = Arrays.stream(values).min().orElseThrow();
    double greatest = Arrays.stream(values).max().orElseThrow();
    assertThat(curves.least(curve)[column]).isEqualTo(least);
    assertThat(curves.greatest(curve)[column]).isEqualTo(greatest);
    // At most 4096 additions of values up to 5 in float64: an error below 4096 x 20480 x 2^-53.
    assertThat(curves.mean(curve)[column])
        .isCloseTo(Arrays.stream(values).average().orElseThrow(), within(1e-8));
    if (curves.rowsPerColumn() > 1) {
      assertThat(Arrays.copyOfRange(curves.line(curve), 2 * column, 2 * column + 2))
          .containsExactlyInAnyOrder(least, greatest);
      boolean greatestComesLast = indexOf(values, greatest) >= indexOf(values, least);
      boolean unique = Arrays.stream(values).filter(v -> v == least || v == greatest).count() == 2;
      if (unique) {
        assertThat(curves.line(curve)[2 * column]).isEqualTo(greatestComesLast ? least : greatest);
      }
    }
  }

  private static int indexOf(double[] values, double value) {
    return IntStream.range(0, values.length)
        .filter(i -> values[i] == value)
        .findFirst()
        .orElseThrow();
  }
}
