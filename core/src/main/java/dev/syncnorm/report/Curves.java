package dev.syncnorm.report;

import java.util.Arrays;

/**
 * Curves over the same steps, thinned out while they are added: never more than a fixed number of
 * columns, each with the least, the greatest and the mean value of its rows, so that no peak is
 * lost.
 *
 * <p>All columns but the last stand for the same number of rows, a power of two. When they are used
 * up, each two neighbours become one. Memory: columns x curves, whatever the number of rows.
 */
final class Curves {

  private final int columns;
  private final long[] first;
  private final long[] last;
  private final int[] rows;
  private final double[][] least;
  private final double[][] greatest;
  private final double[][] sum;
  private final boolean[][] leastFirst;
  private int rowsPerColumn = 1;
  private int used;

  /**
   * No rows yet.
   *
   * @param columns an even number
   */
  Curves(int curves, int columns) {
    if (columns < 2 || columns % 2 != 0) {
      throw new IllegalArgumentException("columns is " + columns + ", expected an even number");
    }
    this.columns = columns;
    first = new long[columns];
    last = new long[columns];
    rows = new int[columns];
    least = new double[curves][columns];
    greatest = new double[curves][columns];
    sum = new double[curves][columns];
    leastFirst = new boolean[curves][columns];
  }

  /** Adds a row: a step, greater than the one before, and the value of each curve there. */
  void add(long step, double... values) {
    if (used > 0 && rows[used - 1] < rowsPerColumn) {
      int column = used - 1;
      for (int curve = 0; curve < least.length; curve++) {
        double value = values[curve];
        if (value < least[curve][column]) {
          least[curve][column] = value;
          leastFirst[curve][column] = false;
        }
        if (value > greatest[curve][column]) {
          greatest[curve][column] = value;
          leastFirst[curve][column] = true;
        }
        sum[curve][column] += value;
      }
      last[column] = step;
      rows[column]++;
      return;
    }
    if (used == columns) {
      merge();
      add(step, values);
      return;
    }
    for (int curve = 0; curve < least.length; curve++) {
      least[curve][used] = values[curve];
      greatest[curve][used] = values[curve];
      sum[curve][used] = values[curve];
      leastFirst[curve][used] = true;
    }
    first[used] = step;
    last[used] = step;
    rows[used] = 1;
    used++;
  }

  private void merge() {
    for (int to = 0; to < columns / 2; to++) {
      int a = 2 * to;
      int b = a + 1;
      first[to] = first[a];
      last[to] = last[b];
      rows[to] = rows[a] + rows[b];
      for (int curve = 0; curve < least.length; curve++) {
        boolean leastInB = least[curve][b] < least[curve][a];
        boolean greatestInB = greatest[curve][b] > greatest[curve][a];
        leastFirst[curve][to] =
            leastInB == greatestInB ? leastFirst[curve][leastInB ? b : a] : greatestInB;
        least[curve][to] = least[curve][leastInB ? b : a];
        greatest[curve][to] = greatest[curve][greatestInB ? b : a];
        sum[curve][to] = sum[curve][a] + sum[curve][b];
      }
    }
    used = columns / 2;
    rowsPerColumn *= 2;
  }

  /** How many rows a column stands for; the last one may stand for fewer. */
  int rowsPerColumn() {
    return rowsPerColumn;
  }

  /** The last step of each column. */
  long[] lastSteps() {
    return Arrays.copyOf(last, used);
  }

  /** The least value of each column. */
  double[] least(int curve) {
    return Arrays.copyOf(least[curve], used);
  }

  /** The greatest value of each column. */
  double[] greatest(int curve) {
    return Arrays.copyOf(greatest[curve], used);
  }

  /** The mean value of each column. */
  double[] mean(int curve) {
    double[] mean = new double[used];
    for (int column = 0; column < used; column++) {
      mean[column] = sum[curve][column] / rows[column];
    }
    return mean;
  }

  /** The steps of {@link #line}. */
  long[] lineSteps() {
    if (rowsPerColumn == 1) {
      return lastSteps();
    }
    long[] steps = new long[2 * used];
    for (int column = 0; column < used; column++) {
      steps[2 * column] = first[column];
      steps[2 * column + 1] = last[column];
    }
    return steps;
  }

  /** A line through each column's least and greatest value, in the order in which they came. */
  double[] line(int curve) {
    if (rowsPerColumn == 1) {
      return mean(curve);
    }
    double[] line = new double[2 * used];
    for (int column = 0; column < used; column++) {
      boolean up = leastFirst[curve][column];
      line[2 * column] = up ? least[curve][column] : greatest[curve][column];
      line[2 * column + 1] = up ? greatest[curve][column] : least[curve][column];
    }
    return line;
  }
}
