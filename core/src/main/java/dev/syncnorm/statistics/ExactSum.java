package dev.syncnorm.statistics;

import java.math.BigInteger;

/** A sum of whole numbers of at least 0 that never overflows and is a long as long as it fits. */
final class ExactSum {
  private BigInteger rest = BigInteger.ZERO;
  private long sum;

  void add(long value) {
    long next = sum + value;
    if (next < 0) {
      rest = rest.add(BigInteger.valueOf(sum));
      next = value;
    }
    sum = next;
  }

  void add(BigInteger value) {
    rest = rest.add(value);
  }

  BigInteger value() {
    return rest.add(BigInteger.valueOf(sum));
  }
}
