package dev.syncnorm.kernel;

import java.math.BigDecimal;
import java.math.MathContext;

/** The moments of float32 values in exact decimal arithmetic. */
record ExactMoments(double mean, double squares) {
  /** The mean and sum(x^2) - sum(x)^2 / n of n values, rounded once. */
  static ExactMoments of(float[] x, int from, int n) {
    BigDecimal sum = BigDecimal.ZERO;
    BigDecimal squares = BigDecimal.ZERO;
    for (int i = from; i < from + n; i++) {
      BigDecimal value = new BigDecimal(x[i]);
      sum = sum.add(value);
      squares = squares.add(value.multiply(value));
    }
    MathContext digits = new MathContext(60);
    BigDecimal mean = sum.divide(BigDecimal.valueOf(n), digits);
    BigDecimal centred = squares.subtract(sum.multiply(sum).divide(BigDecimal.valueOf(n), digits));
    return new ExactMoments(mean.doubleValue(), centred.doubleValue());
  }
}
